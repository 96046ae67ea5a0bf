//! A topic's owner as simple as can be: it claims every partition once and writes what it is told.

use std::collections::HashMap;
use std::time::Duration;

use tillroll_devstack::Stack;
use tillroll_kafka::{Config, NewRecord, Producer, partition_for};
use tillroll_log::record::{Claim, Origin, Place, Writer, event_id};
use tillroll_log::{
    AggregateTopics, Body, ClaimId, Environment, LogId, Node, NodeConfig, Ordinal, PartitionId, Timestamp, Version,
};
use uuid::Uuid;

pub const PARTITIONS: i32 = 2;

pub fn node(stack: &Stack) -> Node {
    let config = NodeConfig {
        kafka: Config::new(stack.bootstrap_servers()),
        hash_key: [7; 32].as_slice().into(),
        instance: "test".to_owned(),
        url: "http://127.0.0.1:1".to_owned(),
        build: "test".to_owned(),
        partitions: PARTITIONS,
        environment: Environment::Development,
        max_requests: 100,
        state: None,
    };
    Node::connect(config).unwrap()
}

pub fn time() -> Timestamp {
    "2026-01-02T10:00:00Z".parse().unwrap()
}

const CLAIM: ClaimId = ClaimId(Uuid::from_u128(1));

pub struct Log {
    producer: Producer,
    writers: HashMap<PartitionId, (Writer, Ordinal)>,
}

impl Log {
    pub async fn claimed(stack: &Stack, topics: AggregateTopics) -> Self {
        let producer = Producer::start(&Config::new(stack.bootstrap_servers())).unwrap();
        let writer = |partition| (Writer::new(topics.events.into(), partition, topics.name), Ordinal(0));
        let writers = (0..PARTITIONS).map(|partition| (PartitionId(partition), writer(PartitionId(partition))));
        let log = Self { producer, writers: writers.collect() };
        for (writer, _) in log.writers.values() {
            let claim = Claim {
                claim: CLAIM,
                previous: None,
                log: LogId(Uuid::from_u128(99)),
                instance: "test".to_owned(),
                url: "http://127.0.0.1:1".to_owned(),
                build: "test".to_owned(),
                partitions: PARTITIONS,
            };
            log.give(writer.claim(&claim, time()).unwrap());
        }
        log.flush().await;
        log
    }

    pub fn partition(&self, id: u128) -> PartitionId {
        partition_for(Uuid::from_u128(id).to_string().as_bytes(), PARTITIONS)
    }

    /// Writes an event; it is acknowledged.
    pub async fn write(&mut self, id: u128, event: &impl Body) {
        let value = event.encode().unwrap();
        self.write_raw(id, event.type_name(), &value).await;
    }

    pub async fn write_raw(&mut self, id: u128, type_name: &'static str, value: &[u8]) {
        self.send(id, type_name, value.to_vec());
        self.flush().await;
    }

    pub fn send(&mut self, id: u128, type_name: &'static str, value: Vec<u8>) {
        let partition = self.partition(id);
        let (writer, next) = self.writers.get_mut(&partition).unwrap();
        let ordinal = *next;
        *next = next.next();
        let place = Place {
            id: event_id(CLAIM, ordinal, time()),
            occurred_at: time(),
            claim: CLAIM,
            ordinal,
            inbox: None,
            ends: &[],
        };
        let key = Uuid::from_u128(id).to_string().as_str().into();
        let record = writer.event(&place, &Origin::default(), (&key, Version(1)), type_name, value);
        self.give(record);
    }

    pub async fn flush(&self) {
        assert!(self.producer.flush(Duration::from_secs(60)).await);
    }

    fn give(&self, mut record: NewRecord) {
        // What the producer cannot take yet it gives back.
        while let Err(refused) =
            self.producer.send(record, Box::new(|delivery| assert!(delivery.is_ok(), "{delivery:?}")))
        {
            std::thread::sleep(Duration::from_millis(1));
            record = refused.record;
        }
    }
}
