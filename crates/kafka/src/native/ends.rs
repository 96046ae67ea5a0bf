//! Where partitions begin and end, for many at once.

use std::time::Duration;

use rdkafka::topic_partition_list::{Offset as RdOffset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka_sys as sys;
use sys::rd_kafka_OffsetSpec_t as Spec;
use sys::rd_kafka_admin_op_t as Op;
use sys::rd_kafka_resp_err_t as Code;

use super::Consumer;
use super::call::{Call, array};
use crate::{KafkaError, Offset, PartitionId};

const DOING: &str = "asking for the ends of partitions";

/// Partition, beginning, end. Both requests are under way at the same time.
pub(crate) fn of_partitions(
    consumer: &Consumer,
    topic: &str,
    partitions: &[PartitionId],
    within: Duration,
) -> Result<Vec<(PartitionId, Offset, Offset)>, KafkaError> {
    let beginnings = ask(consumer, topic, partitions, Spec::RD_KAFKA_OFFSET_SPEC_EARLIEST, within)?;
    let ends = ask(consumer, topic, partitions, Spec::RD_KAFKA_OFFSET_SPEC_LATEST, within)?;
    let (beginnings, ends) = (read(beginnings)?, read(ends)?);
    let of = |found: &[(PartitionId, Offset)], wanted| {
        found.iter().find(|(partition, _)| *partition == wanted).map(|(_, offset)| *offset)
    };
    let both = partitions.iter().map(|wanted| {
        let missing = KafkaError::broker(DOING, RDKafkaErrorCode::UnknownPartition, "");
        of(&beginnings, *wanted).zip(of(&ends, *wanted)).map(|(low, high)| (*wanted, low, high)).ok_or(missing)
    });
    both.collect()
}

fn ask<'c>(
    consumer: &'c Consumer,
    topic: &str,
    partitions: &[PartitionId],
    spec: Spec,
    within: Duration,
) -> Result<Call<'c>, KafkaError> {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition_offset(topic, partition.0, RdOffset::from_raw(spec as i64))
            .map_err(KafkaError::client(DOING))?;
    }
    Call::submit(consumer, Op::RD_KAFKA_ADMIN_OP_LISTOFFSETS, DOING, within, |client, options, queue| {
        // SAFETY: all alive; the library copies the list.
        unsafe { sys::rd_kafka_ListOffsets(client, list.ptr(), options, queue) };
    })
}

fn read(call: Call<'_>) -> Result<Vec<(PartitionId, Offset)>, KafkaError> {
    let event = call.answer()?;
    // SAFETY: the event is the answer to this operation; the array lives as long as it.
    let infos = unsafe {
        let result = sys::rd_kafka_event_ListOffsets_result(event.as_ptr());
        array(|count| sys::rd_kafka_ListOffsets_result_infos(result, count))
    };
    let one = |info: &*const sys::rd_kafka_ListOffsetsResultInfo_t| {
        // SAFETY: an element of the array, which owns the partition that is read here.
        let found = unsafe { &*sys::rd_kafka_ListOffsetsResultInfo_topic_partition(*info) };
        match (found.err, found.offset) {
            // The request to the partition's leader failed: the library then leaves what it had put there before.
            (Code::RD_KAFKA_RESP_ERR_NO_ERROR, ..0) => {
                Err(KafkaError::broker(DOING, RDKafkaErrorCode::BrokerTransportFailure, "the leader gave no answer"))
            }
            (Code::RD_KAFKA_RESP_ERR_NO_ERROR, offset) => Ok((PartitionId(found.partition), Offset(offset))),
            (error, _) => Err(KafkaError::broker(DOING, error.into(), "")),
        }
    };
    infos.iter().map(one).collect()
}
