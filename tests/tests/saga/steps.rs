//! Every step of the saga × everything that can go wrong with it. The steps come from the code: one that is new does
//! not compile here before it has its rows.

use crate::shop::{Fault, Place, Shop, cancelled_for, is_over, line, order_id, place, postage, quantity};
use std::collections::BTreeSet;
use tillroll_orders::order::Life;
use tillroll_schemas::FulfilmentId;
use tillroll_schemas::order::{
    CancelOrder, CompensateStuck, CompleteStep, OrderEvent, RequestFulfilment, RetryStep, Step, StockClaim,
};
use tillroll_schemas::stock_item::{ReleaseStock, StockItemEvent, WriteOffStock};
use tillroll_testkit::Told;
use uuid::Uuid;

const PIECES: i64 = 5;

/// What can go wrong with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// The stock item says no.
    Refused,
    /// Nobody can read the command.
    Unreadable,
    /// Nobody can read the answer.
    AnswerUnreadable,
    /// The stock item is away for longer than any wait.
    TimedOut,
    /// It is away until the order has given the step up.
    AnsweredLate,
    /// Every command and every answer stands there twice.
    AnsweredTwice,
    /// An owner is killed before a record of the step is stored,
    LostBefore,
    /// when it is stored and nobody knows,
    LostAfter,
    /// and when all that it causes is sent and that is not committed.
    LostAfterSending,
}

const FAILURES: [Failure; 9] = [
    Failure::Refused,
    Failure::Unreadable,
    Failure::AnswerUnreadable,
    Failure::TimedOut,
    Failure::AnsweredLate,
    Failure::AnsweredTwice,
    Failure::LostBefore,
    Failure::LostAfter,
    Failure::LostAfterSending,
];

/// Where an order is when everything is quiet again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Confirmed,
    Fulfilled,
    PartlyFulfilled,
    Cancelled(&'static str),
    Stuck(&'static str),
}

/// A story whose last step is the one in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// An order is placed.
    Checkout,
    /// One that was sold is called off: what is held is released, and the sale credited.
    CallOffSold,
    /// One is called off that is not confirmed.
    CallOffUnsold,
    /// All of it is delivered.
    DeliverAll,
    /// One piece of it is.
    DeliverPart,
}

fn scenes(step: Step) -> &'static [Scene] {
    match step {
        Step::Reserve | Step::Commit => &[Scene::Checkout],
        Step::Release => &[Scene::CallOffSold, Scene::CallOffUnsold],
        Step::Fulfil => &[Scene::DeliverAll, Scene::DeliverPart],
    }
}

/// The command to a stock item, and what its answer says.
fn command(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Reserve => ("stock-item.reserve", "\"reserved\""),
        Step::Commit => ("stock-item.commit", "\"committed\""),
        Step::Release => ("stock-item.release", "\"released\""),
        Step::Fulfil => ("stock-item.fulfil", "\"fulfilled\""),
    }
}

/// The records by which a step goes on, each of which may be the one at which an owner is lost.
fn records(step: Step) -> &'static [&'static str] {
    match step {
        Step::Reserve => {
            &["order.placed.v1", "stock-item.reserved.v1", "order.stock-answered.v1", "order.stock-reserved.v1"]
        }
        Step::Commit => &["stock-item.committed.v1", "order.stock-committed.v1", "order.confirmed.v1"],
        Step::Release => &["order.compensation-started.v1", "stock-item.released.v1", "order.cancelled.v1"],
        Step::Fulfil => &["order.fulfilment-requested.v1", "stock-item.fulfilled.v1", "order.fulfilled.v1"],
    }
}

/// Where the story ends without any failure.
fn undisturbed(scene: Scene) -> End {
    match scene {
        Scene::Checkout => End::Confirmed,
        Scene::CallOffSold | Scene::CallOffUnsold => End::Cancelled("cancelled_by_customer"),
        Scene::DeliverAll => End::Fulfilled,
        Scene::DeliverPart => End::PartlyFulfilled,
    }
}

/// Where it ends with this failure of this step; nothing if there is no such failure.
fn expected(step: Step, failure: Failure, scene: Scene) -> Option<End> {
    match (failure, step) {
        (Failure::Refused, Step::Reserve | Step::Commit) => Some(End::Cancelled("insufficient_stock")),
        // A stock item always lets go.
        (Failure::Refused, Step::Release) => None,
        (Failure::Refused, Step::Fulfil) => Some(End::Stuck("not_committed")),
        (Failure::Unreadable | Failure::AnswerUnreadable, Step::Reserve | Step::Commit) => {
            Some(End::Cancelled("stock_unanswered"))
        }
        (Failure::Unreadable | Failure::AnswerUnreadable, Step::Release | Step::Fulfil) => {
            Some(End::Stuck("stock_unanswered"))
        }
        (Failure::TimedOut | Failure::AnsweredLate, Step::Reserve | Step::Commit) => {
            Some(End::Cancelled("stock_unanswered"))
        }
        (Failure::TimedOut | Failure::AnsweredLate, Step::Release | Step::Fulfil)
        | (Failure::AnsweredTwice | Failure::LostBefore | Failure::LostAfter | Failure::LostAfterSending, _) => {
            Some(undisturbed(scene))
        }
    }
}

/// The faults that are this failure of this step; each is tried by itself.
fn faults(step: Step, failure: Failure) -> Vec<Option<Fault>> {
    let (type_name, answer) = command(step);
    let at_each_record =
        |fault: fn(&'static str) -> Fault| records(step).iter().map(|name| Some(fault(name))).collect();
    match failure {
        Failure::Refused | Failure::AnsweredTwice => vec![None],
        Failure::Unreadable => vec![Some(Fault::Unreadable(type_name, ""))],
        Failure::AnswerUnreadable => vec![Some(Fault::Unreadable("order.record-stock-answers", answer))],
        Failure::TimedOut | Failure::AnsweredLate => vec![Some(Fault::Silence(type_name))],
        Failure::LostBefore => at_each_record(Fault::LostBefore),
        Failure::LostAfter => at_each_record(Fault::LostAfter),
        Failure::LostAfterSending => at_each_record(Fault::LostAfterSending),
    }
}

fn the_order() -> tillroll_schemas::OrderId {
    order_id(1)
}

fn the_delivery(items: Option<Vec<StockClaim>>) -> RequestFulfilment {
    RequestFulfilment { fulfilment_id: FulfilmentId(Uuid::from_u128(7)), items }
}

/// Tells the story; the fault strikes where it fits.
fn tell(shop: &mut Shop, step: Step, scene: Scene, refused: bool) {
    let order = the_order();
    let pause = match (step, scene) {
        _ if refused && step == Step::Commit => Some(Place::Orders),
        (_, Scene::CallOffUnsold) => Some(Place::Shelf(2)),
        _ => None,
    };
    let mut lines = vec![line(0, 2), line(1, 1), postage()];
    if scene == Scene::CallOffUnsold {
        lines.push(line(2, 1));
        shop.away.extend(pause);
    }
    if refused && step == Step::Reserve {
        shop.tell_shelf(0, WriteOffStock { quantity: quantity(PIECES - 1), note: None });
    }
    if refused && step == Step::Commit {
        lapse_before_the_commit(shop, lines);
        return;
    }
    // Who had to ask again is told that it is a repeat, unless the first request left no record.
    assert!(matches!(shop.tell_order(order, place(lines)), Told::Applied | Told::Repeat));
    if refused && step == Step::Fulfil {
        shop.tell_shelf(0, ReleaseStock { order_id: order });
    }
    match scene {
        Scene::Checkout => {}
        Scene::CallOffSold => drop(shop.tell_order(order, CancelOrder { reason: None })),
        Scene::CallOffUnsold => {
            shop.tell_order(order, CancelOrder { reason: None });
            shop.away.remove(&Place::Shelf(2));
            shop.run();
        }
        Scene::DeliverAll => drop(shop.tell_order(order, the_delivery(None))),
        Scene::DeliverPart => {
            let item = StockClaim { sku: crate::shop::sku(0), quantity: quantity(1) };
            shop.tell_order(order, the_delivery(Some(vec![item])));
        }
    }
}

/// The reservations lapse while orders are away, and somebody else takes the pieces of one.
fn lapse_before_the_commit(shop: &mut Shop, lines: Vec<tillroll_schemas::order::Line>) {
    shop.fault = Some(Fault::Silence("order.record-stock-answers"));
    shop.tell_order(the_order(), place(lines));
    assert!(shop.away.contains(&Place::Orders));
    shop.pass(31 * 60);
    assert_eq!(shop.claims(the_order()), [], "the reservations have lapsed");
    shop.tell_shelf(0, WriteOffStock { quantity: quantity(PIECES), note: None });
    shop.away.clear();
    shop.run();
}

/// After the step failed: what waits is waited out, and who was away comes back.
fn mend(shop: &mut Shop, step: Step, failure: Failure) {
    match failure {
        Failure::TimedOut => {
            shop.pass(1_500);
            let reason = shop.order(the_order()).life.stuck().unwrap_or_else(|| panic!("{step:?} waits for ever"));
            assert_eq!(reason.code, "stock_unanswered");
        }
        Failure::AnsweredLate => {
            let mut waited = 0;
            while !given_up(shop, step) {
                shop.pass(5);
                waited += 5;
                assert!(waited < 400, "{step:?} is never given up");
            }
        }
        Failure::Refused | Failure::Unreadable | Failure::AnswerUnreadable | Failure::AnsweredTwice => {}
        Failure::LostBefore | Failure::LostAfter | Failure::LostAfterSending => {}
    }
    shop.settle();
}

fn given_up(shop: &Shop, step: Step) -> bool {
    let life = &shop.order(the_order()).life;
    match step {
        Step::Reserve | Step::Commit => matches!(life, Life::Compensating(_)),
        Step::Release | Step::Fulfil => life.stuck().is_some(),
    }
}

fn end_of(shop: &Shop) -> End {
    let state = shop.order(the_order());
    let known =
        ["insufficient_stock", "stock_unanswered", "cancelled_by_customer", "not_committed", "compensated_by_operator"];
    let code = |code: &str| known.into_iter().find(|known| *known == code).unwrap_or("another");
    match (&state.life, state.life.stuck(), cancelled_for(state)) {
        (_, Some(reason), _) => End::Stuck(code(&reason.code)),
        (_, _, Some(reason)) => End::Cancelled(code(reason)),
        (Life::Confirmed(sold), _, _) if !sold.delivered.is_empty() => End::PartlyFulfilled,
        (Life::Confirmed(_), ..) => End::Confirmed,
        (Life::Fulfilled(_), ..) => End::Fulfilled,
        (other, ..) => panic!("not at an end: {other:?}"),
    }
}

/// Nothing is held that no order stands behind, and nothing was done twice.
fn assert_clean_slate(shop: &Shop, end: End) {
    shop.assert_lawful();
    assert!(is_over(shop.order(the_order())));
    let held = shop.claims(the_order());
    match end {
        End::Confirmed => assert_eq!(held, [(0, 2), (1, 1)]),
        End::PartlyFulfilled => assert_eq!(held, [(0, 1), (1, 1)]),
        End::Fulfilled | End::Cancelled(_) => assert_eq!(held, []),
        // A person has to look: what is held is held by this order, and it says why.
        End::Stuck(_) => assert!(!shop.order(the_order()).life.stuck().unwrap().detail.is_empty()),
    }
    for shelf in 0..2 {
        let held = held.iter().find(|(of, _)| *of == shelf).map_or(0, |(_, pieces)| *pieces);
        let levels = shop.levels(shelf);
        assert_eq!(levels.on_hand, shop.counted(shelf));
        assert_eq!(levels.reserved + levels.committed, held, "somebody else holds pieces");
    }
}

#[test]
fn whatever_fails_at_whatever_step_the_order_ends_and_the_slate_is_clean() {
    let mut cases = 0;
    for step in Step::ALL {
        for (failure, scene) in FAILURES.into_iter().flat_map(|f| scenes(step).iter().map(move |scene| (f, *scene))) {
            let Some(expected) = expected(step, failure, scene) else { continue };
            for fault in faults(step, failure) {
                let mut shop = Shop::new(PIECES);
                (shop.fault, shop.twice) = (fault, failure == Failure::AnsweredTwice);
                tell(&mut shop, step, scene, failure == Failure::Refused);
                let case = format!("{step:?}, {scene:?}, {failure:?}, {fault:?}");
                assert_eq!(shop.fault, None, "{case}: the fault did not strike");
                mend(&mut shop, step, failure);
                assert_eq!(end_of(&shop), expected, "{case}");
                assert_clean_slate(&shop, expected);
                cases += 1;
            }
        }
    }
    eprintln!("{cases} cases");
}

/// An event that the table does not know could be one at which an owner is lost without anybody having tried.
#[test]
fn every_event_of_an_order_stands_in_the_table() {
    let walked: BTreeSet<&str> = Step::ALL.into_iter().flat_map(records).copied().collect();
    // These say that something went wrong; what goes wrong a second time is the walk's.
    let of_failures = ["order.step-overdue.v1", "order.stuck.v1", "order.step-retried.v1", "order.step-completed.v1"];
    for name in OrderEvent::TYPE_NAMES {
        assert!(walked.contains(name) != of_failures.contains(name), "{name}");
    }
    // Beside what staff do with stock, and what comes of an order that nobody carries on.
    let others = ["received", "adjusted", "written-off", "release-recorded", "reservation-expired"];
    for name in StockItemEvent::TYPE_NAMES {
        let other = others.iter().any(|other| *name == format!("stock-item.{other}.v1"));
        assert!(walked.contains(name) != other, "{name}");
    }
}

/// What an operator brings it to.
fn mended_by_operator(shop: &mut Shop, step: Step, failure: Failure, scene: Scene) -> End {
    let reason = || "seen to".to_owned();
    assert_eq!(shop.tell_order(the_order(), RetryStep { reason: None }), Told::Applied);
    shop.settle();
    let retried = end_of(shop);
    if failure != Failure::Refused {
        return retried;
    }
    assert_eq!((step, retried), (Step::Fulfil, End::Stuck("not_committed")), "asking again does not bring pieces back");
    let compensated = shop.tell_order(the_order(), CompensateStuck { reason: reason() });
    if scene == Scene::DeliverAll {
        assert_eq!(compensated, Told::Refused("already_fulfilled"), "the other SKU has left");
        assert_eq!(shop.tell_order(the_order(), CompleteStep { reason: reason() }), Told::Applied);
    }
    shop.settle();
    end_of(shop)
}

#[test]
fn whatever_is_stuck_an_operator_brings_to_its_end() {
    let mut cases = 0;
    for step in Step::ALL {
        for (failure, scene) in FAILURES.into_iter().flat_map(|f| scenes(step).iter().map(move |scene| (f, *scene))) {
            if !matches!(expected(step, failure, scene), Some(End::Stuck(_))) {
                continue;
            }
            for fault in faults(step, failure) {
                let mut shop = Shop::new(PIECES);
                shop.fault = fault;
                tell(&mut shop, step, scene, failure == Failure::Refused);
                mend(&mut shop, step, failure);
                let end = mended_by_operator(&mut shop, step, failure, scene);
                let wanted = match (failure, scene) {
                    (Failure::Refused, Scene::DeliverPart) => End::Cancelled("compensated_by_operator"),
                    _ => undisturbed(scene),
                };
                assert_eq!(end, wanted, "{step:?}, {scene:?}, {failure:?}");
                assert_clean_slate(&shop, end);
                cases += 1;
            }
        }
    }
    eprintln!("{cases} cases");
}

/// What the order asks of itself is a command like any other, and may be lost like any other.
#[test]
fn an_order_whose_own_next_step_nobody_can_read_is_carried_on_by_its_deadline() {
    let mut shop = Shop::new(PIECES);
    shop.fault = Some(Fault::Unreadable("order.continue", ""));
    tell(&mut shop, Step::Commit, Scene::Checkout, false);
    assert!(matches!(shop.order(the_order()).life, Life::Committed(..)));
    shop.settle();
    assert_eq!(end_of(&shop), End::Confirmed);
    assert_clean_slate(&shop, End::Confirmed);
}

/// A sale that is called off is credited once, whatever happened on the way.
#[test]
fn what_was_sold_and_is_called_off_is_credited_once() {
    for failure in FAILURES {
        if expected(Step::Release, failure, Scene::CallOffSold) != Some(End::Cancelled("cancelled_by_customer")) {
            continue;
        }
        for fault in faults(Step::Release, failure) {
            let mut shop = Shop::new(PIECES);
            (shop.fault, shop.twice) = (fault, failure == Failure::AnsweredTwice);
            tell(&mut shop, Step::Release, Scene::CallOffSold, false);
            mend(&mut shop, Step::Release, failure);
            let events = shop.orders.events();
            let credits =
                events.iter().filter(|(_, event)| matches!(event, OrderEvent::Cancelled(off) if off.credit.is_some()));
            assert_eq!(credits.count(), 1, "{failure:?}");
        }
    }
}
