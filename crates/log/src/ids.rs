//! Coordinates of the log. Each is a type of its own, so that mixing them does not compile.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

pub use tillroll_kafka::{Offset, PartitionId, Topic};

/// A point in time, UTC; millisecond precision is kept.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
/// The id of an aggregate, as text: the key of its records.
pub type Key = std::sync::Arc<str>;

macro_rules! uuid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_newtype!(
    /// A writer's term over one partition.
    ClaimId
);
uuid_newtype!(
    /// One history of a partition; a restored or forked copy is another log.
    LogId
);
uuid_newtype!(
    /// A record of the log (`ce_id`): UUID v7.
    EventId
);
uuid_newtype!(
    /// A command: UUID v5 of what makes it the same command when it is repeated.
    CommandId
);
uuid_newtype!(
    /// A topic as Kafka knows it: a topic that was deleted and made again has another (KIP-516).
    TopicId
);

impl EventId {
    /// When the record was decided, by its owner's clock (ADR 0008); nothing of a claim, whose id says nothing.
    pub fn decided_at(self) -> Option<Timestamp> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        Timestamp::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }
}

impl CommandId {
    /// The command that a record causes at a step: the same record and step, the same command.
    pub fn caused_by(record: EventId, step: &str) -> Self {
        Self(Uuid::new_v5(&record.0, step.as_bytes()))
    }
}

/// The place of a record within its claim: 0, 1, 2, …
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ordinal(pub u64);

impl Ordinal {
    /// The one after it.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many events an aggregate has: 1 after the first, 0 before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The one after it.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of a record in Kafka; as text `order.events.v1/3@1234`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinates {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: PartitionId,
    /// The record's own offset.
    pub offset: Offset,
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic, self.partition.0, self.offset.0)
    }
}

/// The text is no place in Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form topic/partition@offset")]
pub struct InvalidCoordinates;

impl std::str::FromStr for Coordinates {
    type Err = InvalidCoordinates;
    fn from_str(text: &str) -> Result<Self, InvalidCoordinates> {
        let (place, offset) = text.rsplit_once('@').ok_or(InvalidCoordinates)?;
        let (topic, partition) = place.rsplit_once('/').ok_or(InvalidCoordinates)?;
        let partition = partition.parse().map_err(|_| InvalidCoordinates)?;
        let offset = offset.parse().map_err(|_| InvalidCoordinates)?;
        if topic.is_empty() || partition < 0 || offset < 0 {
            return Err(InvalidCoordinates);
        }
        Ok(Self { topic: topic.into(), partition: PartitionId(partition), offset: Offset(offset) })
    }
}
