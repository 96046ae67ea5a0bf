//! The configuration of topics and brokers, and which brokers there are.

use std::time::Duration;

use rdkafka_sys as sys;
use sys::rd_kafka_ResourceType_t as Kind;
use sys::rd_kafka_admin_op_t as Op;
use sys::rd_kafka_resp_err_t as Code;

use super::Consumer;
use super::call::{Call, array, c_string, text};
use super::topics::PerTopic;
use crate::KafkaError;

/// Names and values; a secret has no value.
pub(crate) type Entries = Vec<(String, Option<String>)>;

pub(crate) fn of_topics(
    consumer: &Consumer,
    names: &[&str],
    within: Duration,
) -> Result<Vec<PerTopic<Entries>>, KafkaError> {
    describe(consumer, Kind::RD_KAFKA_RESOURCE_TOPIC, names, within)
}

pub(crate) fn of_broker(consumer: &Consumer, id: i32, within: Duration) -> Result<Vec<PerTopic<Entries>>, KafkaError> {
    describe(consumer, Kind::RD_KAFKA_RESOURCE_BROKER, &[id.to_string().as_str()], within)
}

struct Resources(Vec<*mut sys::rd_kafka_ConfigResource_t>);

impl Drop for Resources {
    fn drop(&mut self) {
        for resource in &self.0 {
            // SAFETY: made in `describe`, and used nowhere else.
            unsafe { sys::rd_kafka_ConfigResource_destroy(*resource) };
        }
    }
}

fn describe(
    consumer: &Consumer,
    kind: Kind,
    names: &[&str],
    within: Duration,
) -> Result<Vec<PerTopic<Entries>>, KafkaError> {
    const DOING: &str = "reading configurations";
    let mut resources = Resources(Vec::new());
    for name in names {
        let name = c_string(name, DOING)?;
        // SAFETY: the name is alive and copied.
        let resource = unsafe { sys::rd_kafka_ConfigResource_new(kind, name.as_ptr()) };
        if !resource.is_null() {
            resources.0.push(resource);
        }
    }
    let op = Op::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS;
    let call = Call::submit(consumer, op, DOING, within, |client, options, queue| {
        // SAFETY: all alive; the library copies the resources.
        unsafe { sys::rd_kafka_DescribeConfigs(client, resources.0.as_mut_ptr(), resources.0.len(), options, queue) };
    })?;
    let event = call.answer()?;
    // SAFETY: the event is the answer to this operation; the array lives as long as it.
    let answers = unsafe {
        let result = sys::rd_kafka_event_DescribeConfigs_result(event.as_ptr());
        array(|count| sys::rd_kafka_DescribeConfigs_result_resources(result, count))
    };
    // SAFETY: elements of the array.
    Ok(answers.iter().map(|resource| unsafe { entries(*resource) }).collect())
}

/// SAFETY: a resource of an answer that is alive.
unsafe fn entries(resource: *const sys::rd_kafka_ConfigResource_t) -> PerTopic<Entries> {
    // SAFETY: by this function's contract; everything that is read belongs to the resource and is copied.
    unsafe {
        let name = text(sys::rd_kafka_ConfigResource_name(resource)).unwrap_or_default();
        let error = sys::rd_kafka_ConfigResource_error(resource);
        if error != Code::RD_KAFKA_RESP_ERR_NO_ERROR {
            let reason = text(sys::rd_kafka_ConfigResource_error_string(resource)).unwrap_or_default();
            return (name, Err((error.into(), reason)));
        }
        let entries = array(|count| sys::rd_kafka_ConfigResource_configs(resource, count));
        let entry = |entry: &*const sys::rd_kafka_ConfigEntry_t| {
            let name = text(sys::rd_kafka_ConfigEntry_name(*entry)).unwrap_or_default();
            (name, text(sys::rd_kafka_ConfigEntry_value(*entry)))
        };
        (name, Ok(entries.iter().map(entry).collect()))
    }
}

/// The ids of all brokers; any broker answers, so this also says whether the cluster is there.
pub(crate) fn brokers(consumer: &Consumer, within: Duration) -> Result<Vec<i32>, KafkaError> {
    const DOING: &str = "asking for the brokers";
    let op = Op::RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER;
    let call = Call::submit(consumer, op, DOING, within, |client, options, queue| {
        // SAFETY: all alive.
        unsafe { sys::rd_kafka_DescribeCluster(client, options, queue) };
    })?;
    let event = call.answer()?;
    // SAFETY: the event is the answer to this operation; the nodes live as long as it.
    unsafe {
        let result = sys::rd_kafka_event_DescribeCluster_result(event.as_ptr());
        let nodes = array(|count| sys::rd_kafka_DescribeCluster_result_nodes(result, count));
        Ok(nodes.iter().map(|node| sys::rd_kafka_Node_id(*node)).collect())
    }
}
