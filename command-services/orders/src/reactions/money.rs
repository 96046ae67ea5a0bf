//! Commands to payments and invoice series.

use serde_json::Error;
use tillroll_log::Outgoing;
use tillroll_schemas::invoice_series::{Document, IssueDocument};
use tillroll_schemas::order::{Charge, DocumentKind, Paper, RefundRequested, Step, Undo};
use tillroll_schemas::payment::{CapturePayment, PaymentCommand, RefundPayment, VoidPayment};
use tillroll_schemas::{OrderId, PaymentId, catalogue};

use crate::order::SagaStep;

pub(super) fn to_payment(to: PaymentId, step: Step, command: impl Into<PaymentCommand>) -> Result<Outgoing, Error> {
    Outgoing::new(catalogue::PAYMENT, to.to_string(), SagaStep::of(step).name, &command.into())
}

pub(super) fn capture(order_id: OrderId, Charge { payment_id, amount }: Charge) -> Result<Outgoing, Error> {
    to_payment(payment_id, Step::Capture, CapturePayment { order_id, amount })
}

pub(super) fn undo(order_id: OrderId, asked: &Undo, reason: &str) -> Result<Outgoing, Error> {
    let reason = reason.to_owned();
    match *asked {
        Undo::Void { payment_id } => to_payment(payment_id, Step::Release, VoidPayment { order_id, reason }),
        Undo::Refund { payment_id, refund_id, amount } => {
            to_payment(payment_id, Step::Release, RefundPayment { order_id, refund_id, amount, reason })
        }
    }
}

pub(super) fn refund(order_id: OrderId, requested: &RefundRequested) -> Result<Outgoing, Error> {
    let reversal = &requested.reversal;
    let (refund_id, amount, reason) = (reversal.refund_id, reversal.amount, reversal.reason.clone());
    to_payment(requested.payment_id, Step::Refund, RefundPayment { order_id, refund_id, amount, reason })
}

/// Asks for the number of a document, in the series of its date.
pub(super) fn issue(order_id: OrderId, kind: DocumentKind, paper: &Paper) -> Result<Outgoing, Error> {
    let credit = |credit_id| Document::CreditNote { credit_id, order_id: Some(order_id) };
    let document = match kind {
        DocumentKind::Invoice => Document::Invoice { order_id },
        DocumentKind::Cancellation => credit(order_id.0),
        DocumentKind::Refund { refund_id } => credit(refund_id.0),
    };
    let Paper { dated, user_id, customer, country, buyer, lines } = paper.clone();
    let (series, command) = IssueDocument { document, dated, user_id, customer, country, buyer, lines }.to_series();
    Outgoing::new(catalogue::INVOICE_SERIES, series.to_string(), SagaStep::of(Step::Invoice).name, &command)
}
