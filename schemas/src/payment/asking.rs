//! What the provider is asked for, and how often.

use crate::{Money, RefundId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The provider's id of a payment (Stripe: `pi_…`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub String);

impl IntentId {
    /// The id as it stands in the provider's paths.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The provider's name for a customer's card. It means nothing without the provider's own secrets, and yet is nothing for
/// a log line or a panic's words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MethodToken(pub String);

impl fmt::Debug for MethodToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodToken(…)")
    }
}

impl From<&str> for MethodToken {
    fn from(token: &str) -> Self {
        Self(token.to_owned())
    }
}

/// What the provider is asked for. The same call of the same payment may be made many times and has one effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// To make an intent, unconfirmed: it holds nothing yet.
    Create {
        /// How much is to be held.
        amount: Money,
        /// The provider's name for the customer's card.
        method_token: MethodToken,
        /// The shop's own name for what is paid.
        reference: String,
    },
    /// To hold the money.
    Confirm {
        /// Of which intent.
        intent: IntentId,
    },
    /// To say how the intent stands; nothing is changed.
    Look {
        /// Which intent.
        intent: IntentId,
    },
    /// To take what is held, or part of it; the rest is let go.
    Capture {
        /// Of which intent.
        intent: IntentId,
        /// How much.
        amount: Money,
    },
    /// To let go of what is held, for ever.
    Void {
        /// Of which intent.
        intent: IntentId,
    },
    /// To give back.
    Refund {
        /// Of which intent.
        intent: IntentId,
        /// Which refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
    },
}

/// When and how often a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The how manieth call of this payment it is, from 1: a part of its idempotency key at the provider.
    pub nth: u32,
    /// How many times the same was asked before, since it was decided or since an operator had it tried again.
    pub attempt: u32,
    /// How many times an operator had it tried again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
    /// If nothing is known of its outcome by then, it is asked again, or given up.
    pub repeat_at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
