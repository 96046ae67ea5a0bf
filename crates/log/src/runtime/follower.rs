//! Following a topic's admitted events for as long as somebody holds the follower: how far it is, and why it stands if it
//! stands. What is made of the events, and how much of it is kept, is the watcher's.

pub(super) mod reading;

use super::node::Node;
use super::{AdmittedReader, StartError};
use crate::{Body, Coordinates, Key, LogId, Offset, PartitionId, StoredPosition, Timestamp, Version};
use reading::{Following, follow};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tillroll_kafka::partition_for;
use tokio::sync::watch;

/// What is made of a topic's events as they come.
pub trait Watcher: Send + Sync + 'static {
    /// The events' topic.
    const EVENTS: &'static str;
    /// What the topic's events are.
    type Event: Body + Send;

    /// Takes a run of one partition's events, in order, each once. It must not wait.
    fn see(&self, events: Vec<Seen<Self::Event>>);
}

/// An admitted event.
#[derive(Clone, Debug)]
pub struct Seen<E> {
    /// Of which aggregate.
    pub key: Key,
    /// The aggregate's version after it.
    pub version: Version,
    /// When Kafka stored it.
    pub recorded_at: Timestamp,
    /// What happened.
    pub event: E,
}

/// What follows the log has not read that far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Behind {
    /// It did not get there in time, cannot get there, or could not find out how far it has to read.
    #[error("the log has not been read that far in time")]
    Late,
    /// The place is of another history.
    #[error("the position is of another log")]
    OtherLog,
}

/// How far it is.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) positions: HashMap<PartitionId, StoredPosition>,
    /// They cannot be read on.
    pub(super) stopped: HashSet<PartitionId>,
}

impl Progress {
    fn next(&self, partition: PartitionId) -> Offset {
        self.positions.get(&partition).map_or(Offset(0), |position| position.next)
    }
}

/// Why it does not read on, if it does not; shared with the roles that depend on it.
#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Why>>);

#[derive(Default)]
pub(super) struct Why {
    /// For good, until a person mends it.
    pub(super) stopped: Option<String>,
    /// It is tried again.
    pub(super) passing: Option<String>,
}

impl Trouble {
    pub(super) fn stopped(&self) -> Option<String> {
        self.with(|why| why.stopped.clone())
    }

    pub(super) fn text(&self) -> Option<String> {
        self.with(|why| why.stopped.clone().or_else(|| why.passing.clone()))
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Why) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads a topic to its end and on, and gives all to a watcher, until its last clone is gone.
pub struct Follower<W: Watcher> {
    node: Node,
    partitions: i32,
    watcher: Arc<W>,
    progress: watch::Receiver<Progress>,
    trouble: Trouble,
}

impl<W: Watcher> Clone for Follower<W> {
    fn clone(&self) -> Self {
        let Self { node, partitions, watcher, progress, trouble } = self;
        let (node, watcher, progress, trouble) = (node.clone(), watcher.clone(), progress.clone(), trouble.clone());
        Self { node, partitions: *partitions, watcher, progress, trouble }
    }
}

impl Node {
    /// Follows a topic from its beginning; it must be there.
    pub async fn follow<W: Watcher>(&self, watcher: Arc<W>) -> Result<Follower<W>, StartError> {
        let partitions = self.partitions(W::EVENTS).await?;
        Ok(Follower::start(self.clone(), partitions, watcher))
    }
}

impl<W: Watcher> Follower<W> {
    pub(super) fn start(node: Node, partitions: i32, watcher: Arc<W>) -> Self {
        // The node's clients are closed with its last clone: it must not be held for as long as the log is read.
        let tail = node.tail().clone();
        let (follower, following) = Self::new(node, partitions, watcher);
        let open = move |from| AdmittedReader::start(&tail, W::EVENTS.into(), from);
        tillroll_telemetry::spawn("follower", follow(following, open));
        follower
    }

    pub(super) fn new(node: Node, partitions: i32, watcher: Arc<W>) -> (Self, Following<W>) {
        let (sender, progress) = watch::channel(Progress::default());
        let trouble = Trouble::default();
        let following = Following::new(partitions, watcher.clone(), sender, trouble.clone());
        (Self { node, partitions, watcher, progress, trouble }, following)
    }

    /// To whom it tells what it reads.
    pub fn watcher(&self) -> &W {
        &self.watcher
    }

    /// Why it does not read on, if it does not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.text()
    }

    pub(super) fn troubles(&self) -> &Trouble {
        &self.trouble
    }

    /// Whether some partition cannot be read on.
    pub fn is_stopped(&self) -> bool {
        !self.progress.borrow().stopped.is_empty()
    }

    /// Whether the aggregate's partition cannot be read on: what was seen of it may be over.
    pub fn is_stopped_for(&self, key: &str) -> bool {
        self.progress.borrow().stopped.contains(&partition_for(key.as_bytes(), self.partitions))
    }

    /// The last record that was read of the aggregate's partition: who rests on what it says has seen that.
    pub fn position_for(&self, key: &str) -> Option<(LogId, Coordinates)> {
        let partition = partition_for(key.as_bytes(), self.partitions);
        let known = self.progress.borrow();
        let StoredPosition { next, log, .. } = known.positions.get(&partition)?;
        let offset = Offset(next.0 - 1);
        (offset >= Offset(0)).then_some(((*log)?, Coordinates { topic: W::EVENTS.into(), partition, offset }))
    }

    /// Reads to the end that the log has now. If a partition cannot be read on it fails at once.
    pub async fn refresh(&self, within: Duration) -> Result<(), Behind> {
        let partitions: Vec<_> = (0..self.partitions).map(PartitionId).collect();
        let reach = async {
            if !self.progress.borrow().stopped.is_empty() {
                return Err(Behind::Late);
            }
            let ends = self.node.admin().end_offsets(&W::EVENTS.into(), &partitions).await;
            let ends = ends.map_err(|_| Behind::Late)?;
            let passed = |known: &Progress| ends.iter().all(|(partition, _, end)| known.next(*partition) >= *end);
            let mut progress = self.progress.clone();
            let known = progress.wait_for(|known| !known.stopped.is_empty() || passed(known)).await;
            known.ok().filter(|known| known.stopped.is_empty()).map(drop).ok_or(Behind::Late)
        };
        tokio::time::timeout(within, reach).await.unwrap_or(Err(Behind::Late))
    }

    /// Reads at least that record of that log. If its partition cannot be read on it fails at once.
    pub async fn reach(&self, log: LogId, at: &Coordinates, within: Duration) -> Result<(), Behind> {
        let mut progress = self.progress.clone();
        let stopped = |known: &Progress| known.stopped.contains(&at.partition);
        let passed = |known: &Progress| known.next(at.partition) > at.offset;
        // What `wait_for` gives holds the channel's lock: it must not live while the progress is looked at again.
        let reaching = async { progress.wait_for(|known| stopped(known) || passed(known)).await.map(drop) };
        let reached = tokio::time::timeout(within, reaching).await;
        let known = self.progress.borrow();
        match (known.positions.get(&at.partition).and_then(|position| position.log), reached) {
            (Some(known), _) if known != log => Err(Behind::OtherLog),
            (_, Ok(Ok(()))) if !stopped(&known) => Ok(()),
            _ => Err(Behind::Late),
        }
    }
}
