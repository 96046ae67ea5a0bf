//! Consistency tokens: how far a read must have come to show what a command did.
//! A vector of (log, topic, partition, offset) under a MAC; clients see only text and cannot make one.

mod wire;

use uuid::Uuid;

use crate::coordinates::{Offset, PartitionId};
use crate::mac::MacKey;
use crate::problem::Problem;
use crate::problems;

#[cfg(test)]
use wire::{MAX_ENTRIES, MAX_TEXT};

/// The key under which tokens are made. Every role of an installation has the same.
#[derive(Debug, Clone)]
pub struct TokenKey(MacKey);

impl TokenKey {
    /// The key from its secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(MacKey::new(secret))
    }
}

/// One record that must be covered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    /// Kafka's topic.
    pub topic: String,
    /// Its partition.
    pub partition: PartitionId,
    /// The log that the offset belongs to.
    pub log: Uuid,
    /// The offset of the record that must be covered, itself included.
    pub offset: Offset,
}

/// What a read must cover. Empty: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConsistencyToken {
    /// Sorted by topic, partition and log, of which each combination appears once.
    entries: Vec<Covered>,
}

/// The text is no token of this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the consistency token is malformed or was not made here")]
pub struct InvalidToken;

impl From<InvalidToken> for Problem {
    fn from(_: InvalidToken) -> Self {
        Self::new(&problems::INVALID_TOKEN)
    }
}

impl ConsistencyToken {
    /// A token that asks for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token that asks for this record.
    pub fn of(log: Uuid, topic: impl Into<String>, partition: PartitionId, offset: Offset) -> Self {
        let mut token = Self::new();
        token.cover(log, topic, partition, offset);
        token
    }

    /// Asks for this record too. A record further on in the same partition of the same log is kept instead.
    /// A negative offset is no record and asks for nothing.
    pub fn cover(&mut self, log: Uuid, topic: impl Into<String>, partition: PartitionId, offset: Offset) {
        if offset < Offset(0) || partition < PartitionId(0) {
            return;
        }
        let new = Covered { topic: topic.into(), partition, log, offset };
        let place = |held: &Covered| {
            (held.topic.as_str(), held.partition, held.log).cmp(&(new.topic.as_str(), new.partition, new.log))
        };
        match self.entries.binary_search_by(place) {
            Ok(at) => self.entries[at].offset = self.entries[at].offset.max(offset),
            Err(at) => self.entries.insert(at, new),
        }
    }

    /// Asks for everything that either asks for: the componentwise maximum.
    pub fn merge(&mut self, other: &Self) {
        for covered in &other.entries {
            self.cover(covered.log, covered.topic.as_str(), covered.partition, covered.offset);
        }
    }

    /// The records asked for, sorted by topic and partition.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Covered> {
        self.entries.iter()
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The text for the header `Consistency-Token`.
    pub fn encode(&self, key: &TokenKey) -> String {
        wire::encode(&self.entries, &key.0)
    }

    /// The token that this text stands for, if it was made under this key.
    pub fn decode(key: &TokenKey, text: &str) -> Result<Self, InvalidToken> {
        wire::decode(text, &key.0).map(|entries| Self { entries })
    }
}

#[cfg(test)]
mod tests;
