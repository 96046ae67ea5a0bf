//! Random shopping sessions: customers who buy on account or by any card, call off, send back, and a provider that loses
//! calls and answers; owners that are lost, doubled commands, stock items, payments and series that are away.
//! TILLROLL_SEED repeats a run; it is printed.

use crate::bank::{self, Kind, Trouble};
use crate::shop::{
    Fault, Place, SKUS, Shop, cancelled_for, is_over, line, order_id, place, place_by, postage, quantity,
};
use crate::walk::seed;
use std::collections::BTreeMap;
use tillroll_log::Aggregate;
use tillroll_orders::order::Life;
use tillroll_payments::payment::{Payment, PaymentState};
use tillroll_schemas::order::{CancelOrder, OrderCommand, RequestFulfilment, RequestRefund, Returning, StockClaim};
use tillroll_schemas::payment::{RetryCall, payment_of};
use tillroll_schemas::{Currency, FulfilmentId, Money, RefundId};
use uuid::Uuid;

/// In all, and in one shop, where they share stock and troubles.
const SESSIONS: u128 = 10_000;
const IN_A_SHOP: u128 = 40;
const PIECES: i64 = 60;

const CARDS: [&str; 8] = [
    bank::GOOD,
    bank::GOOD,
    bank::GOOD,
    bank::GOOD,
    bank::DECLINED,
    bank::WANTS_ACTION,
    bank::CANNOT_BE_CAPTURED,
    bank::CANNOT_BE_REFUNDED,
];

/// A small generator (SplitMix64): the same seed, the same sessions, whatever a library does.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `n - 1`.
    fn of(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.of(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.of(from.len())]
    }
}

/// What goes wrong around a session, if anything does.
fn trouble(shop: &mut Shop, dice: &mut Dice) {
    shop.away.clear();
    shop.twice = dice.one_in(6);
    let kinds = [Kind::Create, Kind::Confirm, Kind::Capture, Kind::Void, Kind::Refund, Kind::Look];
    if dice.one_in(3) {
        let times = u32::try_from(1 + dice.of(12)).unwrap();
        shop.bank.fails(dice.pick(&kinds), dice.pick(&[Trouble::Lost, Trouble::Cut]), times);
    }
    if dice.one_in(5) {
        shop.away.insert(dice.pick(&[Place::Payments, Place::Series, Place::Shelf(0), Place::Shelf(1)]));
    }
    let lost = [
        "payment.created.v1",
        "payment.authorised.v1",
        "payment.captured.v1",
        "payment.refunded.v1",
        "payment.voided.v1",
        "order.payment-authorised.v1",
        "order.confirmed.v1",
        "order.payment-captured.v1",
        "order.compensation-started.v1",
        "invoice-series.document-issued.v1",
    ];
    shop.fault = dice.one_in(3).then(|| {
        let name = dice.pick(&lost);
        dice.pick(&[Fault::LostBefore(name), Fault::LostAfter(name), Fault::LostAfterSending(name)])
    });
}

/// One customer's session. He does not wait for answers for ever: what is away may come back later.
fn session(shop: &mut Shop, dice: &mut Dice, number: u128) {
    let order = order_id(number);
    trouble(shop, dice);
    let mut lines: Vec<_> = (0..1 + dice.of(3)).map(|_| line(dice.of(SKUS.len()), 1 + dice.of(3) as i64)).collect();
    lines.push(postage());
    let placed = if dice.one_in(4) { place(lines) } else { place_by(dice.pick(&CARDS), order, lines) };
    tell(shop, number, 0, placed);
    for step in 1..=dice.of(5) {
        match dice.of(9) {
            0 => tell(shop, number, step, CancelOrder { by: None, reason: None }),
            1 | 2 => {
                shop.bank.customer_acts(payment_of(order), !dice.one_in(4));
                if !dice.one_in(3) {
                    shop.webhook(payment_of(order));
                }
            }
            3 => shop.pass(5 * (1 + dice.of(60) as u64)),
            4 => {
                let fulfilment_id = FulfilmentId(Uuid::from_u128(number << 8 | step as u128));
                tell(shop, number, step, RequestFulfilment { fulfilment_id, items: None });
            }
            5 | 6 => tell(shop, number, step, reversal(dice, number << 8 | step as u128)),
            7 => shop.webhook(payment_of(order)),
            _ => trouble(shop, dice),
        }
    }
}

fn reversal(dice: &mut Dice, id: u128) -> RequestRefund {
    let lines = vec![StockClaim { sku: crate::shop::sku(dice.of(SKUS.len())), quantity: quantity(1) }];
    let amount = Money { amount: 1 + dice.of(400) as i64, currency: Currency::GBP };
    let what = match dice.of(3) {
        0 => Returning::Amount(amount),
        1 => Returning::Lines(lines),
        _ => Returning::Returned { lines, restock: dice.one_in(2) },
    };
    RequestRefund { refund_id: RefundId(Uuid::from_u128(id)), what, reason: "not as expected".to_owned() }
}

/// A client asks, twice if he is not answered, under one key.
fn tell(shop: &mut Shop, order: u128, step: usize, command: impl Into<OrderCommand>) {
    let (id, command) = (Uuid::from_u128(order << 16 | (step as u128) << 8 | 1), command.into());
    for _ in 0..2 {
        let number = shop.orders.request(id, &order_id(order).to_string(), &command);
        shop.run();
        if shop.orders.told(number).is_some() {
            return;
        }
    }
}

/// A payment whose provider was away for longer than it tries is stuck with that reason, and with it its order.
fn operators_try_again(shop: &mut Shop, first: u128) {
    for number in first..first + IN_A_SHOP {
        let payment = payment_of(order_id(number)).to_string();
        let stuck = |state: &PaymentState| state.life.waits().any(|(_, wait)| wait.stuck().is_some());
        if shop.payments.state(&payment).is_some_and(stuck) {
            let id = shop.next_request();
            shop.payments.request(id, &payment, &RetryCall { reason: None }.into());
        }
    }
    shop.settle();
}

/// How many orders ended how.
type Ends = BTreeMap<&'static str, u32>;

/// Money is where the order says, stock is what it claims, and it is over.
fn assert_settled(shop: &Shop, number: u128, ends: &mut Ends, held: &mut [i64]) {
    let order = order_id(number);
    let Some(state) = shop.orders.state(&order.to_string()) else { return };
    let placed = state.life.order().unwrap();
    let (holds, taken) = shop.bank.has(payment_of(order));
    let claims = shop.claims(order);
    claims.iter().for_each(|(shelf, pieces)| held[*shelf] += pieces);
    assert!(is_over(state), "{order} goes on for ever: {state:?}");
    let by_card = placed.payment.payment_id().is_some();
    let end = match (&state.life, state.life.stuck()) {
        (_, Some(reason)) => {
            // Somebody who never gives back what he was told to is for people.
            assert_eq!(reason.code, "charge_disputed", "{order}: {reason:?}");
            "stuck"
        }
        (Life::Cancelled(..), None) => {
            assert_eq!((holds, taken, claims.as_slice()), (0, 0, &[][..]), "{order} is off");
            assert!(cancelled_for(state).is_some_and(|code| !code.is_empty()));
            "cancelled"
        }
        (life, None) => {
            let sold = life.sold().unwrap_or_else(|| panic!("{order}: {life:?}"));
            let kept = sold.order.totals.gross.amount - sold.refunded().amount;
            assert_eq!((holds, taken), (0, if by_card { kept } else { 0 }), "{order}: {state:?}");
            let left = (0..SKUS.len()).filter_map(|shelf| Some((shelf, *sold.left.get(&crate::shop::sku(shelf))?)));
            assert_eq!(claims, left.collect::<Vec<_>>(), "{order}");
            if matches!(life, Life::Fulfilled(_)) { "fulfilled" } else { "confirmed" }
        }
    };
    *ends.entry(end).or_default() += 1;
}

#[test]
fn ten_thousand_sessions_conserve_money_and_stock_whatever_the_provider_does() {
    let mut dice = Dice(seed());
    let mut ends = Ends::new();
    for first in (0..SESSIONS).step_by(IN_A_SHOP as usize) {
        let mut shop = Shop::new(PIECES);
        for number in first..first + IN_A_SHOP {
            session(&mut shop, &mut dice, number);
        }
        shop.settle();
        operators_try_again(&mut shop, first);
        shop.assert_lawful();
        let mut held = [0; SKUS.len()];
        (first..first + IN_A_SHOP).for_each(|number| assert_settled(&shop, number, &mut ends, &mut held));
        for (shelf, held) in held.into_iter().enumerate() {
            let levels = shop.levels(shelf);
            assert_eq!(levels.on_hand, shop.counted(shelf), "pieces came from nowhere or went there");
            assert_eq!(levels.reserved + levels.committed, held, "pieces are held for nobody");
        }
        for number in first..first + IN_A_SHOP {
            let payment = shop.payments.state(&payment_of(order_id(number)).to_string());
            assert!(payment.is_none_or(Payment::settled), "{number}: {payment:?}");
        }
    }
    eprintln!("{ends:?}");
    assert!(["confirmed", "fulfilled", "cancelled"].into_iter().all(|end| ends.get(end) > Some(&500)), "{ends:?}");
}
