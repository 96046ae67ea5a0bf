//! What can be asked of a payment: by its order, by the provider through effects and webhooks, by its own timers, by
//! operators. Every command of an order names it, so that also a refusal can be answered.

use super::{IntentId, MethodToken};
use crate::{Money, OrderId, RefundId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Holds an amount. Ends in `authorised`, `declined`, or `voided` if a void overtakes it; `requires_action` may come
/// before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestPayment {
    /// For which order.
    pub order_id: OrderId,
    /// Whose, if he has an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// How much; above 0.
    pub amount: Money,
    /// The provider's name for the customer's card.
    pub method_token: MethodToken,
    /// The shop's own name for what is paid; no personal data.
    pub reference: String,
    /// When the wait for an authorisation ends.
    pub answer_by: Timestamp,
    /// When the wait for the customer ends; before the order's reservations lapse.
    pub action_by: Timestamp,
}

/// Takes what is held, or part of it. Ends in `captured` or `capture_refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturePayment {
    /// For which order.
    pub order_id: OrderId,
    /// How much; above 0.
    pub amount: Money,
}

/// Lets go of what is held, or will be. Ends in `voided` or `void_refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidPayment {
    /// For which order.
    pub order_id: OrderId,
    /// For people; no personal data.
    pub reason: String,
}

/// Gives back. Ends in `refunded` or `refund_refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPayment {
    /// For which order.
    pub order_id: OrderId,
    /// Which refund.
    pub refund_id: RefundId,
    /// How much; above 0.
    pub amount: Money,
    /// For people; no personal data.
    pub reason: String,
}

/// How things stand at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// The intent is there, unconfirmed.
    Created,
    /// The customer has to authenticate himself.
    RequiresAction,
    /// He had to, his time is over, and he has not.
    NotActed,
    /// Money is held.
    Authorised {
        /// How much can be captured.
        amount: Money,
    },
    /// It will not be held.
    Declined {
        /// Why.
        code: String,
    },
    /// Money was taken.
    Captured {
        /// How much.
        amount: Money,
    },
    /// It was not taken and will not be by that call.
    CaptureRefused {
        /// Why.
        code: String,
    },
    /// The intent is cancelled, for ever: nothing is held.
    Cancelled,
    /// It cannot be cancelled.
    CancelRefused {
        /// Why.
        code: String,
    },
    /// Money went back.
    Refunded {
        /// In which refund.
        refund_id: RefundId,
    },
    /// It did not, or came back from the customer's bank.
    RefundRefused {
        /// Which refund.
        refund_id: RefundId,
        /// Why.
        code: String,
    },
}

/// The provider's word, from an answer, a webhook or a look: whichever comes first counts, in whatever order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordReport {
    /// Of which intent; none if the provider refused to make one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<IntentId>,
    /// What.
    #[serde(flatten)]
    pub report: Report,
}

/// An operator's command to a payment that is stuck: try again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryCall {
    /// Why now; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An operator's command to a payment that is stuck: he has seen to it at the provider, so the call counts as done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteCall {
    /// What he has seen; no personal data.
    pub reason: String,
}

/// An operator's command to a payment that is stuck: no money was taken or given back by the call, and none will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefuseCall {
    /// What he has seen; no personal data.
    pub reason: String,
}

/// Changes nothing: its answer is how the payment stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookInto {}

/// The timer's command: a wait is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitOver {
    /// The deadline that fired.
    pub deadline: Timestamp,
}

tillroll_log::bodies! {
    /// What can be asked of a payment.
    pub enum PaymentCommand {
        Request(RequestPayment) = "payment.request",
        Capture(CapturePayment) = "payment.capture",
        Void(VoidPayment) = "payment.void",
        Refund(RefundPayment) = "payment.refund",
        RecordReport(RecordReport) = "payment.record-report",
        RetryCall(RetryCall) = "payment.retry-call",
        CompleteCall(CompleteCall) = "payment.complete-call",
        RefuseCall(RefuseCall) = "payment.refuse-call",
        LookInto(LookInto) = "payment.look-into",
        WaitOver(WaitOver) = "payment.wait-over",
    }
}
