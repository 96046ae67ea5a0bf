//! What a payment tells its order: each command of an order ends in one of these.

use crate::{Money, PaymentId, RefundId, Timestamp};
use serde::{Deserialize, Serialize};

/// What the order is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PaymentOutcome {
    /// The whole amount is held.
    Authorised,
    /// The customer has to authenticate himself at the provider.
    RequiresAction {
        /// If he has not by then, the payment declines by itself.
        action_by: Timestamp,
    },
    /// Nothing is held and nothing will be.
    Declined {
        /// Why: the provider's decline code, or `provider_unavailable`, `action_overdue`, `voided`, …
        code: String,
    },
    /// The request was not judged: `another_request`, `dead_lettered`, `conflict`. What an earlier one has brought about
    /// may be held: void it.
    RequestRefused {
        /// Why.
        code: String,
    },
    /// Money was taken.
    Captured {
        /// How much.
        amount: Money,
    },
    /// It was not taken. What was held may still be: void it.
    CaptureRefused {
        /// Why.
        code: String,
    },
    /// Nothing is held and nothing will be.
    Voided,
    /// It cannot be voided: `captured` (refund it), `capturing` (wait for the capture's answer), or the command was not
    /// decided (`dead_lettered`, `conflict`).
    VoidRefused {
        /// Why.
        code: String,
    },
    /// Money went back.
    Refunded {
        /// In which refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
    },
    /// It did not go back. A refund that was told as refunded can still come to this, days later, if the customer's
    /// bank sends the money back to the provider.
    RefundRefused {
        /// Which refund.
        refund_id: RefundId,
        /// Why.
        code: String,
    },
}

/// A payment's answer to its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPaymentAnswer {
    /// Whose.
    pub payment_id: PaymentId,
    /// What.
    #[serde(flatten)]
    pub outcome: PaymentOutcome,
}
