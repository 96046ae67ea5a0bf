//! Payments as rows: what a batch of events leaves of them, whole or as changes.

use super::*;
use crate::samples::{at, envelope, gbp};
use tillroll_schemas::payment::{
    Ask, Authorised, CallRepeated, CaptureRequested, Captured, Created, Declined, IntentId, RefundRefused,
    RefundRequested, Refunded, Stuck, VoidStarted, Voided,
};

const PAYMENT: Uuid = Uuid::from_u128(7);
const ORDER: OrderId = OrderId(Uuid::from_u128(1));
const REFUND: RefundId = RefundId(Uuid::from_u128(2));

fn ask() -> Ask {
    Ask { nth: 1, attempt: 0, round: 0, repeat_at: at("2026-11-22T10:00:10Z") }
}

fn intent() -> IntentId {
    IntentId("pi_1".to_owned())
}

fn requested() -> Requested {
    Requested {
        order_id: ORDER,
        user_id: None,
        amount: gbp(500),
        method_token: "pm_card_visa".into(),
        reference: "order 1".to_owned(),
        answer_by: at("2026-11-22T10:01:00Z"),
        action_by: at("2026-11-22T10:10:00Z"),
        ask: ask(),
    }
}

fn capture() -> Call {
    Call::Capture { intent: intent(), amount: gbp(500) }
}

fn refund() -> Call {
    Call::Refund { intent: intent(), refund_id: REFUND, amount: gbp(200) }
}

/// The batch of these events, which begin at that version.
fn folded(version: u64, events: impl IntoIterator<Item = PaymentEvent>) -> Batch {
    let mut batch = Batch::default();
    for (version, event) in (version..).zip(events) {
        let envelope = envelope("payment.events.v1", &PAYMENT.to_string(), version, 40);
        Payments::fold(&mut batch, &envelope, &PaymentRecord { payment: PAYMENT, event });
    }
    batch
}

fn change(version: u64, events: impl IntoIterator<Item = PaymentEvent>) -> Change {
    folded(version, events).payments.remove(&PAYMENT).unwrap()
}

fn refund_of(events: impl IntoIterator<Item = PaymentEvent>) -> RefundChange {
    folded(7, events).refunds.remove(&(PAYMENT, REFUND)).unwrap()
}

fn stuck(call: Call) -> PaymentEvent {
    Stuck { call, code: "provider_unavailable".to_owned(), detail: "silence".to_owned() }.into()
}

#[test]
fn a_payment_that_begins_in_the_batch_is_one_row_with_all_of_it() {
    let created = Created { order_id: ORDER, intent: intent(), ask: ask() };
    let authorised = Authorised { order_id: ORDER, intent: intent(), amount: gbp(500) };
    let begun = change(1, [requested().into(), created.into(), authorised.into()]);
    assert_eq!((begun.new, begun.requested), (Some(ORDER), Some(requested())));
    assert_eq!((begun.intent.as_deref(), begun.status, begun.version), (Some("pi_1"), Some("authorised"), Version(3)));
}

#[test]
fn one_that_was_known_before_changes_only_where_something_happened() {
    let asked = CaptureRequested { order_id: ORDER, intent: intent(), amount: gbp(500), ask: ask() };
    let captured = Captured { order_id: ORDER, amount: gbp(500) };
    let changed = change(4, [asked.into(), captured.into()]);
    assert_eq!((changed.new, changed.intent, changed.captured), (None, None, Some(500)));
    assert_eq!(changed.status, Some("captured"));
}

#[test]
fn why_it_ends_is_kept_and_a_void_at_the_orders_wish_says_nothing() {
    let ending = Ending::Declined { code: "action_overdue".to_owned() };
    let voiding = VoidStarted { order_id: ORDER, intent: intent(), ending, ask: ask() };
    assert_eq!(change(4, [voiding.clone().into()]).code, Some(Some("action_overdue".to_owned())));
    let declined = Declined { order_id: ORDER, code: "do_not_honor".to_owned() };
    assert_eq!(change(4, [declined.into()]).code, Some(Some("do_not_honor".to_owned())));
    let voided = Voided { order_id: ORDER, reason: "cancelled".to_owned() };
    assert_eq!(change(4, [voiding.into(), voided.clone().into()]).code, Some(None));
    assert_eq!((change(5, [voided.clone().into()]).new, change(1, [voided.into()]).new), (None, Some(ORDER)));
}

#[test]
fn it_is_stuck_until_it_gets_on() {
    let code = Some(Some("provider_unavailable".to_owned()));
    assert_eq!((change(5, [stuck(capture())]).stuck_code, change(5, [stuck(capture())]).status), (code, None));
    let again = CallRepeated { call: capture(), ask: ask(), reason: None };
    assert_eq!(change(5, [stuck(capture()), again.into()]).stuck_code, Some(None));
    let captured = Captured { order_id: ORDER, amount: gbp(500) };
    assert_eq!(change(5, [stuck(capture()), captured.into()]).stuck_code, Some(None));
    assert_eq!(change(7, [stuck(refund())]).stuck_code, None, "the refund is, not the payment");
}

#[test]
fn a_refund_goes_its_own_way() {
    let asked = RefundRequested {
        order_id: ORDER,
        intent: intent(),
        refund_id: REFUND,
        amount: gbp(200),
        reason: "broken".to_owned(),
        ask: ask(),
    };
    let done = Refunded { order_id: ORDER, refund_id: REFUND, amount: gbp(200) };
    let new = Some((200, "broken".to_owned()));
    assert_eq!(
        refund_of([asked.clone().into(), done.clone().into()]),
        RefundChange { new, status: "refunded", code: None }
    );
    assert_eq!(refund_of([done.clone().into()]), RefundChange { new: None, status: "refunded", code: None });
    assert_eq!(refund_of([asked.into(), stuck(refund())]).status, "stuck");
    let back = RefundRefused { order_id: ORDER, refund_id: REFUND, code: "account_closed".to_owned() };
    let refused = refund_of([done.into(), back.into()]);
    assert_eq!((refused.status, refused.code.as_deref()), ("refused", Some("account_closed")));
}

#[test]
fn what_an_operator_has_seen_to_counts() {
    let reason = || "seen".to_owned();
    let completed = CallCompleted { order_id: ORDER, call: capture(), ending: None, reason: reason() };
    let done = change(6, [stuck(capture()), completed.into()]);
    assert_eq!((done.status, done.captured, done.stuck_code), (Some("captured"), Some(500), Some(None)));
    let refused = CallRefused { order_id: ORDER, call: capture(), reason: reason() };
    assert_eq!(change(6, [stuck(capture()), refused.into()]).status, Some("authorised"));
    let refused = CallRefused { order_id: ORDER, call: refund(), reason: reason() };
    assert_eq!(refund_of([stuck(refund()), refused.into()]).code.as_deref(), Some(BY_OPERATOR));
}
