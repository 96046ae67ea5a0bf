//! How an order is paid, as far as its own events say.

use tillroll_schemas::Timestamp;
use tillroll_schemas::order::OrderEvent;

/// What changes of it; what is not said stays as it is.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Change {
    /// Where the payment stands.
    pub(super) status: Option<Status>,
    /// When the customer has to have acted, while he has to.
    pub(super) action_by: Option<Timestamp>,
    /// What went back, to be added; below zero if it came back to the shop.
    pub(super) refunded: i64,
    /// What was credited and did not arrive, to be added; below zero if it went back once more.
    pub(super) owed: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    RequiresAction,
    Authorised,
    Captured,
    Undoing,
    Voided,
    Refunded,
}

/// Of an order that asks for no money, for good.
pub(super) const NOT_REQUIRED: &str = "not_required";

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Authorised => "authorised",
            Self::Captured => "captured",
            Self::Undoing => "undoing",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
        }
    }
}

impl Change {
    pub(super) fn after(&mut self, event: &OrderEvent) {
        if let Some(status) = status_after(event) {
            self.status = Some(status);
            self.action_by = match event {
                OrderEvent::PaymentActionRequired(event) => Some(event.action_by),
                _ => None,
            };
        }
        self.refunded += match event {
            OrderEvent::Refunded(event) => event.reversal.amount.amount,
            OrderEvent::Cancelled(event) => event.refunded.map_or(0, |money| money.amount),
            OrderEvent::RefundRefused(event) => -event.taken_back.map_or(0, |money| money.amount),
            _ => 0,
        };
        self.owed += match event {
            // Of an order that is off nothing was credited for it: it is stuck.
            OrderEvent::RefundRefused(event) if event.was_off => 0,
            OrderEvent::RefundRefused(event) => event.taken_back.map_or(0, |money| money.amount),
            OrderEvent::Refunded(event) => -event.reversal.pays_owed(),
            _ => 0,
        };
    }
}

/// Where the payment stands after the event; none if that does not depend on it.
fn status_after(event: &OrderEvent) -> Option<Status> {
    match event {
        OrderEvent::Placed(_) | OrderEvent::PaymentRequested(_) => Some(Status::Pending),
        OrderEvent::PaymentActionRequired(_) => Some(Status::RequiresAction),
        OrderEvent::PaymentAuthorised(_) => Some(Status::Authorised),
        OrderEvent::PaymentCaptured(_) => Some(Status::Captured),
        OrderEvent::CompensationStarted(event) => {
            Some(if event.undo.is_some() { Status::Undoing } else { Status::Voided })
        }
        OrderEvent::Cancelled(event) => Some(if event.refunded.is_some() { Status::Refunded } else { Status::Voided }),
        OrderEvent::RefundRefused(event) => event.was_off.then_some(Status::Undoing),
        OrderEvent::StockAnswered(_)
        | OrderEvent::StockReserved(_)
        | OrderEvent::StockCommitted(_)
        | OrderEvent::Confirmed(_)
        | OrderEvent::StepOverdue(_)
        | OrderEvent::Stuck(_)
        | OrderEvent::StepRetried(_)
        | OrderEvent::StepCompleted(_)
        | OrderEvent::FulfilmentRequested(_)
        | OrderEvent::Fulfilled(_)
        | OrderEvent::PaymentAnswered(_)
        | OrderEvent::UndoRequested(_)
        | OrderEvent::Invoiced(_)
        | OrderEvent::RefundRequested(_)
        | OrderEvent::Refunded(_) => None,
    }
}
