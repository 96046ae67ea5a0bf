//! `payment`: what is paid for one order, by card, at a provider. Key: the payment id.
//!
//! What carries a call to the provider says so ([`PaymentEvent::call`]): the effect needs no other record. Nothing here
//! is personal: a method token and the provider's ids mean nothing without the provider's own secrets.

mod answers;
mod asking;
mod commands;

pub use answers::*;
pub use asking::*;
pub use commands::*;

use crate::{Money, OrderId, PaymentId, RefundId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// How a payment ends once nothing of it is held any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// The order asked for it.
    Voided {
        /// For people; no personal data.
        reason: String,
    },
    /// It could not be authorised.
    Declined {
        /// Why: stable, snake case.
        code: String,
    },
}

impl Ending {
    /// Why it could not be authorised, if that is how it ends.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Voided { .. } => None,
            Self::Declined { code } => Some(code),
        }
    }
}

/// An authorisation was asked for; the intent is created at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// For which order.
    pub order_id: OrderId,
    /// Whose, if he has an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// How much is to be held.
    pub amount: Money,
    /// The provider's name for the customer's card.
    pub method_token: MethodToken,
    /// The shop's own name for what is paid; the provider shows it to the shop's staff.
    pub reference: String,
    /// What is not authorised by then is given up, unless the customer has to act.
    pub answer_by: Timestamp,
    /// When the customer has to have authenticated himself; before the order's reservations lapse.
    pub action_by: Timestamp,
    /// The call.
    pub ask: Ask,
}

/// The provider has an intent, unconfirmed. From here on it can be confirmed: by this id, which is in the log now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// For which order.
    pub order_id: OrderId,
    /// The provider's id.
    pub intent: IntentId,
    /// The call that confirms it.
    pub ask: Ask,
}

/// The customer has to authenticate himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRequired {
    /// For which order.
    pub order_id: OrderId,
    /// Where: the page is asked of the provider when the customer wants it, since its address is a secret.
    pub intent: IntentId,
    /// If he has not by then, the payment voids itself.
    pub action_by: Timestamp,
}

/// The customer's time is over. The provider may have failed to say that he has acted, so it is asked before he is
/// taken for one who has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionOverdue {
    /// For which order.
    pub order_id: OrderId,
    /// The provider's id.
    pub intent: IntentId,
    /// The call.
    pub ask: Ask,
}

/// The amount is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorised {
    /// For which order.
    pub order_id: OrderId,
    /// The provider's id.
    pub intent: IntentId,
    /// How much: what was requested, else the payment voids itself.
    pub amount: Money,
}

/// It is not to be, and nothing is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// For which order.
    pub order_id: OrderId,
    /// Why.
    pub code: String,
}

/// The money is to be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureRequested {
    /// For which order.
    pub order_id: OrderId,
    /// The provider's id.
    pub intent: IntentId,
    /// How much: at most what is authorised.
    pub amount: Money,
    /// The call.
    pub ask: Ask,
}

/// The money was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// For which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}

/// The money was not taken: the payment is authorised as before, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureRefused {
    /// For which order.
    pub order_id: OrderId,
    /// Why.
    pub code: String,
}

/// What is held is to be let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidStarted {
    /// For which order.
    pub order_id: OrderId,
    /// The provider's id.
    pub intent: IntentId,
    /// What the payment is when it is let go.
    #[serde(flatten)]
    pub ending: Ending,
    /// The call.
    pub ask: Ask,
}

/// The order asked for a void of a payment that is voiding itself: it ends as voided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidRecorded {
    /// For which order.
    pub order_id: OrderId,
    /// For people.
    pub reason: String,
}

/// Nothing is held and nothing will be, at the order's wish; also if there was no request yet: one that comes is
/// refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// For which order.
    pub order_id: OrderId,
    /// For people.
    pub reason: String,
}

/// Money is to go back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequested {
    /// For which order.
    pub order_id: OrderId,
    /// The provider's id.
    pub intent: IntentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// How much: all refunds together at most what was captured.
    pub amount: Money,
    /// For people.
    pub reason: String,
    /// The call.
    pub ask: Ask,
}

/// Money went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// For which order.
    pub order_id: OrderId,
    /// Which refund.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
}

/// It did not go back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRefused {
    /// For which order.
    pub order_id: OrderId,
    /// Which refund.
    pub refund_id: RefundId,
    /// Why.
    pub code: String,
}

/// The outcome of a call is not known: it is made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRepeated {
    /// Which.
    #[serde(flatten)]
    pub call: Call,
    /// How often, and until when.
    pub ask: Ask,
    /// Why an operator had it made again, if he did and said why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An operator has seen to a call at the provider: it counts as done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCompleted {
    /// For which order.
    pub order_id: OrderId,
    /// Which.
    #[serde(flatten)]
    pub call: Call,
    /// Of a void: what the payment is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// What he has seen.
    pub reason: String,
}

/// An operator has seen that a call took or gave back no money, and will not: it counts as refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRefused {
    /// For which order.
    pub order_id: OrderId,
    /// Which: a capture or a refund.
    #[serde(flatten)]
    pub call: Call,
    /// What he has seen.
    pub reason: String,
}

/// The payment cannot go on by itself: an operator is needed. A late report of the provider still carries it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// Which call has no outcome.
    #[serde(flatten)]
    pub call: Call,
    /// Why: stable, snake case.
    pub code: String,
    /// For people.
    pub detail: String,
}

tillroll_log::bodies! {
    /// What happened to a payment.
    pub enum PaymentEvent {
        Requested(Requested) = "payment.requested.v1",
        Created(Created) = "payment.created.v1",
        ActionRequired(ActionRequired) = "payment.action-required.v1",
        ActionOverdue(ActionOverdue) = "payment.action-overdue.v1",
        Authorised(Authorised) = "payment.authorised.v1",
        Declined(Declined) = "payment.declined.v1",
        CaptureRequested(CaptureRequested) = "payment.capture-requested.v1",
        Captured(Captured) = "payment.captured.v1",
        CaptureRefused(CaptureRefused) = "payment.capture-refused.v1",
        VoidStarted(VoidStarted) = "payment.void-started.v1",
        VoidRecorded(VoidRecorded) = "payment.void-recorded.v1",
        Voided(Voided) = "payment.voided.v1",
        RefundRequested(RefundRequested) = "payment.refund-requested.v1",
        Refunded(Refunded) = "payment.refunded.v1",
        RefundRefused(RefundRefused) = "payment.refund-refused.v1",
        CallRepeated(CallRepeated) = "payment.call-repeated.v1",
        Stuck(Stuck) = "payment.stuck.v1",
        CallCompleted(CallCompleted) = "payment.call-completed.v1",
        CallRefused(CallRefused) = "payment.call-refused.v1",
    }
}

impl PaymentEvent {
    /// The call to the provider that the event asks for, if it asks for one.
    pub fn call(&self) -> Option<(Call, Ask)> {
        match self {
            Self::Requested(e) => {
                let (method_token, reference) = (e.method_token.clone(), e.reference.clone());
                Some((Call::Create { amount: e.amount, method_token, reference }, e.ask))
            }
            Self::Created(e) => Some((Call::Confirm { intent: e.intent.clone() }, e.ask)),
            Self::ActionOverdue(e) => Some((Call::Look { intent: e.intent.clone() }, e.ask)),
            Self::CaptureRequested(e) => Some((Call::Capture { intent: e.intent.clone(), amount: e.amount }, e.ask)),
            Self::VoidStarted(e) => Some((Call::Void { intent: e.intent.clone() }, e.ask)),
            Self::RefundRequested(e) => {
                let (intent, refund_id) = (e.intent.clone(), e.refund_id);
                Some((Call::Refund { intent, refund_id, amount: e.amount }, e.ask))
            }
            Self::CallRepeated(e) => Some((e.call.clone(), e.ask)),
            Self::ActionRequired(_)
            | Self::Authorised(_)
            | Self::Declined(_)
            | Self::Captured(_)
            | Self::CaptureRefused(_)
            | Self::VoidRecorded(_)
            | Self::Voided(_)
            | Self::Refunded(_)
            | Self::RefundRefused(_)
            | Self::Stuck(_)
            | Self::CallCompleted(_)
            | Self::CallRefused(_) => None,
        }
    }
}

/// The payment of an order: each has one.
pub fn payment_of(order: OrderId) -> PaymentId {
    PaymentId::of_command(order.0)
}
