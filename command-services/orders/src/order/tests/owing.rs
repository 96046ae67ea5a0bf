//! Whatever comes back of an order that is off is owed until it has gone back once more: while another refund is under
//! way, when that is done or refused, after an operator has seen to something by hand, and if money is taken of which
//! nobody knew.

use tillroll_log::{Aggregate, through_store};
use tillroll_schemas::order::*;
use tillroll_schemas::payment::PaymentOutcome;
use tillroll_schemas::{Money, RefundId};

use super::paid_back::{cancel, paid_back, released};
use super::paying::{GROSS, PAYMENT, authorised, body, says, settled, sold_by_card, story};
use super::reversal::{bounces, then};
use super::*;
use crate::order::{PaymentStatus, Status};

/// Paid back in two parts, of 1,000 and of the rest, then called off.
fn off() -> Given {
    then(then(paid_back(), cancel()), released())
}

const REST: i64 = GROSS - 1_000;

fn retry() -> RetryStep {
    RetryStep { reason: None }
}

fn complete() -> CompleteStep {
    CompleteStep { reason: "paid in cash".to_owned() }
}

/// Which refund the last event asks for, and of how much.
fn asks(story: &Given) -> (RefundId, i64) {
    let undo = match story.0.last() {
        Some(OrderEvent::StepRetried(StepRetried { undo: Some(undo), .. })) => undo,
        Some(OrderEvent::CompensationStarted(CompensationStarted { undo: Some(undo), .. })) => undo,
        Some(OrderEvent::UndoRequested(UndoRequested { undo, .. })) => undo,
        other => panic!("{other:?}"),
    };
    let Undo::Refund { payment_id: PAYMENT, refund_id, amount } = *undo else { panic!("{undo:?}") };
    (refund_id, amount.amount)
}

fn is_back((refund_id, amount): (RefundId, i64)) -> OrderCommand {
    says(PaymentOutcome::Refunded { refund_id, amount: gbp(amount) }).into()
}

fn is_refused((refund_id, _): (RefundId, i64), code: &str) -> OrderCommand {
    says(PaymentOutcome::RefundRefused { refund_id, code: code.to_owned() }).into()
}

/// Where it stands, what is owed and what is back.
fn stands(story: &Given) -> (Status, i64, i64) {
    let state = story.state();
    assert_eq!(through_store(&state).expect("it can be stored").1, state);
    let body = body(story);
    (body.status, body.owed.map_or(0, |owed| owed.amount), body.refunded.amount)
}

/// What the last event says that is owed, and what it says of the end.
fn ends(story: &Given) -> (Option<Money>, Option<Money>) {
    match story.0.last() {
        Some(OrderEvent::Stuck(stuck)) => (stuck.owed, None),
        Some(OrderEvent::Cancelled(cancelled)) => (None, cancelled.refunded),
        other => panic!("{other:?}"),
    }
}

/// The first came back and is sent once more, and meanwhile the second comes back.
fn both() -> (Given, (RefundId, i64)) {
    let story = then(then(off(), bounces(1)), retry());
    let asked = asks(&story);
    assert_eq!((asked.1, stands(&story)), (1_000, (Status::Pending, 1_000, REST)));
    (then(story, bounces(2)), asked)
}

#[test]
fn money_that_bounces_while_another_refund_is_under_way_is_owed_and_goes_back_after_that() {
    let (story, first) = both();
    let Some(OrderEvent::RefundRefused(bounced)) = story.0.last() else { panic!("{:?}", story.0) };
    assert_eq!((bounced.taken_back, bounced.was_off), (Some(gbp(REST)), true));
    assert_eq!(stands(&story), (Status::Stuck, GROSS, 0), "staff see it at once");
    story.when(bounces(2)).nothing();
    story.when(bounces(1)).nothing();
    let story = then(story, is_back(first));
    assert_eq!(ends(&story), (Some(gbp(REST)), None));
    assert_eq!((stands(&story), Order::deadline(&story.state())), ((Status::Stuck, REST, 0), None));
    for again in [is_back(first), bounces(2), bounces(1)] {
        story.when(again).nothing();
    }
    let story = then(story, retry());
    let second = asks(&story);
    assert!(second.1 == REST && second.0 != first.0, "{second:?}");
    let story = then(story, is_back(second));
    assert_eq!(ends(&story), (None, Some(gbp(GROSS))));
    assert_eq!(stands(&story), (Status::Cancelled, 0, GROSS));
    let story = then(story, is_refused(first, "failed"));
    assert_eq!(stands(&story), (Status::Stuck, 1_000, REST), "each of them may come back once more");
}

#[test]
fn what_is_refused_goes_back_with_what_came_back_meanwhile() {
    let (story, first) = both();
    let story = then(story, is_refused(first, "charge_disputed"));
    assert_eq!(stands(&story), (Status::Stuck, GROSS, 0));
    let story = then(story, retry());
    assert_eq!(asks(&story).1, GROSS);
    let all = asks(&story);
    assert_eq!(stands(&then(story, is_back(all))), (Status::Cancelled, 0, GROSS));
}

/// That refund may still be made, so it is asked for under its own id and of its own amount.
#[test]
fn what_nobody_decided_is_asked_again_without_what_came_back_meanwhile() {
    let (story, first) = both();
    let story = then(then(story, is_refused(first, "dead_lettered")), retry());
    assert_eq!(asks(&story), first);
    let story = then(then(story, is_back(first)), retry());
    assert_eq!(asks(&story).1, REST);
}

#[test]
fn an_operator_who_retries_too_early_asks_for_nothing_twice() {
    let (story, first) = both();
    let story = then(story, retry());
    assert_eq!((asks(&story), stands(&story)), (first, (Status::Pending, GROSS, 0)));
    let story = then(story, is_back(first));
    assert_eq!(stands(&story), (Status::Stuck, REST, 0), "the rest is seen again");
}

#[test]
fn a_refund_that_bounces_before_everybody_has_let_go_is_owed_before_the_order_ends() {
    let story = then(settled(), cancel());
    let first = asks(&story);
    let story = then(story, is_back(first));
    assert_eq!(stands(&story), (Status::Pending, 0, 0), "its end tells");
    assert_eq!(body(&story).payment.status, PaymentStatus::Undoing);
    let story = then(story, is_refused(first, "failed"));
    assert_eq!((ends(&story), stands(&story)), ((Some(gbp(GROSS)), None), (Status::Stuck, GROSS, 0)));
    story.when(is_refused(first, "failed")).nothing();
    let story = then(story, retry());
    let second = asks(&story);
    assert!(second.1 == GROSS && second.0 != first.0, "{second:?}");
    let story = then(story, is_back(second));
    assert!(matches!(story.0.last(), Some(OrderEvent::PaymentAnswered(_))), "stock is awaited");
    assert_eq!(stands(&story), (Status::Pending, 0, 0), "what went back is not owed");
    assert_eq!(
        stands(&then(story, is_refused(second, "failed"))),
        (Status::Stuck, GROSS, 0),
        "and once if it comes back"
    );
}

#[test]
fn what_an_operator_has_seen_to_does_not_come_back_and_what_he_completed_unanswered_may() {
    // What was refused he has paid in another way.
    let story = then(then(then(off(), bounces(1)), complete()), Continue {});
    assert_eq!(stands(&story), (Status::Cancelled, 0, GROSS));
    story.when(bounces(1)).nothing();
    assert_eq!(stands(&then(story, bounces(2))), (Status::Stuck, REST, 1_000));
    // What he completed without an answer, and what came back beside it.
    let (story, first) = both();
    let by_hand = then(story, complete());
    by_hand.when(bounces(2)).nothing();
    for (story, refunded) in [(by_hand.clone_and([]), 0), (then(by_hand, Continue {}), REST)] {
        let story = then(story, is_refused(first, "failed"));
        assert_eq!(stands(&story), (Status::Stuck, 1_000, refunded));
        story.when(Continue {}).nothing();
        assert_eq!(asks(&then(story, retry())).1, 1_000);
    }
}

/// Logs of builds before: they took what was refused a second time for come back, and go on with that.
#[test]
fn what_an_earlier_build_took_for_come_back_is_owed_as_it_was() {
    let story = then(then(then(off(), bounces(1)), complete()), Continue {});
    let refund_id = RefundId(Uuid::from_u128(1));
    let taken_back = Some(gbp(1_000));
    let twice = RefundRefused { refund_id, code: "failed".to_owned(), taken_back, was_off: true };
    let story = story.and([twice.into()]);
    assert_eq!(stands(&story), (Status::Stuck, 1_000, REST));
}

#[test]
fn money_that_is_taken_after_its_void_was_completed_by_hand_goes_back() {
    let captured = says(PaymentOutcome::Captured { amount: gbp(GROSS) });
    let refused = |code: &str| says(PaymentOutcome::VoidRefused { code: code.to_owned() });
    let unanswered = || Stuck::new(Step::Release, reason("payment_unanswered", "no answer in time")).into();
    let off = then(story([sold_by_card(), vec![cancel().into()]].concat()), released());
    let by_hand = then(off.and([unanswered()]), complete());
    let over = then(by_hand.clone_and([]), Continue {});
    assert_eq!(stands(&over), (Status::Cancelled, 0, 0));
    over.when(refused("capturing")).nothing();
    over.when(says(PaymentOutcome::Voided)).nothing();
    for story in [by_hand, over] {
        for late in [captured.clone(), refused("captured")] {
            let story = then(story.clone_and([]), late);
            assert_eq!((stands(&story).0, body(&story).payment.status), (Status::Pending, PaymentStatus::Undoing));
            story.when(Continue {}).nothing();
            let back = asks(&story);
            assert_eq!(back.1, GROSS);
            let story = then(story, is_back(back));
            assert_eq!((ends(&story).1, stands(&story)), (Some(gbp(GROSS)), (Status::Cancelled, 0, GROSS)));
            story.when(captured.clone()).nothing();
        }
    }
}

#[test]
fn money_that_is_held_after_its_void_was_completed_by_hand_is_let_go() {
    let unanswered = Stuck::new(Step::Release, reason("payment_unanswered", "no answer in time"));
    let off = then(story([authorised(), vec![cancel().into()]].concat()), released());
    let over = then(then(off.and([unanswered.into()]), complete()), Continue {});
    for held in [PaymentOutcome::Authorised, PaymentOutcome::CaptureRefused { code: "expired".to_owned() }] {
        let story = then(over.clone_and([]), says(held));
        let Some(OrderEvent::UndoRequested(asked)) = story.0.last() else { panic!("{:?}", story.0) };
        assert_eq!(asked.undo, Undo::Void { payment_id: PAYMENT });
        let story = then(story, says(PaymentOutcome::Voided));
        assert_eq!((ends(&story), stands(&story)), ((None, None), (Status::Cancelled, 0, 0)));
    }
}
