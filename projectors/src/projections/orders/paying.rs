//! How an order is paid, as far as its own events say.

use tillroll_schemas::order::{OrderEvent, Step};
use tillroll_schemas::payment::PaymentOutcome;
use tillroll_schemas::{Money, Timestamp};

/// What changes of it; what is not said stays as it is.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Change {
    /// Where the payment stands.
    pub(super) status: Option<Status>,
    /// When the customer has to have acted, while he has to.
    pub(super) action_by: Option<Timestamp>,
    /// What went back, to be added; below zero if it came back to the shop.
    pub(super) refunded: i64,
    /// What was told as paid back and did not arrive, to be added; below zero if it went back once more.
    pub(super) owed: i64,
    /// So much is owed then at least. What changes it in turn is joined so that the row is the same in whichever batches
    /// events come.
    pub(super) owed_least: i64,
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
            OrderEvent::RefundRefused(event) => {
                let back = amount_of(event.taken_back);
                (-back, back)
            }
            // Whatever was owed goes back with all the rest, or has.
            OrderEvent::Cancelled(event) => {
                self.refunded += amount_of(event.refunded);
                return self.owes_exactly(0);
            }
            OrderEvent::CompensationStarted(_) => return self.owes_exactly(0),
            OrderEvent::PaymentAnswered(event) if !matches!(event.outcome, PaymentOutcome::VoidRefused { .. }) => {
                return self.owes_exactly(0);
            }
            OrderEvent::StepCompleted(event) if event.step == Step::Release => return self.owes_exactly(0),
            // It says all that is owed, if anything of that has changed.
            OrderEvent::Stuck(event) => return event.owed.into_iter().for_each(|owed| self.owes_exactly(owed.amount)),
            OrderEvent::Placed(_)
            | OrderEvent::StockAnswered(_)
            | OrderEvent::StockReserved(_)
            | OrderEvent::StockCommitted(_)
            | OrderEvent::Confirmed(_)
            | OrderEvent::StepOverdue(_)
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
        self.owes(owed, 0);
    }

    /// So much more is owed, or less, but so much at least: what went back may be more than what was owed of it.
    fn owes(&mut self, more: i64, least: i64) {
        self.owed = self.owed.saturating_add(more);
        self.owed_least = self.owed_least.saturating_add(more).max(least);
    }

    /// So much is owed, whatever was before: by half of the least number, so that nothing added to it overflows.
    fn owes_exactly(&mut self, amount: i64) {
        self.owes(i64::MIN / 2, amount);
    }
}

fn amount_of(money: Option<Money>) -> i64 {
    money.map_or(0, |money| money.amount)
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
        OrderEvent::PaymentAnswered(event)
            if matches!(event.outcome, PaymentOutcome::Voided | PaymentOutcome::Declined { .. }) =>
        {
            Status::Voided
        }
        OrderEvent::RefundRefused(event) if event.was_off => Status::Undoing,
        OrderEvent::UndoRequested(_) => Status::Undoing,
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
        | OrderEvent::Invoiced(_)
        | OrderEvent::RefundRequested(_)
        | OrderEvent::Refunded(_) => return None,
    };
    Some((status, None))
}
