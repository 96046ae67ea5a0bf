//! Who follows which partition, and handing out what has been fetched.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::Offset as RdOffset;

use super::recent::Recent;
use super::{Command, Join, Subscriber, SubscriberId, Unless};
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
    recent: Recent,
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
        let Join { id, subscriber, topic, at, unless, answer } = join;
        let answered = if unless == Unless::Distant && !self.has_at_hand(&topic, &at) {
            answer.send(None)
        } else if self.take_on(queue, &topic, &at) {
            let starts = at.into_iter().filter_map(|(p, position)| self.follow(id, &subscriber, &topic, p, position));
            let starts = starts.collect();
            self.subscribers.insert(id, subscriber);
            answer.send(Some(starts))
        } else {
            // Without an answer the joiner knows that it cannot be; nobody else is touched.
            return;
        };
        if answered.is_err() {
            self.detach(id);
        }
    }

    fn has_at_hand(&mut self, topic: &Topic, at: &[(PartitionId, Offset)]) -> bool {
        at.iter().all(|(partition, position)| {
            let slot = self.slots.get_mut(topic, *partition);
            slot.is_some_and(|slot| *position <= slot.next && slot.own.recent.since(*position).is_some())
        })
    }

    /// Assigns those partitions that nobody follows yet; whether all of them are assigned now.
    fn take_on(&mut self, queue: &EventQueue, topic: &Topic, at: &[(PartitionId, Offset)]) -> bool {
        let new = at.iter().copied().filter(|(p, _)| self.slots.get_mut(topic, *p).is_none());
        let new: Vec<(PartitionId, Offset)> = new.collect();
        if let Err(error) = assign(queue, topic, &new) {
            tracing::warn!(kafka.topic = %topic, error = %error, "the tail could not take on partitions");
            return false;
        }
        for (partition, position) in new {
            let own = Followers { ids: Vec::new(), alone_since: None, recent: Recent::at(position) };
            self.slots.insert(Arc::clone(topic), partition, position, own);
        }
        true
    }

    /// Adds a follower, with what is at hand from its position on. Returns from where everything comes.
    fn follow(
        &mut self,
        id: SubscriberId,
        subscriber: &Subscriber,
        topic: &Topic,
        partition: PartitionId,
        position: Offset,
    ) -> Option<(PartitionId, Offset)> {
        let slot = self.slots.get_mut(topic, partition)?;
        slot.own.ids.push(id);
        slot.own.alone_since = None;
        let Some(recent) = slot.own.recent.since(position) else { return Some((partition, slot.next)) };
        for (batch, size) in recent {
            if !subscriber.offer(batch, size) {
                // Too much for its backlog: the rest comes by catching up.
                return Some((partition, slot.next));
            }
        }
        Some((partition, position.min(slot.next)))
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
    let size = batch.size();
    slot.own.recent.keep(&batch, size);
    let Some((last, others)) = slot.own.ids.split_last() else { return };
    // One that has once been found too slow gets nothing more: what it has must be without a gap.
    let mut offer = |id: SubscriberId, batch: Batch| {
        let fits = subscribers.get(&id).is_none_or(|subscriber| subscriber.offer(batch, size));
        if !fits {
            slow.insert(id);
        }
    };
    for id in others {
        offer(*id, batch.clone());
    }
    offer(*last, batch);
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
