//! Stored positions: how far a reader is, with all that it needs to go on and to notice that the log is another one.

use crate::{Arbiter, LogId, Offset, Verdict};
use serde::{Deserialize, Serialize};
use tillroll_kafka::Record;
use uuid::Uuid;

/// A reader's place in one partition, kept with its checkpoint. It begins again *at* the last admitted record and
/// refuses to start unless it meets it: a truncated, restored or recreated topic is noticed, never silently void.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPosition {
    /// The next offset to read.
    pub next: Offset,
    /// The arbiter as it was there.
    pub arbiter: Arbiter,
    /// The history read; none before the first claim.
    pub log: Option<LogId>,
    /// The last admitted record, claims included; none before the first claim.
    pub last: Option<LastAdmitted>,
}

/// The record that a reader must meet when it begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAdmitted {
    /// Where.
    pub offset: Offset,
    /// Its `ce_id`.
    pub id: Uuid,
}

/// The log is not the one that the position was stored for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "stored position does not meet its record: expected {expected} at offset {at}, found {found:?}; \
     the topic was truncated, restored or made again"
)]
pub struct PositionMismatch {
    /// The id that was expected.
    pub expected: Uuid,
    /// Where.
    pub at: i64,
    /// What stands there.
    pub found: Option<String>,
}

impl StoredPosition {
    /// Where reading begins: at the last admitted record, to meet it.
    pub fn begin(&self) -> Offset {
        self.last.map_or(Offset(0), |last| last.offset)
    }

    /// Checks the first record that was read from [`Self::begin`] on.
    pub fn meet(&self, record: &Record) -> Result<(), PositionMismatch> {
        match self.last {
            Some(last) if record.offset != last.offset || ce_id(record) != Some(last.id) => Err(PositionMismatch {
                expected: last.id,
                at: last.offset.0,
                found: record.headers.get_str(crate::record::header::ID).map(str::to_owned),
            }),
            _ => Ok(()),
        }
    }

    /// Moves over the next record and says what the arbiter makes of it.
    pub fn pass(&mut self, record: &Record) -> Verdict {
        let verdict = self.arbiter.judge(crate::record::stamp_of(record));
        match verdict {
            Verdict::Claimed => {
                self.log = crate::record::claim_of(record).map(|claim| claim.log);
                self.last = ce_id(record).map(|id| LastAdmitted { offset: record.offset, id });
            }
            Verdict::Admitted => self.last = ce_id(record).map(|id| LastAdmitted { offset: record.offset, id }),
            Verdict::Void(_) => {}
        }
        self.next = record.offset.next();
        verdict
    }
}

fn ce_id(record: &Record) -> Option<Uuid> {
    record.headers.get_str(crate::record::header::ID)?.parse().ok()
}
