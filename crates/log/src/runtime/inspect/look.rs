//! What the records of a partition tell whoever looks at it, as a value: records go in one after the other.

use super::LastClaim;
use crate::record::{CLAIM, Claim, Inbox, claim_of, header, millis, text};
use crate::{StoredPosition, Verdict};
use tillroll_kafka::Record;

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) position: StoredPosition,
    /// The last claim that was admitted, once it was seen.
    pub(super) claim: Option<LastClaim>,
    /// Void records since then.
    pub(super) void: u64,
    /// The last that an admitted record said.
    pub(super) inbox: Option<Inbox>,
}

impl Look {
    /// From a stored position on.
    pub(super) fn at(position: StoredPosition) -> Self {
        Self { position, claim: None, void: 0, inbox: None }
    }

    /// The next record, in offset order.
    pub(super) fn pass(&mut self, record: &Record) {
        match self.position.pass(record) {
            Verdict::Claimed => self.claimed(record),
            Verdict::Admitted => self.inbox = inbox_of(record).or(self.inbox),
            Verdict::Void(_) => self.void += 1,
        }
    }

    /// This record is the claim that stands.
    pub(super) fn claimed(&mut self, record: &Record) {
        let told = |claim| LastClaim { claim, at: record.offset, recorded_at: millis(record.recorded_at_ms) };
        self.claim = claim_in(record).map(told);
        self.void = 0;
    }
}

/// The claim that a record makes; entries may have any value.
pub(super) fn claim_in(record: &Record) -> Option<Claim> {
    if text(record, header::TYPE) == Some(CLAIM) { claim_of(record) } else { None }
}

/// How far commands have ended, as a record says.
pub(super) fn inbox_of(record: &Record) -> Option<Inbox> {
    text(record, header::INBOX)?.parse().ok()
}
