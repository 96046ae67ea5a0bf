//! Who follows which partition, and handing out what has been fetched.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::Offset as RdOffset;

use super::{Command, Join, Subscriber, SubscriberId};
use crate::native::{Event, EventQueue};
use crate::reading::{Slot, Slots, partition_list};
use crate::{Batch, KafkaError, Offset, PartitionId, Topic};

#[cfg(test)]
mod tests;

/// A partition stays assigned so long after its last follower has left, since a detached one soon comes back.
const LINGER: Duration = Duration::from_secs(5);

pub(super) struct FanOut {
    slots: Slots<Followers>,
    subscribers: HashMap<SubscriberId, Subscriber>,
}

/// The subscribers of one partition.
struct Followers {
    ids: Vec<SubscriberId>,
    alone_since: Option<Instant>,
}

impl FanOut {
    pub(super) fn new() -> FanOut {
        FanOut { slots: Slots::new(), subscribers: HashMap::new() }
    }

    pub(super) fn obey(&mut self, queue: &EventQueue, command: Command) {
        match command {
            Command::Join(join) => self.join(queue, join),
            Command::Leave(id) => self.detach(id),
        }
    }

    /// Takes what has been fetched and hands it out.
    pub(super) fn fetch(&mut self, queue: &EventQueue, wait: Duration) -> Event {
        let event = self.slots.take_fetched(queue, wait);
        self.hand_out();
        event
    }

    fn join(&mut self, queue: &EventQueue, join: Join) {
        let new: Vec<(PartitionId, Offset)> =
            join.at.iter().copied().filter(|(p, _)| self.slots.get_mut(&join.topic, *p).is_none()).collect();
        if let Err(error) = assign(queue, &join.topic, &new) {
            // The answer is dropped, so the joiner tries again or gives up; nobody else is touched.
            tracing::warn!(kafka.topic = %join.topic, error = %error, "the tail could not take on partitions");
            return;
        }
        for (partition, offset) in new {
            let followers = Followers { ids: Vec::new(), alone_since: None };
            self.slots.insert(Arc::clone(&join.topic), partition, offset, followers);
        }
        let mut starts = Vec::with_capacity(join.at.len());
        for (partition, _) in join.at {
            if let Some(slot) = self.slots.get_mut(&join.topic, partition) {
                slot.own.ids.push(join.id);
                slot.own.alone_since = None;
                starts.push((partition, slot.next));
            }
        }
        self.subscribers.insert(join.id, join.subscriber);
        if join.answer.send(starts).is_err() {
            self.detach(join.id);
        }
    }

    fn detach(&mut self, id: SubscriberId) {
        if self.subscribers.remove(&id).is_none() {
            return;
        }
        for slot in self.slots.iter_mut() {
            slot.own.ids.retain(|other| *other != id);
            if slot.own.ids.is_empty() && slot.own.alone_since.is_none() {
                slot.own.alone_since = Some(Instant::now());
            }
        }
    }

    fn hand_out(&mut self) {
        let subscribers = &self.subscribers;
        let mut slow = HashSet::new();
        self.slots.drain_touched(|slot| hand_out(slot, subscribers, &mut slow));
        for id in slow {
            tracing::debug!(subscriber = id.0, "a subscriber is too slow for the tail and catches up by itself");
            self.detach(id);
        }
    }

    /// Lets go of a partition that cannot be read on; its followers are detached and look for themselves.
    pub(super) fn drop_partition(&mut self, queue: &EventQueue, topic: &str, partition: PartitionId) {
        let Some(slot) = self.slots.remove(topic, partition) else { return };
        unassign(queue, &slot.topic, partition);
        for id in slot.own.ids {
            self.detach(id);
        }
    }

    /// Lets go of partitions that nobody follows any more.
    pub(super) fn sweep(&mut self, queue: &EventQueue) {
        let alone: Vec<(Topic, PartitionId)> = self
            .slots
            .iter_mut()
            .filter(|slot| slot.own.alone_since.is_some_and(|since| since.elapsed() >= LINGER))
            .map(|slot| (Arc::clone(&slot.topic), slot.partition))
            .collect();
        for (topic, partition) in alone {
            self.drop_partition(queue, &topic, partition);
        }
    }
}

/// Sends a partition's batch to each follower; the last one gets it without a copy.
fn hand_out(
    slot: &mut Slot<Followers>,
    subscribers: &HashMap<SubscriberId, Subscriber>,
    slow: &mut HashSet<SubscriberId>,
) {
    let batch = slot.batch();
    let Some((last, others)) = slot.own.ids.split_last() else { return };
    let size = batch.size();
    for id in others {
        offer(*id, batch.clone(), size, subscribers, slow);
    }
    offer(*last, batch, size, subscribers, slow);
}

/// A subscriber that has once been found too slow gets nothing more: what it has must be without a gap.
fn offer(
    id: SubscriberId,
    batch: Batch,
    size: usize,
    subscribers: &HashMap<SubscriberId, Subscriber>,
    slow: &mut HashSet<SubscriberId>,
) {
    let Some(subscriber) = subscribers.get(&id) else { return };
    if slow.contains(&id) || !subscriber.backlog.take(size) || subscriber.batches.send(batch).is_err() {
        slow.insert(id);
    }
}

fn assign(queue: &EventQueue, topic: &Topic, at: &[(PartitionId, Offset)]) -> Result<(), KafkaError> {
    if at.is_empty() {
        return Ok(());
    }
    let list = partition_list(at.iter().map(|(p, offset)| (topic, *p, RdOffset::Offset(offset.0))))?;
    queue.consumer().incremental_assign(&list).map_err(KafkaError::client("assigning partitions to the tail"))
}

fn unassign(queue: &EventQueue, topic: &Topic, partition: PartitionId) {
    let gone = partition_list([(topic, partition, RdOffset::Invalid)]).and_then(|list| {
        queue.consumer().incremental_unassign(&list).map_err(KafkaError::client("taking a partition from the tail"))
    });
    if let Err(error) = gone {
        tracing::warn!(kafka.topic = %topic, kafka.partition = partition.0, error = %error, "still assigned");
    }
}
