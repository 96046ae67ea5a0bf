//! Topics: make them, describe them, and the configuration of topics and brokers.

use std::time::Duration;

use rdkafka::types::RDKafkaErrorCode;
use rdkafka_sys as sys;
use sys::rd_kafka_admin_op_t as Op;
use sys::rd_kafka_resp_err_t as Code;
use uuid::Uuid;

use super::Consumer;
use super::call::{Call, array, c_string, text};
use crate::KafkaError;
use crate::admin::{NewTopic, TopicDescription};

/// The answer about one topic: its name, and what went wrong.
pub(crate) type PerTopic<T> = (String, Result<T, (RDKafkaErrorCode, String)>);

pub(crate) fn create(
    consumer: &Consumer,
    topics: &[NewTopic],
    within: Duration,
) -> Result<Vec<PerTopic<()>>, KafkaError> {
    const DOING: &str = "creating topics";
    let mut native = NativeTopics(Vec::new());
    for topic in topics {
        native.0.push(native_topic(topic, DOING)?);
    }
    let call = Call::submit(consumer, Op::RD_KAFKA_ADMIN_OP_CREATETOPICS, DOING, within, |client, options, queue| {
        // SAFETY: all alive; the library copies the topics.
        unsafe { sys::rd_kafka_CreateTopics(client, native.0.as_mut_ptr(), native.0.len(), options, queue) };
    })?;
    let event = call.answer()?;
    // SAFETY: the event is the answer to this operation; the array lives as long as it.
    let results = unsafe {
        let result = sys::rd_kafka_event_CreateTopics_result(event.as_ptr());
        array(|count| sys::rd_kafka_CreateTopics_result_topics(result, count))
    };
    // SAFETY: elements of the array; their strings live as long as they.
    let read = |result: &*const sys::rd_kafka_topic_result_t| unsafe {
        let name = text(sys::rd_kafka_topic_result_name(*result)).unwrap_or_default();
        let reason = || text(sys::rd_kafka_topic_result_error_string(*result)).unwrap_or_default();
        match sys::rd_kafka_topic_result_error(*result) {
            Code::RD_KAFKA_RESP_ERR_NO_ERROR => (name, Ok(())),
            error => (name, Err((error.into(), reason()))),
        }
    };
    Ok(results.iter().map(read).collect())
}

struct NativeTopics(Vec<*mut sys::rd_kafka_NewTopic_t>);

impl Drop for NativeTopics {
    fn drop(&mut self) {
        for topic in &self.0 {
            // SAFETY: made by `native_topic`, and used nowhere else.
            unsafe { sys::rd_kafka_NewTopic_destroy(*topic) };
        }
    }
}

fn native_topic(topic: &NewTopic, doing: &'static str) -> Result<*mut sys::rd_kafka_NewTopic_t, KafkaError> {
    let name = c_string(&topic.name, doing)?;
    let pairs = topic.config.iter().map(|(k, v)| Ok((c_string(k, doing)?, c_string(v, doing)?)));
    let pairs: Vec<_> = pairs.collect::<Result<_, KafkaError>>()?;
    let mut reason = [0; 256];
    // SAFETY: strings and buffer are alive; the library copies them.
    let native = unsafe {
        let (partitions, replicas) = (topic.partitions, topic.replication);
        sys::rd_kafka_NewTopic_new(name.as_ptr(), partitions, replicas, reason.as_mut_ptr(), reason.len())
    };
    if native.is_null() {
        // SAFETY: the library has written a C string.
        let detail = unsafe { text(reason.as_ptr()) }.unwrap_or_default();
        return Err(KafkaError::broker(doing, RDKafkaErrorCode::InvalidArgument, &detail));
    }
    for (key, value) in &pairs {
        // SAFETY: topic and strings are alive; the strings are copied. It fails only for a null name.
        unsafe { sys::rd_kafka_NewTopic_set_config(native, key.as_ptr(), value.as_ptr()) };
    }
    Ok(native)
}

pub(crate) fn describe(
    consumer: &Consumer,
    names: &[&str],
    within: Duration,
) -> Result<Vec<PerTopic<TopicDescription>>, KafkaError> {
    const DOING: &str = "describing topics";
    let names = names.iter().map(|name| c_string(name, DOING)).collect::<Result<Vec<_>, _>>()?;
    let mut pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
    let call =
        Call::submit(consumer, Op::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, DOING, within, |client, options, queue| {
            // SAFETY: all alive; the names are copied into the collection, which is destroyed after it has been copied.
            unsafe {
                let topics = sys::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
                sys::rd_kafka_DescribeTopics(client, topics, options, queue);
                sys::rd_kafka_TopicCollection_destroy(topics);
            }
        })?;
    let event = call.answer()?;
    // SAFETY: the event is the answer to this operation; the array lives as long as it.
    let topics = unsafe {
        let result = sys::rd_kafka_event_DescribeTopics_result(event.as_ptr());
        array(|count| sys::rd_kafka_DescribeTopics_result_topics(result, count))
    };
    // SAFETY: elements of the array.
    Ok(topics.iter().map(|topic| unsafe { description(*topic) }).collect())
}

/// SAFETY: a description that is alive.
unsafe fn description(topic: *const sys::rd_kafka_TopicDescription_t) -> PerTopic<TopicDescription> {
    // SAFETY: by this function's contract; everything that is read belongs to the description and is copied.
    unsafe {
        let name = text(sys::rd_kafka_TopicDescription_name(topic)).unwrap_or_default();
        let error = sys::rd_kafka_TopicDescription_error(topic);
        if !error.is_null() {
            let code = sys::rd_kafka_error_code(error);
            if code != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
                let reason = text(sys::rd_kafka_error_string(error)).unwrap_or_default();
                return (name, Err((code.into(), reason)));
            }
        }
        let partitions = array(|count| sys::rd_kafka_TopicDescription_partitions(topic, count));
        let nodes = |of: unsafe extern "C" fn(_, *mut usize) -> *mut *const sys::rd_kafka_Node_t| {
            let counts = partitions.iter().map(move |partition| {
                let mut count = 0;
                of(*partition, &mut count);
                i32::try_from(count).unwrap_or(i32::MAX)
            });
            counts.min().unwrap_or(0)
        };
        let described = TopicDescription {
            name: name.as_str().into(),
            topic_id: topic_id(sys::rd_kafka_TopicDescription_topic_id(topic)),
            partitions: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
            replication: nodes(sys::rd_kafka_TopicPartitionInfo_replicas),
            in_sync: nodes(sys::rd_kafka_TopicPartitionInfo_isr),
        };
        (name, Ok(described))
    }
}

/// SAFETY: null, or an id that is alive.
unsafe fn topic_id(id: *const sys::rd_kafka_Uuid_t) -> Uuid {
    if id.is_null() {
        return Uuid::nil();
    }
    // SAFETY: by this function's contract.
    let (most, least) =
        unsafe { (sys::rd_kafka_Uuid_most_significant_bits(id), sys::rd_kafka_Uuid_least_significant_bits(id)) };
    Uuid::from_u64_pair(most.cast_unsigned(), least.cast_unsigned())
}
