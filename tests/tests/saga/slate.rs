//! Where the story of an order has ended, and whether the slate is clean then: no money and no pieces are held that no
//! order stands behind, and nothing was done twice.

use crate::shop::{Shop, cancelled_for, is_over};
use crate::steps::{GIVEN_BACK, TAKEN_BACK, the_order};
use crate::table::End;
use tillroll_log::record::{Entry, Outcome, Settled};
use tillroll_orders::order::Life;
use tillroll_schemas::stock_item::StockItemEvent;
use tillroll_testkit::AnySite;

pub fn end_of(shop: &Shop) -> End {
    let state = shop.order(the_order());
    let known = [
        "insufficient_stock",
        "stock_unanswered",
        "payment_unanswered",
        "invoice_unanswered",
        "payment_declined",
        "payment_expired",
        "payment_failed",
        "charge_disputed",
        "lost_or_stolen_card",
        "cancelled_by_customer",
        "not_committed",
        "compensated_by_operator",
    ];
    let code = |code: &str| known.into_iter().find(|known| *known == code).unwrap_or("another");
    match (&state.life, state.life.stuck(), cancelled_for(state)) {
        (_, Some(reason), _) => End::Stuck(code(&reason.code)),
        (_, _, Some(reason)) => End::Cancelled(code(reason)),
        (Life::Confirmed(sold), _, _) if !sold.delivered.is_empty() => End::PartlyFulfilled,
        (Life::Confirmed(sold), _, _) if sold.refunded().amount > 0 => End::PartlyRefunded,
        (Life::Confirmed(_), ..) => End::Confirmed,
        (Life::Fulfilled(sold), _, _) if sold.refunded().amount > 0 => {
            End::TakenBack { on_shelf: !restocked(shop).is_empty() }
        }
        (Life::Fulfilled(_), ..) => End::Fulfilled,
        (other, ..) => panic!("not at an end: {other:?}"),
    }
}

/// Money is held by nobody, and the shop has what the order says that was paid and not given back.
fn assert_money_is_right(shop: &Shop, end: End) {
    let (held, taken) = shop.bank.total();
    let gross = shop.order(the_order()).life.order().unwrap().totals.gross.amount;
    let paid = if taken == 0 { 0 } else { gross };
    match end {
        End::Cancelled(_) => assert_eq!((held, taken), (0, 0), "money of an order that is off"),
        End::PartlyRefunded => assert_eq!((held, taken), (0, gross - GIVEN_BACK)),
        End::TakenBack { .. } => assert_eq!((held, taken), (0, gross - TAKEN_BACK)),
        End::Confirmed | End::Fulfilled | End::PartlyFulfilled => assert_eq!((held, taken), (0, paid)),
        End::Stuck(_) => assert!(held == 0 || taken == 0, "held and taken"),
    }
    if shop.order(the_order()).life.order().unwrap().payment.payment_id().is_some() && end == End::Confirmed {
        assert_eq!(taken, gross, "a sale by card is paid");
    }
}

/// Commands that the shelves could not read and put aside.
fn dead_letters(shop: &Shop) -> usize {
    let letter =
        |entry: &Entry| matches!(entry, Entry::Settled(_, Settled { outcome: Outcome::DeadLettered { .. }, .. }));
    shop.shelves.iter().map(|shelf| shelf.admitted().iter().filter(|entry| letter(entry)).count()).sum()
}

/// Nothing is held that no order stands behind, and nothing was done twice.
pub fn assert_clean_slate(shop: &Shop, end: End) {
    shop.assert_lawful();
    assert!(is_over(shop.order(the_order())));
    assert_money_is_right(shop, end);
    let held = shop.claims(the_order());
    match end {
        End::Confirmed | End::PartlyRefunded => assert_eq!(held, [(0, 2), (1, 1)]),
        End::PartlyFulfilled => assert_eq!(held, [(0, 1), (1, 1)]),
        End::Fulfilled | End::TakenBack { .. } | End::Cancelled(_) => assert_eq!(held, []),
        // A person has to look: what is held is held by this order, and it says why.
        End::Stuck(_) => assert!(!shop.order(the_order()).life.stuck().unwrap().detail.is_empty()),
    }
    match end {
        End::TakenBack { on_shelf: true } => assert_eq!(restocked(shop), [1], "on the shelf once"),
        // Nothing of the order says so: a person learns of it by the dead letter.
        End::TakenBack { on_shelf: false } => assert_eq!((restocked(shop), dead_letters(shop)), (Vec::new(), 1)),
        End::Stuck(_) => assert!(restocked(shop).len() <= 1),
        End::Confirmed | End::Fulfilled | End::PartlyFulfilled | End::PartlyRefunded | End::Cancelled(_) => {
            assert_eq!(restocked(shop), Vec::<i64>::new());
        }
    }
    for shelf in 0..2 {
        let held = held.iter().find(|(of, _)| *of == shelf).map_or(0, |(_, pieces)| *pieces);
        let levels = shop.levels(shelf);
        assert_eq!(levels.on_hand, shop.counted(shelf));
        assert_eq!(levels.reserved + levels.committed, held, "somebody else holds pieces");
    }
}

/// Pieces that were put on the shelf again, each time it happened.
pub fn restocked(shop: &Shop) -> Vec<i64> {
    let back = |(_, event)| match event {
        StockItemEvent::Received(e) if e.note.as_ref().is_some_and(|note| note.starts_with("return ")) => {
            Some(e.quantity.get())
        }
        _ => None,
    };
    shop.shelves.iter().flat_map(|shelf| shelf.events()).filter_map(back).collect()
}
