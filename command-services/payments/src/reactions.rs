//! What payments and invoice series answer the orders that asked: each command of an order ends in one answer to it.
//! Names of steps are for ever: the ids of commands are made of them.

use serde_json::Error;
use tillroll_log::{Cause, Outgoing, Reactions, Rejection, SettledAs};
use tillroll_schemas::invoice_series::{
    Document, InvoiceOutcome, InvoiceSeriesCommand, InvoiceSeriesEvent, RecordInvoiceAnswer,
};
use tillroll_schemas::order::OrderCommand;
use tillroll_schemas::payment::{
    Call, CallCompleted, CallRefused, Ending, PaymentCommand, PaymentEvent, PaymentOutcome, RecordPaymentAnswer,
};
use tillroll_schemas::{OrderId, PaymentId, catalogue};

use crate::invoice_series::InvoiceSeries;
use crate::payment::{Payment, PaymentRejection};

type Commands = Result<Vec<Outgoing>, Error>;

/// The code of what an operator says was refused.
const BY_OPERATOR: &str = "refused_by_operator";

/// What a payment causes.
#[derive(Debug)]
pub struct PaymentReactions;

impl Reactions<Payment> for PaymentReactions {
    const NAME: &'static str = "payment-reactions";

    fn on_event(cause: &Cause, event: &PaymentEvent) -> Commands {
        let (order, outcome) = match event {
            PaymentEvent::ActionRequired(e) => (e.order_id, PaymentOutcome::RequiresAction { action_by: e.action_by }),
            PaymentEvent::Authorised(e) => (e.order_id, PaymentOutcome::Authorised),
            PaymentEvent::Declined(e) => (e.order_id, PaymentOutcome::Declined { code: e.code.clone() }),
            PaymentEvent::Captured(e) => (e.order_id, PaymentOutcome::Captured { amount: e.amount }),
            PaymentEvent::CaptureRefused(e) => (e.order_id, PaymentOutcome::CaptureRefused { code: e.code.clone() }),
            PaymentEvent::Voided(e) => (e.order_id, PaymentOutcome::Voided),
            PaymentEvent::Refunded(e) => {
                (e.order_id, PaymentOutcome::Refunded { refund_id: e.refund_id, amount: e.amount })
            }
            PaymentEvent::RefundRefused(e) => {
                (e.order_id, PaymentOutcome::RefundRefused { refund_id: e.refund_id, code: e.code.clone() })
            }
            PaymentEvent::CallCompleted(e) => match completed(e) {
                Some(outcome) => (e.order_id, outcome),
                None => return Ok(Vec::new()),
            },
            PaymentEvent::CallRefused(e) => match refused(e) {
                Some(outcome) => (e.order_id, outcome),
                None => return Ok(Vec::new()),
            },
            PaymentEvent::Requested(_)
            | PaymentEvent::Created(_)
            | PaymentEvent::ActionOverdue(_)
            | PaymentEvent::CaptureRequested(_)
            | PaymentEvent::VoidStarted(_)
            | PaymentEvent::VoidRecorded(_)
            | PaymentEvent::RefundRequested(_)
            | PaymentEvent::CallRepeated(_)
            | PaymentEvent::Stuck(_) => return Ok(Vec::new()),
        };
        tell_of_payment(cause, order, outcome)
    }

    fn on_settled(cause: &Cause, command: Option<&PaymentCommand>, settled: SettledAs<'_>) -> Commands {
        let refused = refusal(settled);
        // The same was asked before, and the answer to that is still to come.
        if refused.as_deref() == Some(PaymentRejection::InProgress.code()) {
            return Ok(Vec::new());
        }
        let (order, outcome) = match command {
            Some(PaymentCommand::Request(c)) => {
                (c.order_id, refused.map_or(PaymentOutcome::Authorised, request_refused))
            }
            Some(PaymentCommand::Capture(c)) => {
                let refused = refused.map(|code| PaymentOutcome::CaptureRefused { code });
                (c.order_id, refused.unwrap_or(PaymentOutcome::Captured { amount: c.amount }))
            }
            Some(PaymentCommand::Void(c)) => {
                let refused = refused.map(|code| PaymentOutcome::VoidRefused { code });
                (c.order_id, refused.unwrap_or(PaymentOutcome::Voided))
            }
            Some(PaymentCommand::Refund(c)) => {
                let refund_id = c.refund_id;
                let refused = refused.map(|code| PaymentOutcome::RefundRefused { refund_id, code });
                (c.order_id, refused.unwrap_or(PaymentOutcome::Refunded { refund_id, amount: c.amount }))
            }
            Some(
                PaymentCommand::RecordReport(_)
                | PaymentCommand::RetryCall(_)
                | PaymentCommand::CompleteCall(_)
                | PaymentCommand::RefuseCall(_)
                | PaymentCommand::LookInto(_)
                | PaymentCommand::WaitOver(_),
            )
            | None => return Ok(Vec::new()),
        };
        tell_of_payment(cause, order, outcome)
    }
}

/// What an operator has seen to is told like what the provider says.
fn completed(event: &CallCompleted) -> Option<PaymentOutcome> {
    match (&event.call, &event.ending) {
        (Call::Capture { amount, .. }, _) => Some(PaymentOutcome::Captured { amount: *amount }),
        (Call::Refund { refund_id, amount, .. }, _) => {
            Some(PaymentOutcome::Refunded { refund_id: *refund_id, amount: *amount })
        }
        (Call::Void { .. }, Some(Ending::Voided { .. })) => Some(PaymentOutcome::Voided),
        (Call::Void { .. }, Some(Ending::Declined { code })) => Some(PaymentOutcome::Declined { code: code.clone() }),
        (Call::Void { .. }, None) | (Call::Create { .. } | Call::Confirm { .. } | Call::Look { .. }, _) => None,
    }
}

fn refused(event: &CallRefused) -> Option<PaymentOutcome> {
    let code = BY_OPERATOR.to_owned();
    match &event.call {
        Call::Capture { .. } => Some(PaymentOutcome::CaptureRefused { code }),
        Call::Refund { refund_id, .. } => Some(PaymentOutcome::RefundRefused { refund_id: *refund_id, code }),
        Call::Create { .. } | Call::Confirm { .. } | Call::Look { .. } | Call::Void { .. } => None,
    }
}

fn tell_of_payment(cause: &Cause, order: OrderId, outcome: PaymentOutcome) -> Commands {
    // Orders ask by payment id, so a key that is none belongs to no order.
    let Ok(payment_id) = cause.key.parse::<PaymentId>() else { return Ok(Vec::new()) };
    let answer: OrderCommand = RecordPaymentAnswer { payment_id, outcome }.into();
    Ok(vec![Outgoing::new(catalogue::ORDER, order.to_string(), "payment-answer", &answer)?])
}

/// What an invoice series causes.
#[derive(Debug)]
pub struct InvoiceSeriesReactions;

impl Reactions<InvoiceSeries> for InvoiceSeriesReactions {
    const NAME: &'static str = "invoice-series-reactions";

    fn on_event(_: &Cause, event: &InvoiceSeriesEvent) -> Commands {
        let (document, series, number) = match event {
            InvoiceSeriesEvent::DocumentIssued(e) => (e.document, e.series, e.number),
            InvoiceSeriesEvent::NumberRecalled(e) => (e.document, e.series, e.number),
        };
        tell_of_document(document, InvoiceOutcome::Issued { series, number })
    }

    fn on_settled(_: &Cause, command: Option<&InvoiceSeriesCommand>, settled: SettledAs<'_>) -> Commands {
        // No command is settled as unchanged: one that changes nothing is told its number by an event.
        let (Some(InvoiceSeriesCommand::Issue(command)), Some(code)) = (command, refusal(settled)) else {
            return Ok(Vec::new());
        };
        tell_of_document(command.document, InvoiceOutcome::Refused { code })
    }
}

/// A credit that stands alone has nobody who waits for its number.
fn tell_of_document(document: Document, outcome: InvoiceOutcome) -> Commands {
    let Some(order) = document.order() else { return Ok(Vec::new()) };
    let answer: OrderCommand = RecordInvoiceAnswer { document, outcome }.into();
    Ok(vec![Outgoing::new(catalogue::ORDER, order.to_string(), "invoice-answer", &answer)?])
}

/// A request that is refused is declined if nothing is held because of that, or nothing was before.
fn request_refused(code: String) -> PaymentOutcome {
    let nothing_held = [PaymentRejection::Voided, PaymentRejection::Declined, PaymentRejection::InvalidAmount];
    if nothing_held.iter().any(|rejection| rejection.code() == code) {
        PaymentOutcome::Declined { code }
    } else {
        PaymentOutcome::RequestRefused { code }
    }
}

/// The code of a refusal; none if the goal was reached already.
fn refusal(settled: SettledAs<'_>) -> Option<String> {
    match settled {
        SettledAs::Refused(code) => Some(code.to_owned()),
        SettledAs::Unchanged => None,
        SettledAs::Conflict => Some("conflict".to_owned()),
        SettledAs::DeadLettered => Some("dead_lettered".to_owned()),
    }
}

#[cfg(test)]
mod tests;
