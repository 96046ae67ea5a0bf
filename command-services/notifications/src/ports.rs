//! What sending a message needs from elsewhere: where a person is reached, what he wants, and links with their secrets.
//! What the binary gives is in the files below; nothing here is kept, and no address is ever written to the log.

mod addresses;
mod choices;
mod links;

pub use addresses::UserAddresses;
pub use choices::ChosenLast;
pub use links::{Secrets, ShopLinks};

use crate::preference::State as Wishes;
use crate::templates::Language;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use tillroll_schemas::notification::{Channel, Content};
use tillroll_schemas::preference::Kind;
use tillroll_schemas::{OrderId, UserId};
use uuid::Uuid;

/// Where a person is reached. Debug output says nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// An e-mail address, a telephone number (E.164) or, for push, the user's id, after the channel.
    pub to: String,
    /// The language that the person reads.
    pub language: Language,
    /// The how manieth of the account's e-mail addresses it is, if it is that.
    pub number: Option<u32>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(personal)")
    }
}

/// Which of a person's e-mail addresses a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The account's, be it verified or not.
    Current,
    /// The one that the account had before that change, for as long as it is kept.
    Before(u32),
}

impl Which {
    /// The address that this content is for.
    pub fn of(content: &Content) -> Self {
        match content {
            Content::EmailChanged(changed) => Self::Before(changed.change),
            Content::VerifyEmail(_)
            | Content::ResetPassword(_)
            | Content::PasswordChanged(_)
            | Content::AccountSuspended(_)
            | Content::AccountReinstated(_)
            | Content::OrderConfirmed(_)
            | Content::OrderCancelled(_)
            | Content::PaymentFailed(_)
            | Content::PaymentActionNeeded(_)
            | Content::OrderShipped(_)
            | Content::RefundIssued(_)
            | Content::InvoiceIssued(_) => Self::Current,
        }
    }
}

/// What became of looking an address up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Here it is.
    Address(Address),
    /// The person has none for this channel.
    Absent,
    /// The person was erased: nobody can read it any more, and nobody ever will.
    Erased,
    /// It cannot be had now; later it may.
    Unavailable,
}

/// The answer of [`Addresses::look_up`].
pub type LookUp<'a> = Pin<Box<dyn Future<Output = Found> + Send + 'a>>;

/// Finds and opens addresses, which are sealed everywhere else.
pub trait Addresses: Send + Sync + 'static {
    /// Where the person is reached over this channel. `which` concerns e-mail only.
    fn look_up(&self, user: UserId, channel: Channel, which: Which) -> LookUp<'_>;
}

/// The answer of [`Preferences::choices`].
pub type Chosen<'a> = Pin<Box<dyn Future<Output = Option<Wishes>> + Send + 'a>>;

/// What people want.
pub trait Preferences: Send + Sync + 'static {
    /// The choices of this person, the defaults of one who never chose; nothing if they cannot be had now. What is
    /// switched off is given up for good, so they must be of now: a replica has to be read to its end first.
    fn choices(&self, user: UserId) -> Chosen<'_>;
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTo {
    /// Proves that an address is read; carries the secret of this request.
    VerifyEmail(Uuid),
    /// Lets a new password be chosen; carries the secret of this request.
    ResetPassword(Uuid),
    /// The account.
    Account,
    /// An order.
    Order(OrderId),
    /// Where the payment of an order is confirmed.
    PaymentAction(OrderId),
    /// The invoice, or the credit note, of an order.
    Invoice(OrderId),
    /// Where messages of this kind are switched off.
    Preferences(Kind),
}

impl LinkTo {
    /// Where the one link of a message leads.
    pub fn of(content: &Content) -> Self {
        match content {
            Content::VerifyEmail(data) => Self::VerifyEmail(data.request_id),
            Content::ResetPassword(data) => Self::ResetPassword(data.request_id),
            Content::EmailChanged(_)
            | Content::PasswordChanged(_)
            | Content::AccountSuspended(_)
            | Content::AccountReinstated(_) => Self::Account,
            Content::OrderConfirmed(data) => Self::Order(data.order_id),
            Content::OrderCancelled(data) => Self::Order(data.order_id),
            Content::PaymentFailed(data) => Self::Order(data.order_id),
            Content::PaymentActionNeeded(data) => Self::PaymentAction(data.order_id),
            Content::OrderShipped(data) => Self::Order(data.order_id),
            Content::RefundIssued(data) => Self::Order(data.order_id),
            Content::InvoiceIssued(data) => Self::Invoice(data.order_id),
        }
    }
}

/// Makes links. A secret in one is derived here, from the request's id and a key, so that the log holds none.
pub trait Links: Send + Sync + 'static {
    /// The whole URL, for this person.
    fn link(&self, user: UserId, to: LinkTo) -> String;
}
