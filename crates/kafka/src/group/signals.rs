//! What a membership tells its owner.

use std::fmt;

use super::{Command, Line, PartitionRecords};
use crate::{KafkaError, PartitionId, Topic};

/// What happened to a membership, in order.
pub enum GroupSignal {
    /// These partitions are the owner's now; none, if the group has decided and others have them all. They are paused
    /// until [`Group::read_from`](super::Group::read_from).
    Assigned(Vec<Assigned>),
    /// These partitions go to another member as soon as the owner has released them by dropping or releasing the
    /// acknowledgement, or after three seconds. They are paused; other partitions are read on.
    Revoked(Vec<(Topic, PartitionId)>, RevokedAck),
    /// These partitions are another member's already: the session has timed out.
    Lost(Vec<(Topic, PartitionId)>),
    /// The client needs somebody's help, for example a permission or a topic that does not exist. It goes on trying.
    Fault(KafkaError),
}

impl fmt::Debug for GroupSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupSignal::Assigned(assigned) => {
                let places: Vec<_> = assigned.iter().map(|a| (&a.topic, a.partition)).collect();
                f.debug_tuple("Assigned").field(&places).finish()
            }
            GroupSignal::Revoked(places, _) => f.debug_tuple("Revoked").field(places).finish(),
            GroupSignal::Lost(places) => f.debug_tuple("Lost").field(places).finish(),
            GroupSignal::Fault(error) => f.debug_tuple("Fault").field(error).finish(),
        }
    }
}

/// A partition and its records.
pub struct Assigned {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: PartitionId,
    /// Its records, once it is read. The channel ends when the partition is no longer assigned.
    pub records: PartitionRecords,
}

/// Tells the group that the owner has let go of what was revoked; dropping it says the same.
pub struct RevokedAck {
    line: Line,
    number: u64,
}

impl RevokedAck {
    pub(super) fn new(line: Line, number: u64) -> RevokedAck {
        RevokedAck { line, number }
    }

    /// The owner has let go.
    pub fn release(self) {}
}

impl Drop for RevokedAck {
    fn drop(&mut self) {
        self.line.tell(Command::Released(self.number));
    }
}
