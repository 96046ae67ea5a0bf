//! Letting go, whenever the order says so: before the request, while it is being authorised, after.

use super::super::wait::REPEATS;
use super::*;
use tillroll_schemas::UserId;
use tillroll_schemas::payment::{CompleteCall, VoidRecorded, Voided};

fn is_voided() -> Voided {
    Voided { order_id: ORDER, reason: "cancelled".to_owned() }
}

#[test]
fn a_void_that_overtakes_the_request_is_kept() {
    given(&[]).when(void()).then(is_voided());
    let voided = given(&[void().into()]);
    voided.when(request()).then_refused(PaymentRejection::Voided);
    voided.when(void()).then_nothing();
}

#[test]
fn what_has_no_recorded_intent_holds_nothing_and_is_voided_at_once() {
    creating().when(void()).then(is_voided());
    let voided = creating().and(void());
    voided.when(reported(Report::Created)).then_nothing();
    assert_eq!(Payment::deadline(&voided.state), None);
}

#[test]
fn a_void_that_overtakes_the_authorisation_lets_go_of_whatever_comes_of_it() {
    let letting_go = confirming().when(void()).then_asks(Call::Void { intent: intent() });
    letting_go.when(reported(authorised())).then_nothing();
    letting_go.when(reported(declined("x"))).then_nothing();
    letting_go.when(reported(Report::RequiresAction)).then_nothing();
    letting_go.when(reported(Report::Cancelled)).then(is_voided());
}

#[test]
fn what_is_held_and_what_the_customer_is_asked_for_is_let_go() {
    held().when(void()).then_asks(Call::Void { intent: intent() });
    confirming().and(reported(Report::RequiresAction)).when(void()).then_asks(Call::Void { intent: intent() });
}

#[test]
fn a_payment_that_voids_itself_ends_as_voided_if_the_order_asks_for_it_meanwhile() {
    let declined = confirming().and(reported(declined("x")));
    declined.when(void()).then(VoidRecorded { order_id: ORDER, reason: "cancelled".to_owned() });
    let asked = declined.and(void());
    asked.when(void()).then_refused(PaymentRejection::InProgress);
    asked.when(reported(Report::Cancelled)).then(is_voided());
}

#[test]
fn nothing_more_is_to_be_done_about_what_holds_nothing() {
    refused_card("x").when(void()).then_nothing();
    held().and(void()).and(reported(Report::Cancelled)).when(void()).then_nothing();
}

#[test]
fn money_that_was_taken_is_refunded_and_not_voided() {
    held().and(capture(1)).when(void()).then_refused(PaymentRejection::Capturing);
    captured(1).when(void()).then_refused(PaymentRejection::Captured);
}

#[test]
fn a_void_that_the_provider_refuses_is_for_an_operator() {
    let refused = held().and(void()).and(reported(Report::CancelRefused { code: "processing".to_owned() }));
    assert_eq!((refused.body().status, refused.body().code.as_deref()), (Status::Stuck, Some("processing")));
    let taken = held().and(void()).and(reported(Report::Captured { amount: gbp(10_000) }));
    assert_eq!(taken.body().code.as_deref(), Some("captured_elsewhere"));
    assert_eq!(refused.and(reported(Report::Cancelled)).body().status, Status::Voided);
}

#[test]
fn whose_it_was_stays_known_of_what_was_voided() {
    let user_id = Some(UserId(Uuid::from_u128(9)));
    let requested = || given(&[RequestPayment { user_id, ..request() }.into()]);
    let letting_go = || requested().and(reported(Report::Created)).and(void());
    let by_hand = letting_go().and_nothing_comes(REPEATS + 1).and(CompleteCall { reason: "seen".to_owned() });
    for voided in [requested().and(void()), letting_go().and(reported(Report::Cancelled)), by_hand] {
        let body = voided.body();
        assert_eq!((body.status, body.user_id, body.order_id), (Status::Voided, user_id, Some(ORDER)));
        assert_eq!((body.amount, body.intent), (Some(gbp(10_000)), None));
        assert_eq!(tillroll_log::through_store(&voided.state).expect("it can be stored").1, voided.state);
    }
    let unasked = given(&[void().into()]).body();
    assert_eq!((unasked.status, unasked.user_id, unasked.order_id), (Status::Voided, None, None));
}
