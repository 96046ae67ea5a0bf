//! Numbers for the order's invoice and credit notes. A series refuses nothing that an order asks for; should it, or
//! should nobody answer, the order is as good as before and waits for an operator.

use tillroll_schemas::Timestamp;
use tillroll_schemas::invoice_series::{Document, InvoiceLine, InvoiceOutcome, RecordInvoiceAnswer};
use tillroll_schemas::order::{Invoiced, OrderEvent, Paper, Placed, Reason, Step, Stuck};

use super::wait::{Participant, Wait};
use super::{Life, Settlement, Sold, compensation};

/// The order's invoice, dated like the sale.
pub(super) fn invoice(order: &Placed) -> Paper {
    let line = |line: &tillroll_schemas::order::Line| InvoiceLine {
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        net: line.line_total,
        tax_rate: line.tax_rate,
        fixed_tax: None,
    };
    paper(order, order.placed_at, order.lines.iter().map(line).collect())
}

/// A credit note over all of it.
pub(super) fn credit_note(order: &Placed, at: Timestamp) -> Paper {
    Paper { dated: at, ..invoice(order) }
}

/// A document of the order with these lines.
pub(super) fn paper(order: &Placed, dated: Timestamp, lines: Vec<InvoiceLine>) -> Paper {
    Paper {
        dated,
        user_id: order.user_id,
        customer: order.customer.clone(),
        country: order.country.clone(),
        buyer: order.buyer.clone(),
        lines,
    }
}

/// What a series answered. An answer about a document that is not awaited changes nothing.
pub(super) fn record(life: &Life, answer: &RecordInvoiceAnswer, at: Timestamp) -> Option<OrderEvent> {
    match life {
        Life::Compensating(ending) if is_cancellation(&answer.document) => {
            compensation::hear_invoice(ending, answer, at)
        }
        life => match (&life.sold()?.settlement, &answer.document) {
            (Settlement::Invoicing(wait), Document::Invoice { .. }) => told(wait, answer),
            (Settlement::Crediting(refunded, wait), Document::CreditNote { credit_id, .. })
                if *credit_id == refunded.reversal.refund_id.0 =>
            {
                told(wait, answer)
            }
            (
                Settlement::Nothing
                | Settlement::Capturing(_)
                | Settlement::Invoicing(_)
                | Settlement::Done
                | Settlement::Refunding(..)
                | Settlement::Crediting(..),
                _,
            ) => None,
        },
    }
}

/// The credit note of an order that was called off bears the order's own id.
fn is_cancellation(document: &Document) -> bool {
    matches!(document, Document::CreditNote { credit_id, order_id: Some(order) } if *credit_id == order.0)
}

fn told(wait: &Wait, answer: &RecordInvoiceAnswer) -> Option<OrderEvent> {
    match &answer.outcome {
        InvoiceOutcome::Issued { series, number } => {
            Some(Invoiced { document: answer.document, series: *series, number: *number, told: None }.into())
        }
        InvoiceOutcome::Refused { code } if wait.awaits(&Participant::Invoice) => {
            Some(refused(Step::Invoice, code, answer).into())
        }
        InvoiceOutcome::Refused { .. } => None,
    }
}

/// The order is stuck: a document of it got no number.
pub(super) fn refused(step: Step, code: &str, answer: &RecordInvoiceAnswer) -> Stuck {
    let reason = Reason { code: code.to_owned(), detail: format!("a document could not be numbered: {code}") };
    let invoice_answer = Some(answer.outcome.clone());
    Stuck { invoice_answer, ..Stuck::new(step, reason) }
}

pub(super) fn invoiced(life: Life) -> Life {
    match life {
        Life::Compensating(_) => life.map_wait(Step::Release, |wait| wait.without(&Participant::Invoice)),
        life => life.map_sold(|sold| match sold.settlement {
            Settlement::Invoicing(_) | Settlement::Crediting(..) => Sold { settlement: Settlement::Done, ..sold },
            Settlement::Nothing | Settlement::Capturing(_) | Settlement::Done | Settlement::Refunding(..) => sold,
        }),
    }
}
