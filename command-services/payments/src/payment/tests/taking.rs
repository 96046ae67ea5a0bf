//! Taking what is held, and giving it back in parts.

use super::*;
use tillroll_schemas::payment::{CaptureRefused, Captured, Declined, RefundRefused, Refunded};

fn usd(amount: i64) -> Money {
    Money { amount, currency: "USD".parse().unwrap() }
}

#[test]
fn what_is_held_can_be_taken_once_whole_or_in_part() {
    for amount in [1, 9_999, 10_000] {
        let taking = held().when(capture(amount)).then_asks(Call::Capture { intent: intent(), amount: gbp(amount) });
        let event = Captured { order_id: ORDER, amount: gbp(amount) };
        taking.when(reported(Report::Captured { amount: gbp(amount) })).then(event);
    }
}

#[test]
fn no_more_is_taken_than_is_held() {
    held().when(capture(10_001)).then_refused(PaymentRejection::ExceedsAuthorised);
    held().when(capture(0)).then_refused(PaymentRejection::InvalidAmount);
    held().when(CapturePayment { order_id: ORDER, amount: usd(1) }).then_refused(PaymentRejection::CurrencyMismatch);
}

#[test]
fn nothing_is_taken_that_is_not_held() {
    let nothing_held = [
        given(&[]),
        creating(),
        confirming(),
        confirming().and(reported(Report::RequiresAction)),
        confirming().and(reported(declined("x"))),
        refused_card("x"),
        held().and(void()),
        held().and(void()).and(reported(Report::Cancelled)),
    ];
    for payment in nothing_held {
        payment.when(capture(1)).then_refused(PaymentRejection::NotAuthorised);
    }
}

#[test]
fn a_capture_that_comes_again_is_told_how_things_stand() {
    held().and(capture(500)).when(capture(500)).then_refused(PaymentRejection::InProgress);
    held().and(capture(500)).when(capture(501)).then_refused(PaymentRejection::AlreadyCaptured);
    captured(500).when(capture(500)).then_nothing();
    captured(500).when(capture(501)).then_refused(PaymentRejection::AlreadyCaptured);
    captured(500).when(reported(Report::Captured { amount: gbp(500) })).then_nothing();
}

#[test]
fn a_capture_that_the_provider_refuses_leaves_the_payment_to_be_voided_or_tried_again() {
    let code = "charge_expired_for_capture".to_owned();
    let taking = held().and(capture(10_000));
    let refused = Report::CaptureRefused { code: code.clone() };
    taking.when(reported(refused.clone())).then(CaptureRefused { order_id: ORDER, code });
    let refused = taking.and(reported(refused));
    refused.when(capture(9_000)).then_asks(Call::Capture { intent: intent(), amount: gbp(9_000) });
    refused.when(void()).then_asks(Call::Void { intent: intent() });
}

#[test]
fn an_authorisation_that_lapsed_is_declined_and_cannot_be_taken() {
    let event = Declined { order_id: ORDER, code: "authorisation_cancelled".to_owned() };
    for payment in [held(), held().and(capture(1))] {
        payment.when(reported(Report::Cancelled)).then(event.clone());
        payment.and(reported(Report::Cancelled)).when(capture(1)).then_refused(PaymentRejection::NotAuthorised);
    }
}

#[test]
fn money_taken_that_is_not_what_was_asked_for_is_for_an_operator() {
    for amount in [gbp(10_001), gbp(6), gbp(4), gbp(1), gbp(0), usd(5)] {
        let stuck = held().and(capture(5)).and(reported(Report::Captured { amount }));
        assert_eq!(stuck.body().code.as_deref(), Some("captured_other_amount"), "{amount:?}");
    }
}

#[test]
fn money_goes_back_in_parts() {
    let first = captured(10_000).when(refund(1, 4_000)).then_asks(Call::Refund {
        intent: intent(),
        refund_id: refund_id(1),
        amount: gbp(4_000),
    });
    let event = Refunded { order_id: ORDER, refund_id: refund_id(1), amount: gbp(4_000) };
    first.when(reported(Report::Refunded { refund_id: refund_id(1) })).then(event);
    let partly = first.and(reported(Report::Refunded { refund_id: refund_id(1) }));
    assert_eq!((partly.body().status, partly.body().refunded), (Status::Captured, Some(gbp(4_000))));
    let wholly = partly.and(refund(2, 6_000)).and(reported(Report::Refunded { refund_id: refund_id(2) }));
    assert_eq!((wholly.body().status, wholly.body().refunded), (Status::Refunded, Some(gbp(10_000))));
}

#[test]
fn no_more_goes_back_than_was_taken_what_is_on_its_way_included() {
    let on_its_way = captured(10_000).and(refund(1, 6_000));
    on_its_way.when(refund(2, 4_001)).then_refused(PaymentRejection::ExceedsCaptured);
    on_its_way.and(refund(2, 4_000)).when(refund(3, 1)).then_refused(PaymentRejection::ExceedsCaptured);
    captured(5_000).when(refund(1, 5_001)).then_refused(PaymentRejection::ExceedsCaptured);
    captured(5_000).when(refund(1, 0)).then_refused(PaymentRejection::InvalidAmount);
}

#[test]
fn what_a_refused_refund_did_not_give_back_can_still_go_back() {
    let code = "charge_disputed".to_owned();
    let refused = Report::RefundRefused { refund_id: refund_id(1), code: code.clone() };
    let asked = captured(10_000).and(refund(1, 10_000));
    let event = RefundRefused { order_id: ORDER, refund_id: refund_id(1), code };
    asked.when(reported(refused.clone())).then(event);
    let refused = asked.and(reported(refused));
    refused.when(refund(1, 10_000)).then_refused(PaymentRejection::RefundRefused);
    refused.when(reported(Report::Refunded { refund_id: refund_id(1) })).then_nothing();
    refused.and(refund(2, 10_000));
}

#[test]
fn a_refund_that_the_bank_sends_back_is_refused_after_all() {
    let done = captured(10_000).and(refund(1, 10_000)).and(reported(Report::Refunded { refund_id: refund_id(1) }));
    let failed = Report::RefundRefused { refund_id: refund_id(1), code: "expired_or_canceled_card".to_owned() };
    let failed = done.and(reported(failed));
    assert_eq!(failed.body().refunded, Some(gbp(0)));
}

#[test]
fn a_refund_that_comes_again_is_told_how_things_stand() {
    let asked = captured(10_000).and(refund(1, 500));
    asked.when(refund(1, 500)).then_refused(PaymentRejection::InProgress);
    asked.when(refund(1, 501)).then_refused(PaymentRejection::AnotherRefund);
    let done = asked.and(reported(Report::Refunded { refund_id: refund_id(1) }));
    done.when(refund(1, 500)).then_nothing();
    done.when(reported(Report::Refunded { refund_id: refund_id(1) })).then_nothing();
    done.when(reported(Report::Refunded { refund_id: refund_id(9) })).then_nothing();
}

#[test]
fn what_was_not_taken_cannot_go_back() {
    for payment in [given(&[]), creating(), held(), held().and(capture(1)), held().and(void())] {
        payment.when(refund(1, 1)).then_refused(PaymentRejection::NotCaptured);
    }
}
