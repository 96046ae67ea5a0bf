//! What the customer of an order is told because of what happened to it, if he has an account. One message for each
//! news: an order that ends because it could not be paid is told as that, and not as cancelled besides.

use serde_json::Error;
use tillroll_log::{Cause, Outgoing};
use tillroll_schemas::OrderId;
use tillroll_schemas::notification::{
    Content, InvoiceIssued, MessageItem, MessageLine, OrderCancelled, OrderConfirmed, OrderShipped, Paper,
    PaymentActionNeeded, PaymentFailed, QueueNotification, RefundIssued,
};
use tillroll_schemas::order::{Cancelled, Fulfilled, Invoiced, OrderEvent, Told};

/// Reasons for which an order is off because nobody paid.
const UNPAID: [&str; 4] = ["payment_declined", "payment_expired", "payment_failed", "payment_unanswered"];

/// The message that the event causes.
pub(super) fn because_of(cause: &Cause, order_id: OrderId, event: &OrderEvent) -> Result<Option<Outgoing>, Error> {
    let told = match event {
        OrderEvent::Confirmed(event) => event.told.as_ref().map(|told| (told, confirmed(order_id, told))),
        OrderEvent::Cancelled(event) => event.told.as_ref().map(|told| (told, over(order_id, event, told))),
        OrderEvent::Fulfilled(event) => event.told.as_ref().map(|told| (told, shipped(order_id, event, told))),
        OrderEvent::PaymentActionRequired(event) => event.told.as_ref().map(|told| {
            let (amount, action_by) = (told.totals.gross, event.action_by);
            (told, Content::PaymentActionNeeded(PaymentActionNeeded { order_id, amount, action_by }))
        }),
        OrderEvent::Refunded(event) => event.told.as_ref().map(|told| {
            let (refund_id, amount) = (event.reversal.refund_id, event.reversal.amount);
            (told, Content::RefundIssued(RefundIssued { order_id, refund_id, amount }))
        }),
        OrderEvent::Invoiced(event) => event.told.as_ref().map(|told| (told, invoiced(order_id, event, told))),
        // What says nothing of who is told of it nobody is told of.
        _ => None,
    };
    let queued =
        told.map(|(told, content)| QueueNotification::because_of(cause, "tell/customer", told.user_id, content));
    queued.transpose()
}

fn confirmed(order_id: OrderId, told: &Told) -> Content {
    let Told { totals, lines, further_lines, .. } = told.clone();
    Content::OrderConfirmed(OrderConfirmed { order_id, lines, further_lines, totals })
}

fn over(order_id: OrderId, cancelled: &Cancelled, told: &Told) -> Content {
    let code = cancelled.reason.code.clone();
    if UNPAID.contains(&code.as_str()) {
        return Content::PaymentFailed(PaymentFailed { order_id, amount: told.totals.gross, code });
    }
    Content::OrderCancelled(OrderCancelled { order_id, reason: code })
}

/// Only of invoices it says who is told.
fn invoiced(order_id: OrderId, invoiced: &Invoiced, told: &Told) -> Content {
    let (series, number, gross) = (invoiced.series.to_string(), invoiced.number.into(), told.totals.gross);
    Content::InvoiceIssued(InvoiceIssued { order_id, paper: Paper::Invoice, series, number, gross })
}

fn shipped(order_id: OrderId, fulfilled: &Fulfilled, told: &Told) -> Content {
    let item = |line: &MessageLine| {
        let MessageLine { sku, name, quantity, .. } = line.clone();
        MessageItem { sku, name, quantity }
    };
    let (items, further_items) = (told.lines.iter().map(item).collect(), told.further_lines);
    Content::OrderShipped(OrderShipped { order_id, items, further_items, complete: fulfilled.complete })
}

#[cfg(test)]
mod tests;
