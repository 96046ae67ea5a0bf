//! Kafka as Tillroll uses it: records and bytes, channels and callbacks, nothing of the log protocol.
//! This is the only crate that names rdkafka. Every client is driven by one thread of its own; async code only ever
//! meets channels, so no runtime is needed to make progress and no runtime can stall a client.

mod admin;
mod closing;
mod config;
mod context;
mod coordinates;
mod error;
mod group;
mod native;
mod partitioner;
mod producer;
mod reading;
mod record;
mod tail;

pub use admin::{Admin, CreateTopicError, NewTopic, TopicConfig, TopicDescription};
pub use config::Config;
pub use coordinates::{Offset, PartitionId, Topic};
pub use error::{DeliveryError, ErrorCode, KafkaError, ReadError, Refused, SendError};
pub use group::{Assigned, Group, GroupSignal, PartitionRecords, RevokedAck, committed};
pub use partitioner::partition_for;
pub use producer::{OnDelivery, Producer};
pub use record::{Batch, Headers, NewRecord, Record};
pub use tail::{Subscription, Tail};
