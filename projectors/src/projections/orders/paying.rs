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
        if let Some((status, action_by)) = status_after(event) {
            (self.status, self.action_by) = (Some(status), action_by);
        }
        let (refunded, owed) = match event {
            OrderEvent::Refunded(event) => (event.reversal.amount.amount, -event.reversal.pays_owed()),
            OrderEvent::Cancelled(event) => (event.refunded.map_or(0, |money| money.amount), 0),
            OrderEvent::RefundRefused(event) => {
                let back = event.taken_back.map_or(0, |money| money.amount);
                // Of an order that is off nothing was credited for it: it is stuck.
                (-back, if event.was_off { 0 } else { back })
            }
            OrderEvent::Placed(_)
            | OrderEvent::StockAnswered(_)
            | OrderEvent::StockReserved(_)
            | OrderEvent::StockCommitted(_)
            | OrderEvent::Confirmed(_)
            | OrderEvent::StepOverdue(_)
            | OrderEvent::CompensationStarted(_)
            | OrderEvent::Stuck(_)
            | OrderEvent::StepRetried(_)
            | OrderEvent::StepCompleted(_)
            | OrderEvent::FulfilmentRequested(_)
            | OrderEvent::Fulfilled(_)
            | OrderEvent::PaymentRequested(_)
            | OrderEvent::PaymentActionRequired(_)
            | OrderEvent::PaymentAuthorised(_)
            | OrderEvent::PaymentCaptured(_)
            | OrderEvent::PaymentAnswered(_)
            | OrderEvent::UndoRequested(_)
            | OrderEvent::Invoiced(_)
            | OrderEvent::RefundRequested(_) => (0, 0),
        };
        self.refunded += refunded;
        self.owed += owed;
    }
}

/// Where the payment stands after the event, and by when the customer has to have acted; none if the event says nothing
/// of it.
fn status_after(event: &OrderEvent) -> Option<(Status, Option<Timestamp>)> {
    let status = match event {
        OrderEvent::Placed(_) | OrderEvent::PaymentRequested(_) => Status::Pending,
        OrderEvent::PaymentActionRequired(event) => return Some((Status::RequiresAction, Some(event.action_by))),
        OrderEvent::PaymentAuthorised(_) => Status::Authorised,
        OrderEvent::PaymentCaptured(_) => Status::Captured,
        OrderEvent::CompensationStarted(event) if event.undo.is_some() => Status::Undoing,
        OrderEvent::CompensationStarted(_) => Status::Voided,
        OrderEvent::Cancelled(event) if event.refunded.is_some() => Status::Refunded,
        OrderEvent::Cancelled(_) => Status::Voided,
        OrderEvent::RefundRefused(event) if event.was_off => Status::Undoing,
        OrderEvent::RefundRefused(_)
        | OrderEvent::StockAnswered(_)
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
        | OrderEvent::Refunded(_) => return None,
    };
    Some((status, None))
}
