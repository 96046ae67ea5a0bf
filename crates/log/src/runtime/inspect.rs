//! How each partition of an aggregate stands: its last claim, what was written since, how far its reactor is and how
//! far its commands have ended. For people who ask what is wrong: it only reads, and joins no group.

mod look;

use super::node::{Node, StartError};
use super::partition::guard::{Guard, GuardUnmet, Unmet};
use crate::record::Claim;
use crate::{AggregateTopics, Offset, PartitionId, StoredPosition, Timestamp, Topic};
use look::Look;
use std::sync::Arc;
use tillroll_kafka::Record;

/// How many records are read in one go while something is looked for backwards.
const WINDOW: i64 = 1_000;

/// How a partition stands.
#[derive(Debug)]
pub struct Standing {
    /// Which partition.
    pub partition: PartitionId,
    /// Its last claim; none before the first.
    pub claim: Option<LastClaim>,
    /// Records since that claim that exist for nobody.
    pub void: u64,
    /// Records that its reactor has not passed yet.
    pub reactor_lag: i64,
    /// Topic commands that no record says have ended. Up to 1,000 of them may have all the same: those that needed no
    /// record of their own.
    pub inbox_lag: i64,
    /// What keeps an owner from claiming it.
    pub obstacle: Option<Obstacle>,
}

/// Who writes a partition, or was the last to.
#[derive(Clone, Debug)]
pub struct LastClaim {
    /// What it says.
    pub claim: Claim,
    /// Where it stands.
    pub at: Offset,
    /// When Kafka stored it.
    pub recorded_at: Timestamp,
}

/// Why no owner may claim a partition, and how to mend it.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Obstacle(GuardUnmet);

/// A partition with where it and its commands begin and end.
struct Part<'a> {
    node: &'a Node,
    topics: &'a AggregateTopics,
    topic: Topic,
    partition: PartitionId,
    end: Offset,
    commands: (Offset, Offset),
}

impl Node {
    /// How each partition of an aggregate stands, whose owners commit under this consumer group. It reads what the
    /// reactors have not passed and little more; all of a partition only where nothing was ever committed.
    pub async fn standings(&self, topics: &AggregateTopics, group: &str) -> Result<Vec<Standing>, StartError> {
        let (topic, commands): (Topic, Topic) = (topics.events.into(), topics.commands.into());
        let partitions: Vec<_> = (0..self.partitions(topics.events).await?).map(PartitionId).collect();
        let places = partitions.iter().map(|partition| (topic.clone(), *partition)).collect();
        // The positions first: they must not lie beyond the ends that they are compared with.
        let committed = tillroll_kafka::committed(&self.config().kafka, group, places).await;
        let committed = committed.map_err(StartError::Kafka)?;
        let ends = self.admin().end_offsets(&topic, &partitions).await.map_err(StartError::Kafka)?;
        let commands = self.admin().end_offsets(&commands, &partitions).await.map_err(StartError::Kafka)?;
        let mut standings = Vec::with_capacity(partitions.len());
        for (((partition, _, end), (_, begins, ends)), committed) in ends.into_iter().zip(commands).zip(committed) {
            let reacted = committed.and_then(|(_, metadata)| serde_json::from_str(&metadata).ok()).unwrap_or_default();
            let part = Part { node: self, topics, topic: topic.clone(), partition, end, commands: (begins, ends) };
            standings.push(part.standing(reacted).await?);
        }
        Ok(standings)
    }
}

impl Part<'_> {
    async fn standing(&self, reacted: StoredPosition) -> Result<Standing, StartError> {
        let reactor_lag = self.end.0 - reacted.next.0;
        let stands = |look: Look, inbox_lag, obstacle: Option<GuardUnmet>| Standing {
            partition: self.partition,
            claim: look.claim,
            void: look.void,
            reactor_lag,
            inbox_lag,
            obstacle: obstacle.map(Obstacle),
        };
        let mut look = Look::at(reacted.clone());
        if reactor_lag < 0 {
            let obstacle = self.guard(&reacted, &look).check_position().err();
            return Ok(stands(look, 0, obstacle));
        }
        if let Some(obstacle) = self.meets(&reacted).await? {
            return Ok(stands(look, 0, Some(obstacle)));
        }
        self.look_back(&mut look).await?;
        self.each(reacted.next, self.end, |record| look.pass(record)).await?;
        if look.inbox.is_none() {
            look.inbox = self
                .last(look.position.next, |record| look::inbox_of(record).is_some())
                .await?
                .and_then(|record| look::inbox_of(&record));
        }
        let (begins, ends) = self.commands;
        let inbox_lag = ends.0 - look.inbox.map_or(begins, |inbox| inbox.next).0;
        let guard = self.guard(&reacted, &look);
        let obstacle = match guard.check(self.node.admin().clone(), self.partition).await {
            Ok(()) => None,
            Err(Unmet::Guard(unmet)) => Some(unmet),
            Err(Unmet::Unknown(error)) => return Err(StartError::Kafka(error)),
        };
        Ok(stands(look, inbox_lag, obstacle))
    }

    fn guard(&self, reacted: &StoredPosition, look: &Look) -> Guard {
        Guard {
            place: format!("{}/{}", self.topic, self.partition),
            commands_topic: self.topics.commands.into(),
            reacted: reacted.next,
            read: self.end,
            claimed: look.claim.as_ref().map(|last| last.claim.partitions),
            configured: self.node.config().partitions,
            inbox: look.inbox,
            log: look.position.log,
            // What an instance remembers is its own.
            served: None,
        }
    }

    /// Whether the position's record is the one that stands there.
    async fn meets(&self, reacted: &StoredPosition) -> Result<Option<GuardUnmet>, StartError> {
        let Some(last) = reacted.last else { return Ok(None) };
        let admin = self.node.admin();
        let record = admin.read_at(&self.topic, self.partition, last.offset).await.map_err(StartError::Kafka)?;
        let place = format!("{}/{}", self.topic, self.partition);
        Ok(match record {
            Some(record) => reacted.meet(&record).err().map(|source| GuardUnmet::Reactor { place, source }),
            None => Some(GuardUnmet::ReactorBeyondEnd { place, reacted: reacted.next, read: last.offset }),
        })
    }

    /// Finds the claim that the position stands under. It stands before as many records as were admitted under it, and
    /// those that were void.
    async fn look_back(&self, look: &mut Look) -> Result<(), StartError> {
        let Some(claim) = look.position.arbiter.claim else { return Ok(()) };
        let admitted = i64::try_from(look.position.arbiter.next_ordinal.0).unwrap_or(i64::MAX);
        let after = Offset(look.position.next.0.saturating_sub(admitted));
        let is_it = |record: &Record| look::claim_in(record).is_some_and(|found| found.claim == claim);
        if let Some(record) = self.last(after, is_it).await? {
            look.claimed(&record);
            look.void = u64::try_from(after.0 - record.offset.0 - 1).unwrap_or_default();
        }
        Ok(())
    }

    /// The last record before `below` that is one of those wanted.
    async fn last(
        &self,
        mut below: Offset,
        wanted: impl Fn(&Record) -> bool,
    ) -> Result<Option<Arc<Record>>, StartError> {
        let mut found = None;
        while found.is_none() && below > Offset(0) {
            let from = Offset((below.0 - WINDOW).max(0));
            self.each(from, below, |record| {
                if wanted(record) {
                    found = Some(record.clone());
                }
            })
            .await?;
            below = from;
        }
        Ok(found)
    }

    /// Shows every record from `from` on and before `to`, in order.
    async fn each(&self, from: Offset, to: Offset, mut show: impl FnMut(&Arc<Record>)) -> Result<(), StartError> {
        if from >= to {
            return Ok(());
        }
        let mut subscription = self.node.tail().subscribe(self.topic.clone(), vec![(self.partition, from)]);
        let mut next = from;
        while next < to {
            let batch = subscription.next().await.map_err(|error| StartError::Read(error.into()))?;
            batch.records.iter().filter(|record| record.offset < to).for_each(&mut show);
            next = batch.next;
        }
        Ok(())
    }
}
