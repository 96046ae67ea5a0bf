//! `notification`: one message to one person over one or more channels. Key: the notification id.
//!
//! No personal data stands here: a person is named by the user id, and the address is looked up when a message is sent.

mod commands;
mod content;

pub use commands::*;
pub use content::*;

use crate::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// A short text to a telephone.
    Sms,
    /// A message to the person's devices.
    Push,
}

impl Channel {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Push];

    /// Its name, as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
        }
    }
}

/// Why a channel is not tried any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GaveUp {
    /// The other side refused the message for good.
    Rejected,
    /// Every attempt failed or was never answered.
    AttemptsExhausted,
    /// What the message is about is over before it could be sent.
    Expired,
    /// The person was erased.
    RecipientErased,
    /// The person has no address for this channel.
    NoAddress,
    /// Mails to this address of the person come back.
    Undeliverable,
    /// The person does not want such messages over this channel.
    SwitchedOff,
    /// This installation has no such channel.
    NotConfigured,
    /// The message could not be written.
    Unwritable,
}

impl GaveUp {
    /// Its name, as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::Expired => "expired",
            Self::RecipientErased => "recipient_erased",
            Self::NoAddress => "no_address",
            Self::Undeliverable => "undeliverable",
            Self::SwitchedOff => "switched_off",
            Self::NotConfigured => "not_configured",
            Self::Unwritable => "unwritable",
        }
    }
}

/// The message is to be sent; the first attempt is due over every channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// To whom.
    pub user_id: UserId,
    /// What it says.
    #[serde(flatten)]
    pub content: Content,
    /// Over which channels, each once, in order.
    pub channels: Vec<Channel>,
    /// Until when the attempt may be made: later the channel must not be asked, for another attempt may be due.
    pub send_by: Timestamp,
    /// When an attempt without an answer counts as failed.
    pub answer_by: Timestamp,
}

/// The next attempt is due over one channel. It carries the message again, so that whoever sends it needs no other
/// record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptDue {
    /// To whom.
    pub user_id: UserId,
    /// What it says.
    #[serde(flatten)]
    pub content: Content,
    /// Over which channel.
    pub channel: Channel,
    /// The how manieth attempt, from 2.
    pub attempt: u32,
    /// Until when the attempt may be made.
    pub send_by: Timestamp,
    /// When an attempt without an answer counts as failed.
    pub answer_by: Timestamp,
}

/// The attempt failed and did not reach anybody; the next is due later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptFailed {
    /// Over which channel.
    pub channel: Channel,
    /// The how manieth attempt.
    pub attempt: u32,
    /// The other side's code or what was the matter: `451`, `unreachable`. No text of the other side, for it may name
    /// the address.
    pub code: String,
    /// When the next attempt is due.
    pub next_at: Timestamp,
}

/// The other side took the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Over which channel.
    pub channel: Channel,
    /// At the how manieth attempt.
    pub attempt: u32,
    /// To the how manieth of the person's e-mail addresses, if to the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<u32>,
}

/// An address that mails do not reach. Of the address itself nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undeliverable {
    /// Whose.
    pub user_id: UserId,
    /// The how manieth of his.
    pub address: u32,
}

/// The channels are not tried any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// Which channels.
    pub channels: Vec<Channel>,
    /// Why.
    pub reason: GaveUp,
    /// The other side's code, if it said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// The message was taken and came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounced {
    /// Over which channel.
    pub channel: Channel,
    /// The status of RFC 3463: `5.1.1`.
    pub status: String,
    /// The address that there is not, if that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<Undeliverable>,
}

/// Its user has read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// When, by the owner's clock.
    pub read_at: Timestamp,
}

tillroll_log::bodies! {
    /// What happened to a notification.
    pub enum NotificationEvent {
        Queued(Queued) = "notification.queued.v1",
        AttemptDue(AttemptDue) = "notification.attempt-due.v1",
        AttemptFailed(AttemptFailed) = "notification.attempt-failed.v1",
        Sent(Sent) = "notification.sent.v1",
        GivenUp(GivenUp) = "notification.given-up.v1",
        Bounced(Bounced) = "notification.bounced.v1",
        Read(Read) = "notification.read.v1",
    }
}
