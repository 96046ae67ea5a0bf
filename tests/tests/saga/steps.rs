//! The table is walked: each case is a story that is told, and its failure mended; in the end the slate is clean.

use crate::bank::{self, Kind, Trouble};
use crate::notify::assert_told_once;
use crate::shop::{Fault, Place, Shop, line, order_id, place, place_by, postage, quantity};
use crate::slate::{assert_clean_slate, end_of, restocked};
use crate::table::{Case, End, Failure, Question, RESTOCK, Scene, cases, records, scenes, unanswered, undisturbed};
use std::collections::BTreeSet;
use tillroll_orders::order::Life;
use tillroll_schemas::invoice_series::InvoiceSeriesEvent;
use tillroll_schemas::order::{
    CancelOrder, CompensateStuck, CompleteStep, Line, OrderEvent, PlaceOrder, RequestFulfilment, RequestRefund,
    RetryStep, Returning, Step, StockClaim,
};
use tillroll_schemas::payment::payment_of;
use tillroll_schemas::stock_item::{ReleaseStock, StockItemEvent, WriteOffStock};
use tillroll_schemas::{Currency, FulfilmentId, Money, RefundId};
use tillroll_testkit::Told;
use uuid::Uuid;

pub const PIECES: i64 = 5;

pub fn the_order() -> tillroll_schemas::OrderId {
    order_id(1)
}

pub fn the_delivery(items: Option<Vec<StockClaim>>) -> RequestFulfilment {
    RequestFulfilment { fulfilment_id: FulfilmentId(Uuid::from_u128(7)), items }
}

/// The card that does what the case is about.
fn card(case: &Case) -> &'static str {
    match (case.failure, case.step, case.scene) {
        (Failure::Refused, Step::Authorise, _) => bank::DECLINED,
        (_, _, Scene::CheckoutWithAction) => bank::WANTS_ACTION,
        (Failure::Refused, Step::Capture, _) => bank::CANNOT_BE_CAPTURED,
        (Failure::Refused, Step::Refund | Step::Release, _) => bank::CANNOT_BE_REFUNDED,
        _ => bank::GOOD,
    }
}

/// The calls of a question to the provider.
fn calls((command, ..): Question) -> &'static [Kind] {
    match command {
        "payment.request" => &[Kind::Create, Kind::Confirm],
        "payment.capture" => &[Kind::Capture],
        "payment.void" => &[Kind::Void],
        "payment.refund" => &[Kind::Refund],
        _ => &[],
    }
}

fn order_of(case: &Case, lines: Vec<Line>) -> PlaceOrder {
    if case.scene.by_card() { place_by(card(case), the_order(), lines) } else { place(lines) }
}

/// Tells the story; the fault strikes where it fits.
fn tell(shop: &mut Shop, case: &Case) {
    let Case { step, scene, question, .. } = *case;
    let (order, refused) = (the_order(), case.failure == Failure::Refused);
    (shop.fault, shop.twice) = (case.fault.filter(|_| !is_of_credit(case)), case.failure == Failure::AnsweredTwice);
    let trouble = match case.failure {
        Failure::CallLost => Some(Trouble::Lost),
        Failure::CallCut => Some(Trouble::Cut),
        _ => None,
    };
    if let Some(trouble) = trouble {
        calls(question).iter().for_each(|kind| shop.bank.fails(*kind, trouble, 2));
    }
    let mut lines = vec![line(0, 2), line(1, 1), postage()];
    if matches!(scene, Scene::CallOffUnsold | Scene::CallOffHeld) {
        lines.push(line(2, 1));
    }
    if scene == Scene::CallOffUnsold {
        shop.away.insert(Place::Shelf(2));
    }
    if refused && step == Step::Reserve {
        shop.tell_shelf(0, WriteOffStock { quantity: quantity(PIECES - 1), note: None });
    }
    if refused && step == Step::Commit {
        return lapse_before_the_commit(shop, case, lines);
    }
    if scene == Scene::CallOffCapturing {
        shop.bank.fails(Kind::Capture, Trouble::Cut, 1);
    }
    if scene == Scene::CallOffHeld {
        return call_off_while_held(shop, case, lines);
    }
    // Who had to ask again is told that it is a repeat, unless the first request left no record.
    assert!(matches!(shop.tell_order(order, order_of(case, lines)), Told::Applied | Told::Repeat));
    if trouble.is_some() && matches!(step, Step::Authorise | Step::Capture) {
        shop.pass(120);
    }
    if refused && step == Step::Fulfil {
        shop.tell_shelf(0, ReleaseStock { order_id: order });
    }
    if scene == Scene::TakeBack {
        shop.tell_order(order, the_delivery(None));
    }
    if is_of_credit(case) {
        shop.fault = case.fault;
    }
    match scene {
        Scene::Checkout | Scene::CheckoutByCard => {}
        Scene::CheckoutWithAction => {
            shop.bank.customer_acts(payment_of(order), true);
            shop.webhook(payment_of(order));
        }
        Scene::CallOffSold | Scene::CallOffPaid => drop(shop.tell_order(order, cancel())),
        Scene::CallOffUnsold => {
            shop.tell_order(order, cancel());
            shop.away.remove(&Place::Shelf(2));
            shop.run();
        }
        Scene::CallOffHeld => {}
        Scene::CallOffCapturing => {
            shop.tell_order(order, cancel());
            // The payment asks the provider once more.
            shop.pass(30);
        }
        Scene::DeliverAll => drop(shop.tell_order(order, the_delivery(None))),
        Scene::DeliverPart => {
            let item = StockClaim { sku: crate::shop::sku(0), quantity: quantity(1) };
            shop.tell_order(order, the_delivery(Some(vec![item])));
        }
        Scene::GiveBack => drop(shop.tell_order(order, give_back())),
        Scene::TakeBack => drop(shop.tell_order(order, take_back())),
    }
}

/// Whether the document in question is a credit note: the invoice before it is not what the case is about.
fn is_of_credit(case: &Case) -> bool {
    case.step == Step::Invoice && !matches!(case.scene, Scene::Checkout | Scene::CheckoutByCard)
}

pub fn cancel() -> CancelOrder {
    CancelOrder { by: None, reason: None }
}

/// So much of the money.
pub const GIVEN_BACK: i64 = 123;

pub fn give_back() -> RequestRefund {
    let amount = Money { amount: GIVEN_BACK, currency: Currency::GBP };
    let refund_id = RefundId(Uuid::from_u128(8));
    RequestRefund { refund_id, what: Returning::Amount(amount), reason: "late".to_owned() }
}

/// What a piece costs, with its tax.
pub const TAKEN_BACK: i64 = 120;

fn take_back() -> RequestRefund {
    let lines = vec![StockClaim { sku: crate::shop::sku(0), quantity: quantity(1) }];
    RequestRefund { what: Returning::Returned { lines, restock: true }, ..give_back() }
}

/// The third shelf is away when the money is held and commits are asked for, and the order is called off meanwhile.
fn call_off_while_held(shop: &mut Shop, case: &Case, lines: Vec<Line>) {
    shop.fault = Some(Fault::Silence("stock-item.commit"));
    shop.tell_order(the_order(), order_of(case, lines));
    assert!(matches!(shop.order(the_order()).life, Life::Committing(..)));
    shop.fault = case.fault;
    shop.tell_order(the_order(), cancel());
    if case.fault != Some(Fault::Silence("stock-item.release")) {
        shop.away.retain(|place| !matches!(place, Place::Shelf(_)));
    }
    shop.run();
}

/// The reservations lapse while orders are away, and somebody else takes the pieces of one.
fn lapse_before_the_commit(shop: &mut Shop, case: &Case, lines: Vec<Line>) {
    shop.fault = Some(Fault::Silence("order.record-stock-answers"));
    shop.tell_order(the_order(), order_of(case, lines));
    assert!(shop.away.contains(&Place::Orders));
    shop.pass(31 * 60);
    assert_eq!(shop.claims(the_order()), [], "the reservations have lapsed");
    shop.tell_shelf(0, WriteOffStock { quantity: quantity(PIECES), note: None });
    shop.away.clear();
    shop.run();
}

/// After the step failed: what waits is waited out, and who was away comes back.
fn mend(shop: &mut Shop, case: &Case) {
    match case.failure {
        Failure::TimedOut if case.question == RESTOCK => {
            shop.pass(12_000);
            assert!(restocked(shop).is_empty(), "{case:?}: the shelf was away");
        }
        Failure::TimedOut => {
            shop.pass(12_000);
            let reason = shop.order(the_order()).life.stuck().unwrap_or_else(|| panic!("{case:?} waits for ever"));
            assert_eq!(reason.code, unanswered(case.question), "{case:?}");
        }
        Failure::AnsweredLate => {
            let mut waited = 0;
            while !given_up(shop, case.step) {
                shop.pass(5);
                waited += 5;
                assert!(waited < 6_000, "{case:?} is never given up");
            }
        }
        Failure::Refused | Failure::Unreadable | Failure::AnswerUnreadable | Failure::AnsweredTwice => {}
        Failure::LostBefore | Failure::LostAfter | Failure::LostAfterSending => {}
        Failure::CallLost | Failure::CallCut => shop.pass(120),
    }
    shop.settle();
}

fn given_up(shop: &Shop, step: Step) -> bool {
    let life = &shop.order(the_order()).life;
    match step {
        Step::Reserve | Step::Authorise | Step::Commit | Step::Capture => matches!(life, Life::Compensating(_)),
        Step::Invoice | Step::Release | Step::Fulfil | Step::Refund => life.stuck().is_some(),
    }
}

#[test]
fn whatever_fails_at_whatever_step_the_order_ends_and_the_slate_is_clean() {
    let cases = cases();
    for case in &cases {
        let mut shop = Shop::new(PIECES);
        tell(&mut shop, case);
        assert_eq!(shop.fault, None, "{case:?}: the fault did not strike");
        mend(&mut shop, case);
        assert_eq!(end_of(&shop), case.end, "{case:?}");
        assert_clean_slate(&shop, case.end);
        assert_told_once(&shop);
    }
    eprintln!("{} cases", cases.len());
}

/// An event that the table does not know could be one at which an owner is lost without anybody having tried.
#[test]
fn every_event_of_an_order_stands_in_the_table() {
    let rows = Step::ALL.into_iter().flat_map(|step| scenes(step).iter().map(move |scene| (step, *scene)));
    let walked: BTreeSet<&str> = rows.flat_map(|(step, scene)| records(step, scene)).copied().collect();
    // These say that something went wrong; what goes wrong a second time is the walk's.
    let of_failures = [
        "order.step-overdue.v1",
        "order.stuck.v1",
        "order.step-retried.v1",
        "order.step-completed.v1",
        "order.refund-refused.v1",
    ];
    for name in OrderEvent::TYPE_NAMES {
        assert!(walked.contains(name) != of_failures.contains(name), "{name}");
    }
    // Beside what staff do with stock, and what comes of an order that nobody carries on.
    let others = ["adjusted", "written-off", "release-recorded", "reservation-expired"];
    for name in StockItemEvent::TYPE_NAMES {
        let other = others.iter().any(|other| *name == format!("stock-item.{other}.v1"));
        assert!(walked.contains(name) != other, "{name}");
    }
}

/// What an operator brings it to.
fn mended_by_operator(shop: &mut Shop, case: &Case) -> End {
    let reason = || "seen to".to_owned();
    assert_eq!(shop.tell_order(the_order(), RetryStep { reason: None }), Told::Applied, "{case:?}");
    shop.settle();
    let retried = end_of(shop);
    if case.failure != Failure::Refused {
        return retried;
    }
    assert_eq!(retried, case.end, "asking again does not bring pieces back, or money");
    if case.step == Step::Fulfil {
        let compensated = shop.tell_order(the_order(), CompensateStuck { reason: reason() });
        assert_eq!(compensated == Told::Applied, case.scene == Scene::DeliverPart, "the other SKU has left");
        if case.scene == Scene::DeliverPart {
            shop.settle();
            return end_of(shop);
        }
    }
    assert_eq!(shop.tell_order(the_order(), CompleteStep { reason: reason() }), Told::Applied);
    shop.settle();
    end_of(shop)
}

#[test]
fn whatever_is_stuck_an_operator_brings_to_its_end() {
    let mut mended = 0;
    for case in cases().iter().filter(|case| matches!(case.end, End::Stuck(_))) {
        let mut shop = Shop::new(PIECES);
        tell(&mut shop, case);
        mend(&mut shop, case);
        let end = mended_by_operator(&mut shop, case);
        let wanted = match (case.failure, case.scene) {
            (Failure::Refused, Scene::DeliverPart) => End::Cancelled("compensated_by_operator"),
            _ => undisturbed(case.scene),
        };
        assert_eq!(end, wanted, "{case:?}");
        // Money that the provider does not give back somebody has given back by hand.
        if (case.failure, case.step) != (Failure::Refused, Step::Release) {
            assert_clean_slate(&shop, end);
        }
        mended += 1;
    }
    eprintln!("{mended} cases");
}

/// What the order asks of itself is a command like any other, and may be lost like any other.
#[test]
fn an_order_whose_own_next_step_nobody_can_read_is_carried_on_by_its_deadline() {
    let mut shop = Shop::new(PIECES);
    shop.fault = Some(Fault::Unreadable("order.continue", ""));
    shop.tell_order(the_order(), place(vec![line(0, 2), line(1, 1), postage()]));
    assert!(matches!(shop.order(the_order()).life, Life::Committed(..)));
    shop.settle();
    assert_eq!(end_of(&shop), End::Confirmed);
    assert_clean_slate(&shop, End::Confirmed);
}

fn place_with(shop: &mut Shop, card: &'static str) {
    shop.tell_order(the_order(), place_by(card, the_order(), vec![line(0, 2), line(1, 1), postage()]));
}

#[test]
fn a_customer_who_acted_in_time_gets_his_order_though_no_webhook_says_so() {
    let mut shop = Shop::new(PIECES);
    place_with(&mut shop, bank::WANTS_ACTION);
    shop.bank.customer_acts(payment_of(the_order()), true);
    shop.settle();
    assert_eq!(end_of(&shop), End::Confirmed);
    assert_clean_slate(&shop, End::Confirmed);
}

#[test]
fn an_order_that_is_off_for_its_card_cannot_be_paid_with_another() {
    for trouble in [None, Some(Trouble::Lost), Some(Trouble::Cut)] {
        let mut shop = Shop::new(PIECES);
        trouble.into_iter().for_each(|trouble| shop.bank.fails(Kind::Void, trouble, 2));
        place_with(&mut shop, bank::DECLINED);
        for _ in 0..2 {
            shop.bank.customer_acts(payment_of(the_order()), true);
            shop.settle();
            assert_eq!(end_of(&shop), End::Cancelled("payment_declined"), "{trouble:?}");
            assert_clean_slate(&shop, End::Cancelled("payment_declined"));
        }
    }
}

/// A sale that is called off is credited once, whatever happened on the way.
#[test]
fn what_was_sold_and_is_called_off_is_credited_once() {
    let sold = |case: &&Case| matches!(case.scene, Scene::CallOffSold | Scene::CallOffPaid);
    for case in cases().iter().filter(sold).filter(|case| case.end == undisturbed(case.scene)) {
        let mut shop = Shop::new(PIECES);
        tell(&mut shop, case);
        mend(&mut shop, case);
        let events = shop.orders.events();
        let credits =
            events.iter().filter(|(_, event)| matches!(event, OrderEvent::Cancelled(off) if off.credit.is_some()));
        assert_eq!(credits.count(), 1, "{case:?}");
        let notes = shop.series.events();
        let notes = notes.iter().filter(|(_, event)| matches!(event, InvoiceSeriesEvent::DocumentIssued(_)));
        assert_eq!(notes.count(), 2, "an invoice and a credit note: {case:?}");
    }
}
