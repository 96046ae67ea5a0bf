//! Who runs where, and who serves which partition, as instances announce it in the compacted topic `services.v1`.
//! What must hold: nothing rests on it. It says whom to ask; who may write the log alone decides. An instance that is
//! silent for three heartbeats counts as gone, by this reader's own clock, while others are heard.

mod announcer;
mod directory;
mod reader;

pub use announcer::Announcer;
pub use directory::{Announcement, Directory};

use super::node::Node;
use crate::{Offset, PartitionId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The topic; one partition, compacted.
pub const TOPIC: &str = "services.v1";
/// How often an instance says that it is there, besides each time that something changes.
pub const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long an instance may say nothing.
pub const SILENT_AFTER: Duration = Duration::from_secs(6);

/// A partition of an events topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The events topic.
    pub topic: &'static str,
    /// The partition.
    pub partition: PartitionId,
}

/// The partitions that are served, each with the offset of its admitted claim.
pub type Served = BTreeMap<Place, Offset>;

/// Who owns a partition, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerFound {
    /// Who.
    pub instance: String,
    /// Where he can be asked: `http://host:port`.
    pub url: String,
}

/// That a partition's owner is gone: nobody listens where he announced himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// The events topic.
    pub topic: String,
    /// The partition.
    pub partition: PartitionId,
    /// Who seems to be gone.
    pub instance: String,
}

/// What is announced, as it is now. Cheap to clone; reading ends with the last one.
#[derive(Clone)]
pub struct Services {
    directory: watch::Receiver<Directory>,
}

impl Services {
    pub(super) fn start(tail: tillroll_kafka::Tail, moves: Arc<watch::Sender<u64>>) -> Self {
        let (publish, directory) = watch::channel(Directory::default());
        tillroll_telemetry::spawn("services", reader::follow(tail, publish, moves));
        Self { directory }
    }

    /// Who owns this partition; of several that say so the one whose claim is the latest.
    pub fn owner(&self, place: Place) -> Option<OwnerFound> {
        self.owner_of(place.topic, place.partition.0)
    }

    /// The same for a partition of an events topic by its name.
    pub fn owner_of(&self, topic: &str, partition: i32) -> Option<OwnerFound> {
        self.directory.borrow().owner(topic, partition)
    }

    /// Everybody who is there.
    pub fn all(&self) -> Vec<Announcement> {
        self.directory.borrow().iter().cloned().collect()
    }

    /// Where a role's instances can be asked that are not about to end, in a steady order.
    pub fn urls(&self, role: &str) -> Vec<String> {
        self.directory.borrow().urls(role)
    }

    /// Ends when something has changed since this was last called; never, if nothing will change any more.
    pub async fn changed(&mut self) {
        if self.directory.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Node {
    /// Announces this node's instance of a role until it is withdrawn, with what it serves.
    pub fn announce(&self, role: &str, served: watch::Receiver<Served>) -> Announcer {
        Announcer::start(self.clone(), role, served)
    }
}
