//! A copy in memory of another context's facts (a global table): the fold of its events, for reading. What it cannot
//! vouch for it does not tell: a partition that cannot be read on knows nothing any more, and says so.

mod follow;

use super::AdmittedReader;
use super::node::Node;
use crate::{Aggregate, Coordinates, Key, LogId, Offset, PartitionId, StoredPosition, Version};
use follow::{Following, follow};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tillroll_kafka::partition_for;
use tokio::sync::watch;

/// The replica has not read that far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Behind {
    /// It did not get there in time, cannot get there, or could not find out how far it has to read.
    #[error("the replica has not read that far in time")]
    Late,
    /// The place is of another history.
    #[error("the position is of another log")]
    OtherLog,
}

/// How far it is.
#[derive(Default)]
struct Progress {
    positions: HashMap<PartitionId, StoredPosition>,
    /// They cannot be read on.
    stopped: HashSet<PartitionId>,
}

impl Progress {
    fn next(&self, partition: PartitionId) -> Offset {
        self.positions.get(&partition).map_or(Offset(0), |position| position.next)
    }
}

/// Why a replica does not read on, if it does not; shared with the roles that depend on it.
#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Mutex<Why>>);

#[derive(Default)]
struct Why {
    /// For good, until a person mends it.
    stopped: Option<String>,
    /// It is tried again.
    passing: Option<String>,
}

impl Trouble {
    pub(super) fn stopped(&self) -> Option<String> {
        self.with(|why| why.stopped.clone())
    }

    pub(super) fn text(&self) -> Option<String> {
        self.with(|why| why.stopped.clone().or_else(|| why.passing.clone()))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Why) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

type Facts<A> = HashMap<Key, (Version, <A as Aggregate>::State)>;

/// A copy of what the aggregate's events say. It may be behind: a refusal may rest on it only after [`Self::refresh`].
pub struct Replica<A: Aggregate> {
    node: Node,
    partitions: i32,
    facts: Arc<RwLock<Facts<A>>>,
    progress: watch::Receiver<Progress>,
    trouble: Trouble,
}

impl<A: Aggregate> Clone for Replica<A> {
    fn clone(&self) -> Self {
        let Self { node, partitions, facts, progress, trouble } = self;
        let (node, facts, progress, trouble) = (node.clone(), facts.clone(), progress.clone(), trouble.clone());
        Self { node, partitions: *partitions, facts, progress, trouble }
    }
}

impl<A: Aggregate> Replica<A> {
    pub(super) fn start(node: Node, partitions: i32) -> Self {
        // The node's clients are closed with its last clone: it must not be held for as long as the log is read.
        let tail = node.tail().clone();
        let (replica, following) = Self::new(node, partitions);
        let open = move |from| AdmittedReader::start(&tail, A::TOPICS.events.into(), from);
        tillroll_telemetry::spawn("replica", follow(following, open));
        replica
    }

    fn new(node: Node, partitions: i32) -> (Self, Following<A>) {
        let facts = Arc::new(RwLock::new(HashMap::new()));
        let (sender, progress) = watch::channel(Progress::default());
        let trouble = Trouble::default();
        let following = Following::new(partitions, facts.clone(), sender, trouble.clone());
        (Self { node, partitions, facts, progress, trouble }, following)
    }

    /// Looks at an aggregate as the replica knows it. Of a partition that cannot be read on it knows nothing: what is
    /// looked for there is to be taken for unknown, and [`Self::refresh`] says that this is no ground for a refusal.
    pub fn with<T>(&self, key: &str, look: impl FnOnce(Version, &A::State) -> T) -> Option<T> {
        if self.progress.borrow().stopped.contains(&partition_for(key.as_bytes(), self.partitions)) {
            return None;
        }
        let facts = self.facts.read().unwrap_or_else(PoisonError::into_inner);
        facts.get(key).map(|(version, state)| look(*version, state))
    }

    /// Why it does not read on, if it does not. [`Role::depends_on`](super::Role::depends_on) makes it visible.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.text()
    }

    pub(super) fn troubles(&self) -> &Trouble {
        &self.trouble
    }

    /// The last record that the replica has read of the aggregate's partition: who rests on what it says has seen that.
    pub fn position_for(&self, key: &str) -> Option<(LogId, Coordinates)> {
        let partition = partition_for(key.as_bytes(), self.partitions);
        let known = self.progress.borrow();
        let StoredPosition { next, log, .. } = known.positions.get(&partition)?;
        let offset = Offset(next.0 - 1);
        (offset >= Offset(0)).then_some(((*log)?, Coordinates { topic: A::TOPICS.events.into(), partition, offset }))
    }

    /// Reads to the end that the log has now. If a partition cannot be read on it fails at once.
    pub async fn refresh(&self, within: Duration) -> Result<(), Behind> {
        let partitions: Vec<_> = (0..self.partitions).map(PartitionId).collect();
        let reach = async {
            if !self.progress.borrow().stopped.is_empty() {
                return Err(Behind::Late);
            }
            let ends = self.node.admin().end_offsets(&A::TOPICS.events.into(), &partitions).await;
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

#[cfg(test)]
mod tests;
