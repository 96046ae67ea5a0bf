//! A copy in memory of another context's facts (a global table): the fold of its events, for reading.

use super::node::Node;
use crate::record::Entry;
use crate::{Aggregate, Body, Coordinates, Key, LogId, Offset, PartitionId, Version};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tillroll_kafka::partition_for;
use tokio::sync::watch;

/// The replica has not read that far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Behind {
    /// It did not get there in time, or could not find out how far it has to read.
    #[error("the replica has not read that far in time")]
    Late,
    /// The place is of another history.
    #[error("the position is of another log")]
    OtherLog,
}

/// How far it is, per partition.
type Positions = HashMap<PartitionId, (Offset, Option<LogId>)>;
type Facts<A> = HashMap<Key, (Version, <A as Aggregate>::State)>;

/// A copy of what the aggregate's events say. It may be behind: a refusal may rest on it only after [`Self::refresh`].
pub struct Replica<A: Aggregate> {
    node: Node,
    partitions: i32,
    facts: Arc<RwLock<Facts<A>>>,
    positions: watch::Receiver<Positions>,
}

impl<A: Aggregate> Clone for Replica<A> {
    fn clone(&self) -> Self {
        let Self { node, partitions, facts, positions } = self;
        Self { node: node.clone(), partitions: *partitions, facts: facts.clone(), positions: positions.clone() }
    }
}

impl<A: Aggregate> Replica<A> {
    pub(super) fn start(node: Node, partitions: i32) -> Self {
        let facts = Arc::new(RwLock::new(HashMap::new()));
        let (sender, positions) = watch::channel(HashMap::new());
        tillroll_telemetry::spawn("replica", follow::<A>(node.clone(), partitions, facts.clone(), sender));
        Self { node, partitions, facts, positions }
    }

    /// Looks at an aggregate as the replica knows it.
    pub fn with<T>(&self, key: &str, look: impl FnOnce(Version, &A::State) -> T) -> Option<T> {
        let facts = self.facts.read().unwrap_or_else(PoisonError::into_inner);
        facts.get(key).map(|(version, state)| look(*version, state))
    }

    /// The last record that the replica has read of the aggregate's partition: who rests on what it says has seen that.
    pub fn position_for(&self, key: &str) -> Option<(LogId, Coordinates)> {
        let partition = partition_for(key.as_bytes(), self.partitions);
        let (next, log) = self.positions.borrow().get(&partition).copied()?;
        let offset = Offset(next.0 - 1);
        (offset >= Offset(0)).then_some((log?, Coordinates { topic: A::TOPICS.events.into(), partition, offset }))
    }

    /// Reads to the end that the log has now.
    pub async fn refresh(&self, within: Duration) -> Result<(), Behind> {
        let partitions: Vec<_> = (0..self.partitions).map(PartitionId).collect();
        let reach = async {
            let ends = self.node.admin().end_offsets(&A::TOPICS.events.into(), &partitions).await;
            let ends = ends.map_err(|_| Behind::Late)?;
            let passed = |known: &Positions| {
                ends.iter().all(|(partition, _, end)| known.get(partition).map_or(Offset(0), |(next, _)| *next) >= *end)
            };
            let mut positions = self.positions.clone();
            positions.wait_for(passed).await.map(|_| ()).map_err(|_| Behind::Late)
        };
        tokio::time::timeout(within, reach).await.unwrap_or(Err(Behind::Late))
    }

    /// Reads at least that record of that log.
    pub async fn reach(&self, log: LogId, at: &Coordinates, within: Duration) -> Result<(), Behind> {
        let mut positions = self.positions.clone();
        let passed = |known: &Positions| known.get(&at.partition).is_some_and(|(next, _)| *next > at.offset);
        // What `wait_for` gives holds the channel's lock: it must not live while the positions are looked at again.
        let reaching = async { positions.wait_for(passed).await.map(drop) };
        let reached = tokio::time::timeout(within, reaching).await;
        let known = self.positions.borrow().get(&at.partition).and_then(|(_, log)| *log);
        match (known, reached) {
            (Some(known), _) if known != log => Err(Behind::OtherLog),
            (_, Ok(Ok(()))) => Ok(()),
            _ => Err(Behind::Late),
        }
    }
}

/// Folds the topic until the last handle of the replica is gone. What cannot be read stops the replica, with an
/// alarm: it is then behind.
async fn follow<A: Aggregate>(
    node: Node,
    partitions: i32,
    facts: Arc<RwLock<Facts<A>>>,
    positions: watch::Sender<Positions>,
) {
    let from = (0..partitions).map(|partition| (PartitionId(partition), None)).collect();
    let mut reader = node.reader(A::TOPICS.events, from);
    // The node's clients are closed with its last clone: it must not be held for as long as the log is read.
    drop(node);
    loop {
        let next = tokio::select! {
            next = reader.next() => next,
            () = positions.closed() => return,
        };
        let batch = match next {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(kafka.topic = A::TOPICS.events, %error, "replica stops");
                return;
            }
        };
        let mut events = Vec::with_capacity(batch.records.len());
        for admitted in &batch.records {
            if let Entry::Event(envelope) = &admitted.entry {
                let value = admitted.record.value.as_deref().unwrap_or_default();
                match A::Event::decode(&envelope.type_name, value) {
                    Ok(event) => events.push((envelope.key.clone(), envelope.version, event)),
                    Err(error) => {
                        tracing::error!(kafka.position = %envelope.at, %error, "replica stops");
                        return;
                    }
                }
            }
        }
        if !events.is_empty() {
            let mut facts = facts.write().unwrap_or_else(PoisonError::into_inner);
            for (key, version, event) in events {
                let slot = facts.entry(key).or_default();
                *slot = (version, A::evolve(std::mem::take(&mut slot.1), &event));
            }
        }
        positions.send_modify(|known| {
            known.insert(batch.partition, (batch.position.next, batch.position.log));
        });
    }
}
