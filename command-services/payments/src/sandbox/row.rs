//! One intent of the sandbox: where it stands, and how Stripe would show it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cards::Card;

/// Stripe's words for where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Standing {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

/// An intent.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) status: Standing,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) description: Option<String>,
    pub(super) metadata: Value,
    pub(super) capturable: i64,
    pub(super) received: i64,
    pub(super) refunded: i64,
    pub(super) error: Option<Value>,
    pub(super) return_url: Option<String>,
}

impl Row {
    pub(super) fn card(&self) -> Card {
        Card::of(&self.method).unwrap_or(Card::Good)
    }

    pub(super) fn json(&self, url: &str) -> Value {
        let action = (self.status == Standing::RequiresAction).then(|| {
            let page = format!("{url}/sandbox/authenticate/{}", self.id);
            match &self.return_url {
                Some(back) => json!({"type": "redirect_to_url", "redirect_to_url": {"url": page, "return_url": back}}),
                None => json!({"type": "use_stripe_sdk"}),
            }
        });
        json!({
            "id": self.id, "object": "payment_intent", "status": self.status.word(), "amount": self.amount,
            "currency": self.currency, "capture_method": "manual", "description": self.description,
            "metadata": self.metadata, "amount_capturable": self.capturable, "amount_received": self.received,
            "last_payment_error": self.error, "next_action": action, "livemode": false,
        })
    }

    /// Holds what the card allows.
    pub(super) fn hold(&mut self) {
        self.capturable = if self.card() == Card::HoldsLess { self.amount / 2 } else { self.amount };
        self.status = Standing::RequiresCapture;
    }

    pub(super) fn decline(&mut self, decline_code: &str) {
        self.status = Standing::RequiresPaymentMethod;
        self.error = Some(json!({"type": "card_error", "code": "card_declined", "decline_code": decline_code}));
    }
}
