//! What the client fetches: starts a partition at the owner's position, pauses what has no room, finds out what is
//! wrong with one that failed.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::{Offset as RdOffset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;

use super::flow::Flow;
use super::member::Member;
use super::{Command, Line};
use crate::error::is_unknown;
use crate::native::{Consumer, Place};
use crate::reading::{Slot, partition_list};
use crate::{KafkaError, Offset, PartitionId, ReadError, Topic};

/// A seek is answered by the client itself, at once.
const SEEK: Duration = Duration::from_millis(100);
/// A request to the broker.
const REQUEST: Duration = Duration::from_secs(2);
/// Between attempts.
const RETRY: Duration = Duration::from_millis(100);

impl Member {
    /// Brings the client to what each partition needs. What does not succeed is tried again with the next turn.
    pub(super) fn drive_partitions(&mut self) {
        let consumer = self.queue.consumer();
        for slot in self.slots.iter_mut().filter(|slot| slot.own.reading) {
            let driven = match slot.own.started {
                true => drive(consumer, slot),
                false => start(consumer, slot),
            };
            if let Err(error) = driven {
                tracing::debug!(kafka.topic = %slot.topic, kafka.partition = slot.partition.0, error = %error, "not yet");
            }
        }
    }

    /// Reading has failed for good as far as the client is concerned; whether it is the position is to be found out.
    pub(super) fn partition_failed(&mut self, place: Place, code: RDKafkaErrorCode) {
        let consumer = self.queue.consumer();
        let Some(slot) = self.slots.get_mut(&place.topic, place.partition) else { return };
        if !slot.own.reading {
            return;
        }
        slot.own.reading = false;
        match only(slot, RdOffset::Invalid).and_then(|list| told(consumer.incremental_unassign(&list))) {
            Ok(()) => slot.own.started = false,
            Err(error) => tracing::error!(kafka.topic = %slot.topic, error = %error, "still assigned"),
        }
        let failed = Failed {
            topic: Arc::clone(&slot.topic),
            partition: slot.partition,
            offset: slot.next,
            code,
            consumer: Arc::downgrade(consumer),
            line: self.line.clone(),
        };
        // Asking the broker blocks, and the other partitions must not wait for it.
        let asked = std::thread::Builder::new().name("kafka-group-ask".to_owned()).spawn(move || failed.judge());
        if let Err(error) = asked {
            tracing::error!(error = %error, "no thread to ask what is wrong with a partition");
        }
    }
}

fn start(consumer: &Consumer, slot: &mut Slot<Flow>) -> Result<(), KafkaError> {
    let Some(offset) = slot.own.seek else { return Ok(()) };
    if consumer.assignment_lost() {
        // The group will say so in a moment, and assigning would make the client forget it.
        return Ok(());
    }
    let list = only(slot, RdOffset::Offset(offset.0))?;
    told(consumer.incremental_assign(&list))?;
    (slot.own.started, slot.own.seek) = (true, None);
    // It may still be paused from an earlier life.
    told(consumer.resume(&list))?;
    slot.own.running = true;
    Ok(())
}

/// A seek after the resumption makes it exact, and is what wakes the client's own threads.
fn drive(consumer: &Consumer, slot: &mut Slot<Flow>) -> Result<(), KafkaError> {
    match (slot.own.running, slot.own.wants_records()) {
        (true, false) => {
            told(consumer.pause(&only(slot, RdOffset::Invalid)?))?;
            slot.own.running = false;
        }
        (false, true) => {
            told(consumer.resume(&only(slot, RdOffset::Invalid)?))?;
            slot.own.running = true;
            slot.own.seek.get_or_insert(slot.next);
        }
        (true, true) | (false, false) => {}
    }
    if let (true, Some(offset)) = (slot.own.running, slot.own.seek) {
        told(consumer.seek(&slot.topic, slot.partition.0, RdOffset::Offset(offset.0), SEEK))?;
        slot.own.seek = None;
    }
    Ok(())
}

fn only(slot: &Slot<Flow>, offset: RdOffset) -> Result<TopicPartitionList, KafkaError> {
    partition_list([(&slot.topic, slot.partition, offset)])
}

fn told(outcome: rdkafka::error::KafkaResult<()>) -> Result<(), KafkaError> {
    outcome.map_err(KafkaError::client("telling the client what to fetch"))
}

/// A partition that cannot be read, and how to find out why.
struct Failed {
    topic: Topic,
    partition: PartitionId,
    offset: Offset,
    code: RDKafkaErrorCode,
    consumer: Weak<Consumer>,
    line: Line,
}

impl Failed {
    /// Tells the thread the reason, or that it may be tried again.
    fn judge(self) {
        std::thread::sleep(RETRY);
        let Some(consumer) = self.consumer.upgrade() else { return };
        let ends = consumer.fetch_watermarks(&self.topic, self.partition.0, REQUEST);
        drop(consumer);
        let reason = reason((&self.topic, self.partition, self.offset), self.code, ends.ok());
        self.line.tell(Command::Judged(self.topic, self.partition, reason));
    }
}

/// Why the partition cannot be read on at that position; none if only patience is needed.
fn reason(
    (topic, partition, offset): (&Topic, PartitionId, Offset),
    code: RDKafkaErrorCode,
    ends: Option<(i64, i64)>,
) -> Option<ReadError> {
    let failure = KafkaError::broker("reading a partition", code, "");
    let topic = Arc::clone(topic);
    match ends {
        Some((low, high)) if !(low..=high).contains(&offset.0) => {
            let (beginning, end) = (Offset(low), Offset(high));
            Some(ReadError::OffsetOutOfRange { topic, partition, offset, beginning, end })
        }
        // The position is good, or the broker is away, or has just come back and does not know its topics yet: that a
        // topic is missing for long is told by the group.
        _ if is_about_position(code) || is_unknown(code) || failure.is_transient() => None,
        _ => Some(ReadError::Fatal { topic, source: failure }),
    }
}

fn is_about_position(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(code, C::AutoOffsetReset | C::OffsetOutOfRange | C::LogTruncation)
}

#[cfg(test)]
mod tests;
