//! Which messages an order's events cause, each once, and that nobody is told of an order without an account.

use super::*;
use tillroll_log::record::event_id;
use tillroll_log::{Body, ClaimId, Coordinates, Offset, Ordinal, PartitionId};
use tillroll_schemas::invoice_series::{Document, Series};
use tillroll_schemas::notification::NotificationCommand;
use tillroll_schemas::order::{Confirmed, PaymentActionRequired, Reason, Sale, Totals};
use tillroll_schemas::{Currency, FulfilmentId, Money, Quantity, Sku, Timestamp, UserId, catalogue};
use uuid::Uuid;

const ANN: UserId = UserId(Uuid::from_u128(1));
const ORDER: OrderId = OrderId(Uuid::from_u128(2));

fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

fn lamp() -> MessageLine {
    let (sku, quantity) = (Sku::parse("LAMP").unwrap(), Quantity::new(2).unwrap());
    MessageLine { sku, name: "lamp".to_owned(), quantity, line_total: gbp(200) }
}

fn ann() -> Option<Box<Told>> {
    let totals = Totals { net: gbp(200), tax: gbp(40), gross: gbp(240) };
    Some(Box::new(Told { user_id: ANN, totals, lines: vec![lamp()], further_lines: 3 }))
}

fn told(event: impl Into<OrderEvent>) -> Option<Content> {
    let at = Coordinates { topic: "order.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    let id = event_id(ClaimId(Uuid::from_u128(9)), Ordinal(1), noon());
    let cause = Cause { id, at, key: ORDER.to_string().into(), correlation: None };
    let outgoing = because_of(&cause, ORDER, &event.into()).unwrap()?;
    assert_eq!(outgoing.to, catalogue::NOTIFICATION);
    let NotificationCommand::Queue(queue) = NotificationCommand::decode(outgoing.type_name, &outgoing.value).unwrap()
    else {
        panic!("{}", outgoing.type_name)
    };
    assert_eq!(queue.user_id, ANN);
    Some(queue.content)
}

fn sale() -> Sale {
    Sale { dated: noon(), country: None, customer: None, lines: vec![] }
}

fn confirmed(told: Option<Box<Told>>) -> Confirmed {
    Confirmed { sale: sale(), capture: None, invoice: None, cart: None, answer_by: None, told }
}

fn cancelled(code: &str) -> Cancelled {
    let reason = Reason { code: code.to_owned(), detail: String::new() };
    let (payment_answer, invoice_answer, credit, refunded, cart) = (None, None, None, None, None);
    Cancelled { reason, answers: vec![], payment_answer, invoice_answer, credit, refunded, cart, told: ann() }
}

#[test]
fn a_confirmation_tells_what_was_ordered() {
    let totals = Totals { net: gbp(200), tax: gbp(40), gross: gbp(240) };
    let expected = OrderConfirmed { order_id: ORDER, lines: vec![lamp()], further_lines: 3, totals };
    assert_eq!(told(confirmed(ann())), Some(Content::OrderConfirmed(expected)));
}

#[test]
fn nobody_is_told_of_an_order_without_an_account() {
    assert_eq!(told(confirmed(None)), None);
}

#[test]
fn an_order_that_was_not_paid_is_told_as_that_and_no_other_way() {
    let off = |reason: &str| Content::OrderCancelled(OrderCancelled { order_id: ORDER, reason: reason.to_owned() });
    assert_eq!(told(cancelled("cancelled_by_customer")), Some(off("cancelled_by_customer")));
    assert_eq!(told(cancelled("insufficient_stock")), Some(off("insufficient_stock")));
    let unpaid = PaymentFailed { order_id: ORDER, amount: gbp(240), code: "payment_declined".to_owned() };
    assert_eq!(told(cancelled("payment_declined")), Some(Content::PaymentFailed(unpaid)));
}

#[test]
fn a_delivery_tells_what_has_left_and_a_payment_until_when_it_waits() {
    let fulfilment_id = FulfilmentId(Uuid::from_u128(5));
    let (answers, releases) = (vec![], vec![]);
    let out = Fulfilled { fulfilment_id, items: vec![], answers, complete: true, releases, told: ann() };
    let MessageLine { sku, name, quantity, .. } = lamp();
    let items = vec![MessageItem { sku, name, quantity }];
    let shipped = OrderShipped { order_id: ORDER, items, further_items: 3, complete: true };
    assert_eq!(told(out), Some(Content::OrderShipped(shipped)));
    let asked = PaymentActionRequired { action_by: noon(), answer_by: noon(), told: ann() };
    let needed = PaymentActionNeeded { order_id: ORDER, amount: gbp(240), action_by: noon() };
    assert_eq!(told(asked), Some(Content::PaymentActionNeeded(needed)));
}

#[test]
fn an_invoice_tells_its_number_and_a_credit_note_tells_nobody() {
    let (series, number) = (Series::of(noon()), 17);
    let event = Invoiced { document: Document::Invoice { order_id: ORDER }, series, number, told: ann() };
    let (paper, gross) = (Paper::Invoice, gbp(240));
    let issued = InvoiceIssued { order_id: ORDER, paper, series: "2026-11".to_owned(), number: 17, gross };
    assert_eq!(told(event.clone()), Some(Content::InvoiceIssued(issued)));
    let document = Document::CreditNote { credit_id: Uuid::from_u128(5), order_id: Some(ORDER) };
    assert_eq!(OrderEvent::from(Invoiced { document, ..event }).told_mut(), None, "of the refund he is told already");
}
