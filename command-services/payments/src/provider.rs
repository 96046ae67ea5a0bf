//! The port to the payment provider: what Tillroll needs of one, and nothing of how it is asked.
//!
//! Every call that changes something bears an idempotency key: the same key, the same effect, once. What is not known
//! to have happened or not is [`Answer::Unknown`], and never guessed.

pub mod guarded;
pub mod stripe;

use std::fmt;
use std::future::Future;

use tillroll_schemas::payment::{IntentId, MethodToken};
use tillroll_schemas::{Money, PaymentId, RefundId};

/// Names a call, so that a repeat of it is known to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key: at most 255 ASCII characters, no personal data.
    pub fn new(parts: fmt::Arguments<'_>) -> Self {
        Self(parts.to_string())
    }

    /// As it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an intent is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIntent {
    /// For which payment: the provider keeps it beside the intent, and names it in webhooks.
    pub payment: PaymentId,
    /// How much is to be held.
    pub amount: Money,
    /// The provider's name for the customer's card.
    pub method_token: MethodToken,
    /// The shop's own name for what is paid.
    pub reference: String,
}

/// What a refund is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Of which payment.
    pub payment: PaymentId,
    /// Of which intent.
    pub intent: IntentId,
    /// Which: the provider keeps it beside the refund.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
}

/// An intent as the provider sees it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The provider's id.
    pub id: IntentId,
    /// For which payment, if it is one of ours.
    pub payment: Option<PaymentId>,
    /// Where it stands.
    pub status: IntentStatus,
    /// What can be captured.
    pub capturable: Money,
    /// What was captured.
    pub received: Money,
    /// Why the last attempt to authorise it failed, if one did.
    pub declined: Option<String>,
    /// Where the customer can authenticate himself. A secret: never in a log, an event or a message.
    pub action: Option<ActionUrl>,
}

/// Where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntentStatus {
    /// It has no card, or its card was declined.
    RequiresPaymentMethod,
    /// It can be confirmed.
    RequiresConfirmation,
    /// The customer has to authenticate himself.
    RequiresAction,
    /// The provider is at it.
    Processing,
    /// The money is held.
    RequiresCapture,
    /// The money was taken.
    Succeeded,
    /// It is over, and holds nothing.
    Cancelled,
}

/// A page of the provider for one customer.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionUrl(String);

impl ActionUrl {
    /// The page.
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// For the customer's own browser alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ActionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActionUrl(secret)")
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// After what the next one begins; none at the end.
    pub next: Option<String>,
}

/// A refund as the provider sees it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundSeen {
    /// The provider's id.
    pub id: String,
    /// Which, if it is one of ours.
    pub refund: Option<RefundId>,
    /// Of which payment, if it is one of ours.
    pub payment: Option<PaymentId>,
    /// Of which intent.
    pub intent: Option<IntentId>,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: RefundStatus,
}

/// Where a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundStatus {
    /// On its way: the provider has taken it on.
    Pending,
    /// Done, as far as the provider knows.
    Succeeded,
    /// It will not be, or came back.
    Failed {
        /// Why.
        code: String,
    },
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// The provider has done it, or had before; this is how things stand.
    Done(T),
    /// The provider has decided not to.
    Refused {
        /// Why: stable, snake case.
        code: String,
        /// How things stand, if it says.
        seen: Option<T>,
    },
    /// Nobody knows whether it was done: ask again.
    Unknown(Doubt),
}

/// Why nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No connection.
    Unreachable,
    /// The connection broke, perhaps after the call had arrived.
    Cut,
    /// No answer in time.
    TimedOut,
    /// The provider has a fault (5xx).
    ServerFault,
    /// The provider is asked too much (429).
    TooMany,
    /// The same is under way, or was done under this key before: what comes of it is not told (409, 408).
    Busy,
    /// Our own credentials are not taken: nothing can be asked until they are.
    NotAllowed,
    /// An answer that cannot be read.
    Unreadable,
    /// It failed too often just now and is left alone for a moment.
    CircuitOpen,
}

impl Doubt {
    /// Whether it says something of the provider, and not of this call alone.
    pub fn is_about_the_provider(self) -> bool {
        match self {
            Self::Unreachable | Self::Cut | Self::TimedOut | Self::ServerFault | Self::TooMany | Self::NotAllowed => {
                true
            }
            Self::Busy | Self::Unreadable | Self::CircuitOpen => false,
        }
    }
}

/// A payment provider.
pub trait Provider: Send + Sync + 'static {
    /// Makes an intent, unconfirmed: it holds nothing.
    fn create(&self, key: &IdempotencyKey, new: &NewIntent) -> impl Future<Output = Answer<Intent>> + Send;

    /// Holds the money, or asks for the customer.
    fn confirm(&self, key: &IdempotencyKey, intent: &IntentId) -> impl Future<Output = Answer<Intent>> + Send;

    /// Takes that much of what is held, and lets go of the rest.
    fn capture(
        &self,
        key: &IdempotencyKey,
        intent: &IntentId,
        amount: Money,
    ) -> impl Future<Output = Answer<Intent>> + Send;

    /// Ends the intent, and lets go of what is held.
    fn void(&self, key: &IdempotencyKey, intent: &IntentId) -> impl Future<Output = Answer<Intent>> + Send;

    /// Gives back.
    fn refund(&self, key: &IdempotencyKey, new: &NewRefund) -> impl Future<Output = Answer<RefundSeen>> + Send;

    /// How an intent stands now.
    fn retrieve(&self, intent: &IntentId) -> impl Future<Output = Answer<Intent>> + Send;

    /// How the refunds of an intent stand now, the newest first; at most 100.
    fn refunds(&self, intent: &IntentId) -> impl Future<Output = Answer<Vec<RefundSeen>>> + Send;

    /// Every intent there is, ours or not, the newest first, a page at a time.
    fn every_intent(&self, after: Option<&str>) -> impl Future<Output = Answer<Page<Intent>>> + Send;

    /// Every refund there is, the newest first, a page at a time.
    fn every_refund(&self, after: Option<&str>) -> impl Future<Output = Answer<Page<RefundSeen>>> + Send;
}
