//! One node per process: one producer, one tail, one admin client, shared by all roles.

use super::role::Role;
use super::services::{Services, Suspicion};
use super::store::{StateConfig, Store};
use super::{AdmittedReader, ReadFault, Replica};
use crate::{Finding, PartitionId, Replicated, StoredPosition, Topic};
use std::sync::{Arc, OnceLock};
use tillroll_kafka::{Admin, Config, KafkaError, Producer, Tail};
use tokio::sync::{broadcast, watch};

/// Suspicions that may wait for a role; what is true is soon suspected again.
const MOST_SUSPICIONS: usize = 64;

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
    /// Who this is: unique for each start of a process. No secret.
    pub instance: String,
    /// Where its commands can be sent by other instances: `http://host:port` of its internal listener.
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
pub struct Node {
    config: Arc<NodeConfig>,
    inner: Arc<Inner>,
}

struct Inner {
    producer: Producer,
    tail: Tail,
    admin: Admin,
    services: OnceLock<Services>,
    /// Counts each time that somebody begins or ceases to serve a partition, here or elsewhere.
    moves: Arc<watch::Sender<u64>>,
    suspicions: broadcast::Sender<Suspicion>,
    store: Option<Store>,
}

impl Node {
    /// Starts the clients. Kafka need not be there yet.
    pub fn connect(config: NodeConfig) -> Result<Self, StartError> {
        let producer = Producer::start(&config.kafka).map_err(StartError::Kafka)?;
        let tail = Tail::start(&config.kafka).map_err(StartError::Kafka)?;
        let admin = Admin::new(&config.kafka).map_err(StartError::Kafka)?;
        let store = config.state.as_ref().and_then(Store::open);
        let (services, moves) = (OnceLock::new(), Arc::default());
        let suspicions = broadcast::Sender::new(MOST_SUSPICIONS);
        let inner = Inner { producer, tail, admin, services, moves, suspicions, store };
        Ok(Self { config: Arc::new(config), inner: Arc::new(inner) })
    }

    /// How it was set up.
    pub fn config(&self) -> &NodeConfig {
        &self.config
    }

    /// Metadata and single records.
    pub fn admin(&self) -> &Admin {
        &self.inner.admin
    }

    /// Its producer fails fatally: for tests of what that costs.
    #[doc(hidden)]
    pub fn fail_producer(&self) {
        self.producer().fail_fatally();
    }

    pub(super) fn producer(&self) -> &Producer {
        &self.inner.producer
    }

    pub(super) fn store(&self) -> Option<&Store> {
        self.inner.store.as_ref()
    }

    pub(super) fn tail(&self) -> &Tail {
        &self.inner.tail
    }

    /// Ends when its three clients are closed, which they are with the last clone of the node and the
    /// last of its readers. Holds none itself.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let (producer, tail, admin) =
            (self.inner.producer.closed(), self.inner.tail.closed(), self.inner.admin.closed());
        async move {
            producer.await;
            tail.await;
            admin.await;
        }
    }

    /// The same node where something of it is reached at a URL of its own, as each role of a process is.
    pub fn at(&self, url: String) -> Self {
        Self { config: Arc::new(NodeConfig { url, ..NodeConfig::clone(&self.config) }), inner: self.inner.clone() }
    }

    /// Who runs where. The first call begins to read it.
    pub fn services(&self) -> &Services {
        self.inner.services.get_or_init(|| Services::start(self.inner.tail.clone(), self.inner.moves.clone()))
    }

    /// Changes whenever somebody begins or ceases to serve a partition, here or, once [`services`](Self::services)
    /// was asked for, elsewhere.
    pub fn moves(&self) -> watch::Receiver<u64> {
        self.inner.moves.subscribe()
    }

    pub(super) fn moved(&self) {
        self.inner.moves.send_modify(|moves| *moves += 1);
    }

    /// Tells the role that owns partitions of that topic that nobody listens any more where their owner announced
    /// himself. It may claim them; the log decides (rule 1).
    pub fn suspect(&self, suspicion: Suspicion) {
        // Nobody cares: no role of this process owns that topic.
        let _ = self.inner.suspicions.send(suspicion);
    }

    pub(super) fn suspicions(&self) -> broadcast::Receiver<Suspicion> {
        self.inner.suspicions.subscribe()
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
    pub async fn replica<R: Replicated>(&self) -> Result<Replica<R>, StartError> {
        let partitions = self.partitions(R::EVENTS).await?;
        Ok(Replica::start(self.clone(), partitions))
    }

    /// A role that will own partitions; `name` is also its consumer group, `tillroll.<name>`.
    pub fn role(&self, name: &'static str) -> Role {
        Role::new(self.clone(), name)
    }
}

#[cfg(test)]
pub(super) mod tests;
