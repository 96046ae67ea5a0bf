//! The broker of this run, and short ways to write and read.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use tillroll_devstack::{Data, Stack, StackConfig};
use tillroll_kafka::{
    Admin, Batch, Config, DeliveryError, NewRecord, NewTopic, Offset, PartitionId, Producer, Subscription, Topic,
};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit, oneshot};

/// Nothing here takes nearly as long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One that measures has the processors to itself: beside it others would be told to be slow that are not.
pub const ALONE: u32 = 64;

/// The turn of a test, as long as this lives: beside others, or `ALONE`.
pub async fn turn(places: u32) -> SemaphorePermit<'static> {
    static PLACES: Semaphore = Semaphore::const_new(ALONE as usize);
    PLACES.acquire_many(places).await.unwrap()
}

/// How the broker is reached that all tests share which leave it alone.
pub struct Shared {
    config: Config,
    _turn: SemaphorePermit<'static>,
}

impl Deref for Shared {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

pub async fn broker() -> Shared {
    shared(1).await
}

/// The same, for a test that measures.
pub async fn broker_alone() -> Shared {
    shared(ALONE).await
}

async fn shared(places: u32) -> Shared {
    static STACK: OnceCell<(Stack, TempDir)> = OnceCell::const_new();
    let turn = turn(places).await;
    let (stack, _) = STACK.get_or_init(start).await;
    Shared { config: Config::new(stack.bootstrap_servers()), _turn: turn }
}

/// A broker to be mistreated.
pub async fn own_broker() -> (Stack, (TempDir, SemaphorePermit<'static>)) {
    let turn = turn(1).await;
    let (stack, root) = start().await;
    (stack, (root, turn))
}

async fn start() -> (Stack, TempDir) {
    let root = tempfile::tempdir().unwrap();
    let jars = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tillroll/kafka-libs");
    let mut config = StackConfig::from_lookup(root.path(), Data::Fresh, |name| std::env::var(name).ok()).unwrap();
    if std::env::var_os(tillroll_devstack::JARS_VARIABLE).is_none() {
        config.jars = jars;
    }
    (Stack::start(config).await.unwrap(), root)
}

/// A topic of its own for each test.
pub async fn topic(config: &Config, partitions: i32) -> Topic {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = Topic::from(format!("test-{:03}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    make(config, &name, partitions).await;
    name
}

pub async fn make(config: &Config, name: &Topic, partitions: i32) {
    let new = NewTopic { name: Arc::clone(name), partitions, replication: 1, config: Vec::new() };
    let made = Admin::new(config).unwrap().create_topics(&[new]).await.unwrap();
    made.into_iter().for_each(|(_, outcome)| outcome.unwrap());
}

pub fn record(topic: &Topic, partition: i32, value: impl Into<String>) -> NewRecord {
    NewRecord {
        topic: Arc::clone(topic),
        partition: PartitionId(partition),
        key: None,
        headers: Vec::new(),
        value: Some(Bytes::from(value.into())),
    }
}

/// Sends and waits for the acknowledgement.
pub async fn store(producer: &Producer, record: NewRecord) -> Result<Offset, DeliveryError> {
    let (tell, told) = oneshot::channel();
    producer.send(record, Box::new(move |outcome| drop(tell.send(outcome)))).unwrap();
    told.await.unwrap()
}

/// Stores `first..first + count` as values.
pub async fn store_numbers(producer: &Producer, topic: &Topic, partition: i32, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let mut next = record(topic, partition, number.to_string());
        while let Err(refused) = producer.send(next, Box::new(|outcome| assert!(outcome.is_ok(), "{outcome:?}"))) {
            next = refused.record;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(producer.flush(PATIENCE).await);
}

pub fn number(record: &tillroll_kafka::Record) -> u64 {
    std::str::from_utf8(record.value.as_ref().unwrap()).unwrap().parse().unwrap()
}

/// The next batch that has records.
pub async fn next(from: &mut Subscription) -> Batch {
    loop {
        let batch = tokio::time::timeout(PATIENCE, from.next()).await.expect("nothing comes").unwrap();
        if !batch.records.is_empty() {
            return batch;
        }
    }
}

/// Reads until `count` records have come; panics on a record that does not follow the one before it.
pub async fn numbers(from: &mut Subscription, count: usize) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    while found.len() < count {
        found.extend(next(from).await.records.iter().map(|record| number(record)));
    }
    found
}

/// Reads until the subscription follows the tail.
pub async fn live(from: &mut Subscription) {
    while !from.is_live() {
        let _ = tokio::time::timeout(Duration::from_millis(20), from.next()).await;
    }
}
