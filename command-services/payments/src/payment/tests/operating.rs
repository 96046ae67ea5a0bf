//! What an operator does with a payment that is stuck.

use super::super::wait::REPEATS;
use super::*;
use tillroll_schemas::payment::{CallCompleted, CallRefused, CompleteCall, Ending, RefuseCall};

fn complete() -> CompleteCall {
    CompleteCall { reason: "seen".to_owned() }
}

fn refuse() -> RefuseCall {
    RefuseCall { reason: "seen".to_owned() }
}

fn capture_call(amount: i64) -> Call {
    Call::Capture { intent: intent(), amount: gbp(amount) }
}

fn refund_call() -> Call {
    Call::Refund { intent: intent(), refund_id: refund_id(1), amount: gbp(5) }
}

fn stuck_capture() -> Given {
    held().and(capture(9)).and_nothing_comes(REPEATS + 1)
}

fn stuck_refund() -> Given {
    captured(9).and(refund(1, 5)).and_nothing_comes(REPEATS + 1)
}

fn stuck_void() -> Given {
    held().and(void()).and_nothing_comes(REPEATS + 1)
}

#[test]
fn why_a_call_is_made_again_stands_in_the_event() {
    let reason = Some("they answer again".to_owned());
    let PaymentEvent::CallRepeated(again) = stuck_capture().when(RetryCall { reason: reason.clone() }).happened()
    else {
        panic!("it is made again")
    };
    assert_eq!((again.call, again.reason), (capture_call(9), reason));
}

#[test]
fn a_call_that_an_operator_has_seen_to_is_done() {
    let event = |call, ending| CallCompleted { order_id: ORDER, call, ending, reason: "seen".to_owned() };
    stuck_capture().when(complete()).then(event(capture_call(9), None));
    assert_eq!(stuck_capture().and(complete()).body().status, Status::Captured);
    stuck_refund().when(complete()).then(event(refund_call(), None));
    assert_eq!(stuck_refund().and(complete()).body().refunded, Some(gbp(5)));
    let ending = Some(Ending::Voided { reason: void().reason });
    stuck_void().when(complete()).then(event(Call::Void { intent: intent() }, ending));
    assert_eq!(stuck_void().and(complete()).body().status, Status::Voided);
}

#[test]
fn a_call_that_an_operator_has_seen_to_fail_is_refused() {
    let event = |call| CallRefused { order_id: ORDER, call, reason: "seen".to_owned() };
    stuck_capture().when(refuse()).then(event(capture_call(9)));
    assert_eq!(stuck_capture().and(refuse()).body().status, Status::Authorised);
    stuck_refund().when(refuse()).then(event(refund_call()));
    let refused = stuck_refund().and(refuse());
    assert_eq!((refused.body().status, refused.body().refunded), (Status::Captured, Some(gbp(0))));
    refused.when(refund(2, 9)).happened();
}

#[test]
fn what_may_be_held_is_never_given_up() {
    stuck_void().when(refuse()).then_refused(PaymentRejection::MayBeHeld);
}

#[test]
fn only_what_is_stuck_is_mended() {
    for payment in [held(), held().and(capture(9)), captured(9), confirming()] {
        payment.when(complete()).then_refused(PaymentRejection::NotStuck);
        payment.when(refuse()).then_refused(PaymentRejection::NotStuck);
    }
    given(&[]).when(complete()).then_refused(PaymentRejection::NotFound);
    given(&[]).when(RetryCall { reason: None }).then_refused(PaymentRejection::NotFound);
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_says_why() {
    use tillroll_log::Rejection;
    let codes: std::collections::BTreeSet<_> = PaymentRejection::ALL.iter().map(Rejection::code).collect();
    assert_eq!(codes.len(), PaymentRejection::ALL.len());
    assert!(PaymentRejection::ALL.iter().all(|rejection| !rejection.detail().is_empty()));
}

#[test]
fn every_refusal_of_an_operator_is_a_problem_that_is_documented() {
    use tillroll_log::Rejection;
    for refused in [PaymentRejection::NotStuck, PaymentRejection::MayBeHeld, PaymentRejection::NotFound] {
        assert!(tillroll_command_http::kind_of(refused.code()).is_some(), "{refused:?}");
        assert!(include_str!("../../../../../docs/problems.md").contains(&format!("`{}`", refused.code())));
    }
}
