//! What every consumer thread does: take what has been fetched, sort it by partition, and keep each partition's
//! position.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::topic_partition_list::{Offset as RdOffset, TopicPartitionList};

use crate::context::Logged;
use crate::native::{Brokers, Consumer, Event, EventQueue};
use crate::{Batch, KafkaError, Offset, PartitionId, Record, Topic};

#[cfg(test)]
mod tests;

/// Takes at most this many records before the batches go out, so that the first does not wait for the last.
const MOST_RECORDS: usize = 512;
/// The same in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Makes a consumer and its event queue.
pub(crate) fn open_consumer(config: &ClientConfig, role: &'static str) -> Result<EventQueue, KafkaError> {
    let consumer: Consumer =
        config.create_with_context(Logged { role }).map_err(KafkaError::client("making a consumer"))?;
    EventQueue::new(consumer, role, Brokers::of(config, role))
}

/// Partitions with positions, as librdkafka wants them.
pub(crate) fn partition_list<'a>(
    places: impl IntoIterator<Item = (&'a Topic, PartitionId, RdOffset)>,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (topic, partition, offset) in places {
        list.add_partition_offset(topic, partition.0, offset).map_err(KafkaError::client("naming partitions"))?;
    }
    Ok(list)
}

/// One partition that a consumer reads, with whatever its thread keeps about it.
pub(crate) struct Slot<T> {
    pub topic: Topic,
    pub partition: PartitionId,
    /// The position: everything before it has been taken.
    pub next: Offset,
    pub own: T,
    records: Vec<Arc<Record>>,
    touched: bool,
}

impl<T> Slot<T> {
    /// Begins again at another position; what has been taken and not been asked for is dropped.
    pub(crate) fn restart(&mut self, next: Offset) {
        self.records.clear();
        self.next = next;
    }

    /// What has been taken since the last call.
    pub(crate) fn batch(&mut self) -> Batch {
        let records = std::mem::take(&mut self.records);
        Batch { topic: Arc::clone(&self.topic), partition: self.partition, records, next: self.next }
    }
}

/// All partitions of one consumer.
pub(crate) struct Slots<T> {
    slots: Vec<Option<Slot<T>>>,
    by_topic: HashMap<Topic, Vec<(PartitionId, usize)>>,
    /// Records come in runs of one partition.
    last: usize,
    touched: Vec<usize>,
}

impl<T> Slots<T> {
    pub(crate) fn new() -> Slots<T> {
        Slots { slots: Vec::new(), by_topic: HashMap::new(), last: 0, touched: Vec::new() }
    }

    /// Adds a partition at a position, in place of one of the same name.
    pub(crate) fn insert(&mut self, topic: Topic, partition: PartitionId, next: Offset, own: T) {
        self.remove(&topic, partition);
        let slot = Slot { topic: Arc::clone(&topic), partition, next, own, records: Vec::new(), touched: false };
        let place = match self.slots.iter().position(Option::is_none) {
            Some(free) => {
                self.slots[free] = Some(slot);
                free
            }
            None => {
                self.slots.push(Some(slot));
                self.slots.len() - 1
            }
        };
        self.by_topic.entry(topic).or_default().push((partition, place));
    }

    pub(crate) fn remove(&mut self, topic: &str, partition: PartitionId) -> Option<Slot<T>> {
        let partitions = self.by_topic.get_mut(topic)?;
        let found = partitions.iter().position(|(number, _)| *number == partition)?;
        let (_, place) = partitions.swap_remove(found);
        if partitions.is_empty() {
            self.by_topic.remove(topic);
        }
        self.touched.retain(|touched| *touched != place);
        self.slots[place].take()
    }

    pub(crate) fn get_mut(&mut self, topic: &str, partition: PartitionId) -> Option<&mut Slot<T>> {
        let place = self.find(topic, partition)?;
        self.slots.get_mut(place)?.as_mut()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot<T>> {
        self.slots.iter_mut().flatten()
    }

    /// Calls `each` for every partition that moved since the last call.
    pub(crate) fn drain_touched(&mut self, mut each: impl FnMut(&mut Slot<T>)) {
        for place in std::mem::take(&mut self.touched) {
            if let Some(slot) = self.slots.get_mut(place).and_then(Option::as_mut) {
                slot.touched = false;
                each(slot);
            }
        }
    }

    /// Takes what has been fetched: waits for the first event, then takes what is there. Any event that is neither a
    /// record nor the end of a partition ends it and is returned.
    pub(crate) fn take_fetched(&mut self, queue: &EventQueue, wait: Duration) -> Event {
        let (mut wait, mut bytes) = (wait, 0);
        for _ in 0..MOST_RECORDS {
            match queue.poll(wait) {
                Event::Record(raw) => {
                    self.admit(raw.topic(), raw.partition(), raw.offset().next(), |slot| {
                        let record = raw.decode(Arc::clone(&slot.topic));
                        bytes += record.size();
                        slot.records.push(Arc::new(record));
                    });
                }
                Event::PartitionEnd(place, end) => self.admit(&place.topic, place.partition, end, |_| {}),
                other => return other,
            }
            if bytes >= MOST_BYTES {
                break;
            }
            wait = Duration::ZERO;
        }
        Event::Quiet
    }

    /// Moves a partition's position forward; what stands before the position, or in a partition that is not read any
    /// more, is dropped.
    fn admit(&mut self, topic: &str, partition: PartitionId, next: Offset, take: impl FnOnce(&mut Slot<T>)) {
        let Some(place) = self.find(topic, partition) else { return };
        let Some(slot) = self.slots.get_mut(place).and_then(Option::as_mut) else { return };
        if next <= slot.next {
            return;
        }
        take(slot);
        slot.next = next;
        if !slot.touched {
            slot.touched = true;
            self.touched.push(place);
        }
    }

    fn find(&mut self, topic: &str, partition: PartitionId) -> Option<usize> {
        if let Some(Some(slot)) = self.slots.get(self.last)
            && slot.partition == partition
            && *slot.topic == *topic
        {
            return Some(self.last);
        }
        let partitions = self.by_topic.get(topic)?;
        let (_, place) = partitions.iter().find(|(number, _)| *number == partition)?;
        self.last = *place;
        Some(*place)
    }
}
