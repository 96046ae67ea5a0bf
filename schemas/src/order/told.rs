//! For whom an order's event is news: what a message about it says besides, so that the reaction that queues it needs no
//! other record.

use super::{OrderEvent, Totals};
use crate::UserId;
use crate::invoice_series::Document;
use crate::notification::MessageLine;
use serde::{Deserialize, Serialize};

/// The customer, who has an account, and what he ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Who.
    pub user_id: UserId,
    /// The sums of the order.
    pub totals: Totals,
    /// The first lines that the news is of; 50 are enough for anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<MessageLine>,
    /// How many there are besides.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub further_lines: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl OrderEvent {
    /// Where the event says who is told of it; nothing of one that nobody is told of.
    pub fn told_mut(&mut self) -> Option<&mut Option<Box<Told>>> {
        match self {
            Self::Confirmed(event) => Some(&mut event.told),
            Self::Cancelled(event) => Some(&mut event.told),
            Self::Fulfilled(event) => Some(&mut event.told),
            Self::PaymentActionRequired(event) => Some(&mut event.told),
            Self::Refunded(event) => Some(&mut event.told),
            // Of what a credit note is about one has been told.
            Self::Invoiced(event) if matches!(event.document, Document::Invoice { .. }) => Some(&mut event.told),
            Self::Placed(_)
            | Self::StockAnswered(_)
            | Self::StockReserved(_)
            | Self::StockCommitted(_)
            | Self::StepOverdue(_)
            | Self::CompensationStarted(_)
            | Self::Stuck(_)
            | Self::StepRetried(_)
            | Self::StepCompleted(_)
            | Self::FulfilmentRequested(_)
            | Self::PaymentRequested(_)
            | Self::PaymentAuthorised(_)
            | Self::PaymentCaptured(_)
            | Self::PaymentAnswered(_)
            | Self::UndoRequested(_)
            | Self::Invoiced(_)
            | Self::RefundRequested(_)
            | Self::RefundRefused(_) => None,
        }
    }
}
