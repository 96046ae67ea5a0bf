//! Where a record is: topic, partition, offset. Newtypes, so that mixing them does not compile.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A topic's name; cheap to clone, shared by all records that are read from it.
pub type Topic = Arc<str>;

/// A place in one partition. As a position it names the *next* record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offset(pub i64);

impl Offset {
    /// The first place of a partition that never lost a record to retention.
    pub const ZERO: Offset = Offset(0);

    /// What a delivery reports when the broker confirmed a repeated record but no longer knows where the first copy
    /// stands (KIP-98, duplicate sequence number). The record is stored once.
    pub const UNKNOWN: Offset = Offset(-1);

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Offset {
        Offset(self.0.saturating_add(1))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a partition within its topic, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionId(pub i32);

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
