//! What payments and series answer: each command of an order ends in one answer to that order, everything else in none.

use super::*;
use tillroll_log::{Body, Coordinates, EventId, Offset, PartitionId, Timestamp};
use tillroll_schemas::invoice_series::{IssueDocument, NumberRecalled, Series};
use tillroll_schemas::payment::{
    ActionRequired, Authorised, CapturePayment, Captured, Declined, Ending, IntentId, RecordReport, RefundPayment,
    RefundRefused, Refunded, Report, RequestPayment, RetryCall, VoidPayment, VoidRecorded, Voided, WaitOver,
    payment_of,
};
use tillroll_schemas::{Currency, Money, RefundId};
use uuid::Uuid;

const ORDER: OrderId = OrderId(Uuid::from_u128(1));
const REFUND: RefundId = RefundId(Uuid::from_u128(2));
const AMOUNT: Money = Money { amount: 500, currency: Currency::GBP };

fn cause(key: &str) -> Cause {
    let at = Coordinates { topic: "payment.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    Cause { id: EventId(Uuid::from_u128(3)), at, key: key.into(), correlation: None }
}

/// What the order is told, if it is told anything.
fn told(caused: Commands) -> Option<PaymentOutcome> {
    let caused = caused.unwrap();
    let outgoing = caused.first()?;
    assert_eq!((caused.len(), outgoing.to, &*outgoing.key), (1, catalogue::ORDER, ORDER.to_string().as_str()));
    assert_eq!((&*outgoing.step, outgoing.type_name), ("payment-answer", "order.record-payment-answer"));
    let command = OrderCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
    let OrderCommand::RecordPaymentAnswer(answer) = command else { panic!("{command:?}") };
    assert_eq!(answer.payment_id, payment_of(ORDER));
    Some(answer.outcome)
}

fn told_of(event: impl Into<PaymentEvent>) -> Option<PaymentOutcome> {
    told(PaymentReactions::on_event(&cause(&payment_of(ORDER).to_string()), &event.into()))
}

fn told_when(command: impl Into<PaymentCommand>, settled: SettledAs<'_>) -> Option<PaymentOutcome> {
    told(PaymentReactions::on_settled(&cause(&payment_of(ORDER).to_string()), Some(&command.into()), settled))
}

fn request() -> RequestPayment {
    RequestPayment {
        order_id: ORDER,
        user_id: None,
        amount: AMOUNT,
        method_token: "pm_card_visa".into(),
        reference: "1".to_owned(),
        answer_by: Timestamp::UNIX_EPOCH,
        action_by: Timestamp::UNIX_EPOCH,
    }
}

fn capture() -> CapturePayment {
    CapturePayment { order_id: ORDER, amount: AMOUNT }
}

fn void() -> VoidPayment {
    VoidPayment { order_id: ORDER, reason: "r".to_owned() }
}

fn refund() -> RefundPayment {
    RefundPayment { order_id: ORDER, refund_id: REFUND, amount: AMOUNT, reason: "r".to_owned() }
}

fn code() -> String {
    "expired_card".to_owned()
}

#[test]
fn an_order_is_told_what_came_of_its_payment() {
    let (order_id, amount, refund_id) = (ORDER, AMOUNT, REFUND);
    let intent = IntentId("pi_1".to_owned());
    let action_by = Timestamp::UNIX_EPOCH;
    let event = ActionRequired { order_id, intent: intent.clone(), action_by };
    assert_eq!(told_of(event), Some(PaymentOutcome::RequiresAction { action_by }));
    assert_eq!(told_of(Authorised { order_id, intent, amount }), Some(PaymentOutcome::Authorised));
    assert_eq!(told_of(Declined { order_id, code: code() }), Some(PaymentOutcome::Declined { code: code() }));
    assert_eq!(told_of(Captured { order_id, amount }), Some(PaymentOutcome::Captured { amount }));
    assert_eq!(told_of(Voided { order_id, reason: code() }), Some(PaymentOutcome::Voided));
    let event = Refunded { order_id, refund_id, amount };
    assert_eq!(told_of(event), Some(PaymentOutcome::Refunded { refund_id, amount }));
    let event = RefundRefused { order_id, refund_id, code: code() };
    assert_eq!(told_of(event), Some(PaymentOutcome::RefundRefused { refund_id, code: code() }));
    let event = tillroll_schemas::payment::CaptureRefused { order_id, code: code() };
    assert_eq!(told_of(event), Some(PaymentOutcome::CaptureRefused { code: code() }));
}

#[test]
fn steps_on_the_way_are_no_answers() {
    assert_eq!(told_of(VoidRecorded { order_id: ORDER, reason: code() }), None);
    let call = tillroll_schemas::payment::Call::Void { intent: IntentId("pi_1".to_owned()) };
    let stuck = tillroll_schemas::payment::Stuck { call, code: code(), detail: code() };
    assert_eq!(told_of(stuck), None);
    let ask = tillroll_schemas::payment::Ask { nth: 1, attempt: 0, round: 0, repeat_at: Timestamp::UNIX_EPOCH };
    let ending = Ending::Declined { code: code() };
    let intent = IntentId("pi_1".to_owned());
    assert_eq!(told_of(tillroll_schemas::payment::VoidStarted { order_id: ORDER, intent, ending, ask }), None);
}

#[test]
fn a_request_is_declined_only_where_nothing_is_held() {
    let told = |settled| told_when(request(), settled);
    for code in ["voided", "declined", "invalid_amount"] {
        let declined = PaymentOutcome::Declined { code: code.to_owned() };
        assert_eq!(told(SettledAs::Refused(code)), Some(declined));
    }
    let undecided = [
        (SettledAs::Refused("another_request"), "another_request"),
        (SettledAs::Conflict, "conflict"),
        (SettledAs::DeadLettered, "dead_lettered"),
    ];
    for (settled, code) in undecided {
        assert_eq!(told(settled), Some(PaymentOutcome::RequestRefused { code: code.to_owned() }));
    }
}

#[test]
fn an_order_is_told_why_it_was_refused() {
    let settled = SettledAs::Refused("expired_card");
    assert_eq!(told_when(capture(), settled), Some(PaymentOutcome::CaptureRefused { code: code() }));
    assert_eq!(told_when(void(), settled), Some(PaymentOutcome::VoidRefused { code: code() }));
    let refused = PaymentOutcome::RefundRefused { refund_id: REFUND, code: code() };
    assert_eq!(told_when(refund(), settled), Some(refused));
    let undecided = |code: &str| Some(PaymentOutcome::VoidRefused { code: code.to_owned() });
    assert_eq!(told_when(void(), SettledAs::Conflict), undecided("conflict"));
    assert_eq!(told_when(void(), SettledAs::DeadLettered), undecided("dead_lettered"));
}

#[test]
fn a_goal_that_was_reached_already_is_told_as_reached() {
    let settled = SettledAs::Unchanged;
    assert_eq!(told_when(request(), settled), Some(PaymentOutcome::Authorised));
    assert_eq!(told_when(capture(), settled), Some(PaymentOutcome::Captured { amount: AMOUNT }));
    assert_eq!(told_when(void(), settled), Some(PaymentOutcome::Voided));
    let done = PaymentOutcome::Refunded { refund_id: REFUND, amount: AMOUNT };
    assert_eq!(told_when(refund(), settled), Some(done));
}

#[test]
fn what_is_in_progress_is_answered_when_it_is_done() {
    let settled = SettledAs::Refused("in_progress");
    assert_eq!(told_when(request(), settled), None);
    assert_eq!(told_when(capture(), settled), None);
    assert_eq!(told_when(void(), settled), None);
    assert_eq!(told_when(refund(), settled), None);
}

#[test]
fn nobody_is_told_of_the_end_of_other_commands() {
    let settled = SettledAs::Refused("not_stuck");
    assert_eq!(told_when(RecordReport { intent: None, report: Report::Cancelled }, SettledAs::Unchanged), None);
    assert_eq!(told_when(RetryCall { reason: None }, settled), None);
    assert_eq!(told_when(WaitOver { deadline: Timestamp::UNIX_EPOCH }, SettledAs::Unchanged), None);
    assert_eq!(told(PaymentReactions::on_settled(&cause("x"), None, SettledAs::DeadLettered)), None);
}

#[test]
fn a_key_that_is_no_payment_belongs_to_no_order() {
    assert_eq!(told(PaymentReactions::on_settled(&cause("x"), Some(&void().into()), SettledAs::Unchanged)), None);
}

#[test]
fn an_order_is_told_the_number_of_its_document_the_first_time_and_again() {
    let document = Document::Invoice { order_id: ORDER };
    let series: Series = "2026-11".parse().unwrap();
    let event = NumberRecalled { series, number: 17, document }.into();
    let caused = InvoiceSeriesReactions::on_event(&cause("2026-11"), &event).unwrap();
    let [outgoing] = caused.as_slice() else { panic!("one answer") };
    assert_eq!(
        (outgoing.to, &*outgoing.key, &*outgoing.step),
        (catalogue::ORDER, &*ORDER.to_string(), "invoice-answer")
    );
    let command = OrderCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
    let OrderCommand::RecordInvoiceAnswer(answer) = command else { panic!("{command:?}") };
    assert_eq!(answer, RecordInvoiceAnswer { document, outcome: InvoiceOutcome::Issued { series, number: 17 } });
}

#[test]
fn a_document_that_is_refused_is_told_and_a_credit_of_no_order_tells_nobody() {
    let of_order = Document::CreditNote { credit_id: REFUND.0, order_id: Some(ORDER) };
    let alone = Document::CreditNote { credit_id: REFUND.0, order_id: None };
    let dated = Timestamp::UNIX_EPOCH;
    let told = |document, settled| {
        let command = IssueDocument {
            document,
            dated,
            user_id: None,
            customer: None,
            country: None,
            buyer: None,
            lines: Vec::new(),
        };
        InvoiceSeriesReactions::on_settled(&cause("1970-01"), Some(&command.into()), settled).unwrap()
    };
    let caused = told(of_order, SettledAs::Refused("no_lines"));
    let command = OrderCommand::decode(caused[0].type_name, &caused[0].value).unwrap();
    let OrderCommand::RecordInvoiceAnswer(answer) = command else { panic!("{command:?}") };
    assert_eq!(answer.outcome, InvoiceOutcome::Refused { code: "no_lines".to_owned() });
    assert_eq!(told(alone, SettledAs::Refused("no_lines")), Vec::new());
}
