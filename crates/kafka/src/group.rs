//! Membership in a consumer group: who reads which partition, from positions that the owner names.
//! One client and one thread per membership. Each assigned partition has a bounded channel of its own, so that a slow
//! one never holds up the others. The group says who *should* own a partition; it is no fence (a member that slept
//! believes in its assignment until its next heartbeat), and whoever needs one must have it in what it writes.

mod flow;
mod member;
mod missing;
mod positions;
mod reading;
mod rebalance;
mod signals;
mod thread;

use std::sync::mpsc as std_mpsc;
use std::sync::{Arc, Weak};

use tokio::sync::{mpsc, oneshot};

use crate::native::{Consumer, Waker};
use crate::reading::open_consumer;
use crate::{Config, KafkaError, Offset, PartitionId, ReadError, Topic};
pub use flow::PartitionRecords;
pub use signals::{Assigned, GroupSignal, RevokedAck};

/// What has been committed under a group, in the order of the question, asked by somebody who does not join it; none
/// where nothing has.
pub async fn committed(
    config: &Config,
    group_id: &str,
    partitions: Vec<(Topic, PartitionId)>,
) -> Result<Vec<Option<(Offset, String)>>, KafkaError> {
    let client = config.member(group_id)?;
    let asked = tokio::task::spawn_blocking(move || {
        let queue = open_consumer(&client, "committed positions")?;
        positions::committed_by(queue.consumer(), &partitions)
    });
    asked.await.unwrap_or(Err(KafkaError::Closed { doing: positions::ASKING }))
}

/// A membership; cheap to clone. It ends with [`leave`](Group::leave), or when the last clone or the receiver of
/// signals is dropped.
#[derive(Clone)]
pub struct Group {
    handle: Arc<Handle>,
}

struct Handle {
    line: Line,
    /// Weak, since the thread must be the one that closes the client.
    consumer: Weak<Consumer>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.line.tell(Command::Leave(None));
    }
}

/// The way to the thread.
#[derive(Clone)]
struct Line {
    commands: std_mpsc::Sender<Command>,
    waker: Waker,
}

impl Line {
    /// Whether the thread is there to hear it.
    fn tell(&self, command: Command) -> bool {
        let told = self.commands.send(command).is_ok();
        self.waker.wake();
        told
    }
}

enum Command {
    ReadFrom(Topic, PartitionId, Offset),
    /// The partition's channel was full and has room again.
    Drained(Topic, PartitionId),
    /// Reading the partition had failed; this is why, or it may be tried again.
    Judged(Topic, PartitionId, Option<ReadError>),
    /// A subscribed topic that is really not there.
    Missing(Option<KafkaError>),
    Confirm(Confirm),
    Commit(Commit),
    /// The owner has released what was revoked under this number.
    Released(u64),
    Leave(Option<oneshot::Sender<()>>),
}

struct Confirm {
    topic: Topic,
    partition: PartitionId,
    answer: oneshot::Sender<bool>,
}

struct Commit {
    positions: Vec<(Topic, PartitionId, Offset, String)>,
    answer: oneshot::Sender<Result<(), KafkaError>>,
}

impl Group {
    /// Joins; what comes of it is signalled. It does not wait for a broker.
    pub fn join(
        config: &Config,
        group_id: &str,
        topics: &[Topic],
    ) -> Result<(Group, mpsc::Receiver<GroupSignal>), KafkaError> {
        let client = config.member(group_id)?;
        let session = client.get("session.timeout.ms").and_then(|text| text.parse().ok()).unwrap_or(6000);
        let queue = open_consumer(&client, "group")?;
        let (commands, received) = std_mpsc::channel();
        let line = Line { commands, waker: queue.waker().clone() };
        let consumer = Arc::downgrade(queue.consumer());
        let session = std::time::Duration::from_millis(session);
        let signals = thread::spawn(queue, (group_id, topics), line.clone(), received, session)?;
        Ok((Group { handle: Arc::new(Handle { line, consumer }) }, signals))
    }

    /// Reads an assigned partition from this position on; until this is called nothing of it is fetched. Calling it
    /// again starts over from there; a batch from before may still be on its way, its offsets tell.
    pub fn read_from(&self, topic: Topic, partition: PartitionId, offset: Offset) {
        self.handle.line.tell(Command::ReadFrom(topic, partition, offset));
    }

    /// Resolves after a poll that began after this call: true if the partition was still assigned then, was not being
    /// revoked and the group had not been lost; false otherwise. After the process has slept it waits for the next
    /// heartbeat too. It is the client's belief, see the head of this module.
    pub async fn confirm_assignment(&self, topic: Topic, partition: PartitionId) -> bool {
        let (answer, answered) = oneshot::channel();
        self.handle.line.tell(Command::Confirm(Confirm { topic, partition, answer }));
        answered.await.unwrap_or(false)
    }

    /// Commits positions (next offsets) with their metadata under this group, for any partitions, also of topics that
    /// are not subscribed. Resolves when the coordinator has acknowledged; the coordinator refuses a member that it
    /// has replaced.
    pub async fn commit(&self, positions: Vec<(Topic, PartitionId, Offset, String)>) -> Result<(), KafkaError> {
        let (answer, answered) = oneshot::channel();
        self.handle.line.tell(Command::Commit(Commit { positions, answer }));
        answered.await.unwrap_or(Err(KafkaError::Closed { doing: positions::COMMITTING }))
    }

    /// What has been committed under this group, in the order of the question; none where nothing has.
    pub async fn committed(
        &self,
        partitions: Vec<(Topic, PartitionId)>,
    ) -> Result<Vec<Option<(Offset, String)>>, KafkaError> {
        let consumer = Weak::clone(&self.handle.consumer);
        let asked = tokio::task::spawn_blocking(move || positions::committed(&consumer, &partitions));
        asked.await.unwrap_or(Err(KafkaError::Closed { doing: positions::ASKING }))
    }

    /// Leaves the group at once, so that its partitions need not wait for the session to time out; resolves when the
    /// client is closed. What was assigned is the others' from then on.
    pub async fn leave(self) {
        let (answer, left) = oneshot::channel();
        if self.handle.line.tell(Command::Leave(Some(answer))) {
            // The sender is dropped with the thread at the latest.
            drop(left.await);
        }
    }
}
