//! One node per process: one producer, one tail, one admin client, shared by all roles.

use super::role::Role;
use super::store::{StateConfig, Store};
use super::{AdmittedReader, ReadFault, Replica};
use crate::{Aggregate, Finding, PartitionId, StoredPosition, Topic};
use std::sync::Arc;
use tillroll_kafka::{Admin, Config, KafkaError, Producer, Tail};

/// Whether one machine may lose the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// One broker will do.
    Development,
    /// Three replicas, two in sync.
    Production,
}

/// What a node has to know. Read once, in `main`.
#[derive(Clone)]
pub struct NodeConfig {
    /// Where Kafka is, with any property of librdkafka.
    pub kafka: Config,
    /// The key of command hashes; it must never change while the log lives.
    pub hash_key: Arc<[u8]>,
    /// Who this is, unique among the running.
    pub instance: String,
    /// Where it can be reached by other instances.
    pub url: String,
    /// What runs.
    pub build: String,
    /// Partitions of each aggregate's topics.
    pub partitions: i32,
    /// Where it runs.
    pub environment: Environment,
    /// Requests under way per partition before 503.
    pub max_requests: usize,
    /// Where owners keep what they have folded; without it they fold their partitions at each start, in memory.
    pub state: Option<StateConfig>,
}

/// Why something could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Kafka said no.
    #[error("kafka: {0}")]
    Kafka(#[source] KafkaError),
    /// Reading said no.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// A topic is not there.
    #[error("topic {0} is not there; mend: tillroll topics create")]
    NoTopic(Topic),
    /// Something is not set up as it must be.
    #[error("not set up as it must be:\n{}", .0.iter().map(|finding| format!("  {finding}")).collect::<Vec<_>>().join("\n"))]
    Guards(Vec<Finding>),
}

/// The process's part in the log. Cheap to clone.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

struct Inner {
    config: NodeConfig,
    producer: Producer,
    tail: Tail,
    admin: Admin,
    store: Option<Store>,
}

impl Node {
    /// Starts the clients. Kafka need not be there yet.
    pub fn connect(config: NodeConfig) -> Result<Self, StartError> {
        let producer = Producer::start(&config.kafka).map_err(StartError::Kafka)?;
        let tail = Tail::start(&config.kafka).map_err(StartError::Kafka)?;
        let admin = Admin::new(&config.kafka).map_err(StartError::Kafka)?;
        let store = config.state.as_ref().and_then(Store::open);
        Ok(Self(Arc::new(Inner { config, producer, tail, admin, store })))
    }

    /// How it was set up.
    pub fn config(&self) -> &NodeConfig {
        &self.0.config
    }

    /// Metadata and single records.
    pub fn admin(&self) -> &Admin {
        &self.0.admin
    }

    /// Its producer fails fatally: for tests of what that costs.
    #[doc(hidden)]
    pub fn fail_producer(&self) {
        self.producer().fail_fatally();
    }

    pub(super) fn producer(&self) -> &Producer {
        &self.0.producer
    }

    pub(super) fn store(&self) -> Option<&Store> {
        self.0.store.as_ref()
    }

    pub(super) fn tail(&self) -> &Tail {
        &self.0.tail
    }

    /// Ends when its three clients are closed, which they are with the last clone of the node and the
    /// last of its readers. Holds none itself.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let (producer, tail, admin) = (self.0.producer.closed(), self.0.tail.closed(), self.0.admin.closed());
        async move {
            producer.await;
            tail.await;
            admin.await;
        }
    }

    /// How many partitions a topic has.
    pub async fn partitions(&self, topic: &str) -> Result<i32, StartError> {
        let topic: Topic = topic.into();
        let described = self.admin().describe_topics(std::slice::from_ref(&topic)).await.map_err(StartError::Kafka)?;
        match described.into_iter().next().flatten() {
            Some(description) => Ok(description.partitions),
            None => Err(StartError::NoTopic(topic)),
        }
    }

    /// Admitted records from stored positions (from the beginning where there is none).
    pub fn reader(&self, topic: &str, from: Vec<(PartitionId, Option<StoredPosition>)>) -> AdmittedReader {
        AdmittedReader::start(self.tail(), topic.into(), from)
    }

    /// A copy in memory of what the aggregate's events say.
    pub async fn replica<A: Aggregate>(&self) -> Result<Replica<A>, StartError> {
        let partitions = self.partitions(A::TOPICS.events).await?;
        Ok(Replica::start(self.clone(), partitions))
    }

    /// A role that will own partitions; `name` is also its consumer group, `tillroll.<name>`.
    pub fn role(&self, name: &'static str) -> Role {
        Role::new(self.clone(), name)
    }
}

#[cfg(test)]
pub(super) mod tests;
