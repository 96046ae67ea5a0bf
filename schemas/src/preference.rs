//! `preference`: over which channels a person wants which kinds of messages. Key: the user id.

use crate::notification::Channel;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a message is about, as a person chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The account's safety: addresses and passwords. E-mail cannot be switched off.
    Account,
    /// What was agreed and what is owed: confirmations, payments, invoices. E-mail cannot be switched off.
    Order,
    /// Where the goods are.
    Delivery,
}

impl Kind {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Account, Self::Order, Self::Delivery];

    /// Its name, as it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Order => "order",
            Self::Delivery => "delivery",
        }
    }

    /// Whether the law or the account's safety asks for e-mail, whatever the person wants.
    pub fn needs_email(self) -> bool {
        match self {
            Self::Account | Self::Order => true,
            Self::Delivery => false,
        }
    }
}

/// What a person wants: the channels of each kind. A kind that is not named has the default, e-mail alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Choices(pub BTreeMap<Kind, BTreeSet<Channel>>);

impl Choices {
    /// Whether messages of this kind are wanted over this channel. What needs e-mail always gets it.
    pub fn wants(&self, kind: Kind, channel: Channel) -> bool {
        let by_default = channel == Channel::Email;
        let chosen = self.0.get(&kind).map_or(by_default, |channels| channels.contains(&channel));
        chosen || (channel == Channel::Email && kind.needs_email())
    }
}

/// The person chose, or an address of his turned out to be none: the latter exactly if it says which (`undeliverable`).
/// Its actor then is the reactor that heard of it, `notification-reactions`, and its choices are those that he had made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// All of it, as it is now.
    pub choices: Choices,
    /// The how manieth of his e-mail addresses mails do not reach. Never there if he chose: then it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undeliverable: Option<u32>,
}

tillroll_log::bodies! {
    /// What happened to a person's preferences.
    pub enum PreferenceEvent {
        Chosen(Chosen) = "preference.chosen.v1",
    }
}

/// Chooses anew; refused if it would switch off what cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choose {
    /// Kinds that are not named keep what they have.
    pub choices: Choices,
}

/// Mails to the how manieth of his e-mail addresses come back. He may choose anew, and then it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordUndeliverable {
    /// Which.
    pub address: u32,
}

tillroll_log::bodies! {
    /// What can be asked of a person's preferences.
    pub enum PreferenceCommand {
        Choose(Choose) = "preference.choose",
        RecordUndeliverable(RecordUndeliverable) = "preference.record-undeliverable",
    }
}
