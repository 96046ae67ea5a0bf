//! Committed positions with metadata, to and from librdkafka's lists.

use std::sync::Weak;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::topic_partition_list::{Offset as RdOffset, TopicPartitionList};

use crate::native::Consumer;
use crate::reading::partition_list;
use crate::{KafkaError, Offset, PartitionId, Topic};

pub(super) const COMMITTING: &str = "committing positions";
pub(super) const ASKING: &str = "asking for committed positions";
const WITHIN: Duration = Duration::from_secs(10);

/// Next offsets with their metadata; none where nothing was committed.
pub(super) type Found = Vec<Option<(Offset, String)>>;

/// The list to commit.
pub(super) fn to_commit(positions: &[(Topic, PartitionId, Offset, String)]) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (topic, partition, offset, metadata) in positions {
        let mut element = list.add_partition(topic, partition.0);
        element.set_offset(RdOffset::Offset(offset.0)).map_err(KafkaError::client(COMMITTING))?;
        element.set_metadata(metadata);
    }
    Ok(list)
}

/// The same by the client of a membership, unless that has ended.
pub(super) fn committed(consumer: &Weak<Consumer>, partitions: &[(Topic, PartitionId)]) -> Result<Found, KafkaError> {
    let consumer = consumer.upgrade().ok_or(KafkaError::Closed { doing: ASKING })?;
    committed_by(&consumer, partitions)
}

/// Blocks until the coordinator of the client's group has answered.
pub(super) fn committed_by(consumer: &Consumer, partitions: &[(Topic, PartitionId)]) -> Result<Found, KafkaError> {
    let list = partition_list(partitions.iter().map(|(topic, partition)| (topic, *partition, RdOffset::Invalid)))?;
    let found = consumer.committed_offsets(list, WITHIN).map_err(KafkaError::client(ASKING))?;
    let of = |(topic, partition): &(Topic, PartitionId)| {
        let Some(element) = found.find_partition(topic, partition.0) else { return Ok(None) };
        element.error().map_err(KafkaError::client(ASKING))?;
        match element.offset() {
            RdOffset::Offset(offset) => Ok(Some((Offset(offset), element.metadata().to_owned()))),
            _ => Ok(None),
        }
    };
    partitions.iter().map(of).collect()
}
