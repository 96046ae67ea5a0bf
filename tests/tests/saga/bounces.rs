//! Money of orders that are off: what the customer's bank sends back, one refund while another is under way, and what is
//! taken after an operator has completed its void by hand. Each with owners that are lost at every record of it: every
//! penny that is not with the customer is to go back to him, and in the end has.

use crate::bank::{self, Kind, SENT_BACK, Trouble};
use crate::shop::{Fault, Place, Shop, line, place_by};
use crate::slate::{assert_clean_slate, end_of};
use crate::steps::{PIECES, cancel, give_back, the_order};
use crate::table::End;
use tillroll_orders::order::{Life, OrderBody};
use tillroll_schemas::order::{CompleteStep, OrderEvent, RequestRefund, RetryStep, Returning};
use tillroll_schemas::payment::payment_of;
use tillroll_schemas::{Currency, Money, RefundId};
use tillroll_testkit::Told;
use uuid::Uuid;

/// Two pieces and one, with tax.
const GROSS: i64 = 360;
const FIRST: i64 = 100;

fn refund(number: u128, amount: i64) -> RequestRefund {
    let what = Returning::Amount(Money { amount, currency: Currency::GBP });
    RequestRefund { refund_id: RefundId(Uuid::from_u128(number)), what, ..give_back() }
}

fn order_by(card: &str, shop: &mut Shop) {
    assert_eq!(shop.tell_order(the_order(), place_by(card, the_order(), vec![line(0, 2), line(1, 1)])), Told::Applied);
}

/// Paid back in two parts, then called off.
fn off_in_parts() -> Shop {
    let mut shop = Shop::new(PIECES);
    order_by(bank::GOOD, &mut shop);
    shop.tell_order(the_order(), refund(1, FIRST));
    shop.tell_order(the_order(), refund(2, GROSS - FIRST));
    shop.tell_order(the_order(), cancel());
    assert_eq!((end_of(&shop), shop.bank.total()), (End::Cancelled("cancelled_by_customer"), (0, 0)));
    told(&mut shop);
    shop
}

/// Whatever the provider has to tell.
fn told(shop: &mut Shop) {
    while let Some(notice) = shop.bank.takes_notice(0) {
        let id = shop.next_request();
        for _ in 0..3 {
            let number = shop.payments.request(id, &notice.payment.to_string(), &notice.report.clone().into());
            shop.run();
            if shop.payments.told(number).is_some() {
                break;
            }
        }
    }
}

/// The bank sends the refund of that number back.
fn sends_back(shop: &mut Shop, nth: usize) {
    assert!(shop.bank.sends_back(Some(payment_of(the_order())), nth));
    told(shop);
}

fn retried(shop: &mut Shop) {
    assert!(matches!(shop.tell_order(the_order(), RetryStep { reason: None }), Told::Applied | Told::Repeat));
}

/// It is stuck, and says of every penny that is not with the customer that he is owed it.
fn assert_owes(shop: &Shop, amount: i64) {
    let state = shop.order(the_order());
    let Life::Compensating(ending) = &state.life else { panic!("{state:?}") };
    assert_eq!(end_of(shop), End::Stuck(SENT_BACK));
    assert_eq!((shop.bank.total(), ending.to_give_back()), ((0, amount), amount), "{state:?}");
    let body = OrderBody::of(&the_order().to_string().as_str().into(), state).unwrap();
    assert_eq!(body.owed.map(|owed| owed.amount), Some(amount), "{state:?}");
}

/// Both come back, the second while the first goes back once more: the call is made, or not, and nobody knows yet.
fn both_come_back(shop: &mut Shop, trouble: Trouble) {
    sends_back(shop, 0);
    assert_owes(shop, FIRST);
    shop.bank.fails(Kind::Refund, trouble, 2);
    retried(shop);
    // Of those that have arrived, the one that is not under way.
    sends_back(shop, 0);
    shop.pass(300);
    assert_owes(shop, GROSS - FIRST);
    retried(shop);
    shop.settle();
    assert_eq!(end_of(shop), End::Cancelled("cancelled_by_customer"));
    assert_clean_slate(shop, end_of(shop));
    // They were asked for once more, each once.
    sends_back(shop, 0);
    sends_back(shop, 0);
    assert!(!shop.bank.sends_back(None, 0));
    assert_owes(shop, GROSS);
}

#[test]
fn a_refund_that_bounces_while_another_is_under_way_goes_back_after_it_whoever_is_lost() {
    let records = [
        "payment.refund-refused.v1",
        "order.refund-refused.v1",
        "order.step-retried.v1",
        "payment.refund-requested.v1",
        "payment.refunded.v1",
        "order.stuck.v1",
        "order.cancelled.v1",
    ];
    let faults = records
        .into_iter()
        .flat_map(|name| [Fault::LostBefore(name), Fault::LostAfter(name), Fault::LostAfterSending(name)].map(Some));
    for fault in faults.chain([None]) {
        for (trouble, twice) in
            [(Trouble::Lost, false), (Trouble::Cut, false), (Trouble::Late, false), (Trouble::Cut, true)]
        {
            let mut shop = off_in_parts();
            (shop.fault, shop.twice) = (fault, twice);
            both_come_back(&mut shop, trouble);
            assert_eq!(shop.fault, None, "{fault:?} did not strike");
        }
    }
}

/// The payment is away while the order is called off, and an operator takes the void for done.
#[test]
fn what_is_taken_or_held_after_its_void_was_completed_by_hand_goes_back() {
    for (card, trouble) in [
        (bank::GOOD, Trouble::Cut),
        (bank::GOOD, Trouble::Lost),
        (bank::GOOD, Trouble::Late),
        (bank::CANNOT_BE_CAPTURED, Trouble::Lost),
    ] {
        for twice in [false, true] {
            let mut shop = Shop::new(PIECES);
            shop.twice = twice;
            shop.bank.fails(Kind::Capture, trouble, 2);
            order_by(card, &mut shop);
            shop.away.insert(Place::Payments);
            shop.tell_order(the_order(), cancel());
            shop.pass(600);
            assert_eq!(end_of(&shop), End::Stuck("payment_unanswered"));
            shop.tell_order(the_order(), CompleteStep { reason: "seen to".to_owned() });
            assert_eq!(end_of(&shop), End::Cancelled("cancelled_by_customer"));
            assert_ne!(shop.bank.total(), (0, 0), "the shop has the money");
            shop.settle();
            assert_eq!(end_of(&shop), End::Cancelled("cancelled_by_customer"), "{card} {trouble:?}");
            assert_clean_slate(&shop, end_of(&shop));
            let told = shop.orders.events().into_iter().any(|(_, event)| matches!(event, OrderEvent::UndoRequested(_)));
            assert!(told, "{card} {trouble:?}: it has heard of it");
        }
    }
}
