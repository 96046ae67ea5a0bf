//! Limits: Kafka with nothing in front of it. The same client, records of 300 bytes, appended and read back.

use crate::Failure;
use crate::measured::Measured;
use bytes::Bytes;
use std::time::Duration;
use tillroll_kafka::{Admin, Config, NewRecord, NewTopic, Offset, PartitionId, Producer, Subscription, Tail, Topic};
use tokio::time::Instant;

/// As many as an owner has under way.
const UNDER_WAY: usize = 2_048;
const TOPIC: &str = "bench.bare";

/// Bytes of a record's value.
const VALUE: usize = 300;
/// Different values: together more than LZ4 looks back, or records would shrink to nothing.
const VALUES: usize = 1_024;

/// A producer and a reader of one partition.
pub struct Bare {
    producer: Producer,
    subscription: Subscription,
    values: Vec<Bytes>,
    sent: usize,
}

impl Bare {
    pub async fn start(bootstrap_servers: &str) -> Result<Self, Failure> {
        let config = Config::new(bootstrap_servers);
        let (admin, producer, tail) = (Admin::new(&config)?, Producer::start(&config)?, Tail::start(&config)?);
        let topic: Topic = TOPIC.into();
        let new = NewTopic { name: topic.clone(), partitions: 1, replication: 1, config: Vec::new() };
        for (_, created) in admin.create_topics(&[new]).await? {
            match created {
                Ok(()) | Err(tillroll_kafka::CreateTopicError::AlreadyExists) => {}
                Err(other) => return Err(other.into()),
            }
        }
        let end = end(&admin, &topic).await?;
        let subscription = tail.subscribe(topic, vec![(PartitionId(0), end)]);
        Ok(Self { producer, subscription, values: values(), sent: 0 })
    }

    /// One at a time: how long the append and the read-back of a record take.
    pub async fn one_at_a_time(&mut self, seconds: Duration) -> Result<Measured, Failure> {
        let start = Instant::now() + seconds / 3;
        let mut latencies = Vec::new();
        while Instant::now() < start + seconds || latencies.is_empty() {
            let sent = Instant::now();
            self.send()?;
            while self.subscription.next().await?.records.is_empty() {}
            if sent >= start {
                latencies.push(sent.elapsed());
            }
        }
        Ok(Measured::of(latencies, start.elapsed(), 0))
    }

    /// As many at a time as an owner has: how many records are appended and read back.
    pub async fn many_at_a_time(&mut self, seconds: Duration) -> Result<Measured, Failure> {
        let start = Instant::now() + seconds / 3;
        let (mut under_way, mut count) = (0, 0);
        while Instant::now() < start + seconds || count == 0 {
            while under_way < UNDER_WAY {
                self.send()?;
                under_way += 1;
            }
            let read = self.subscription.next().await?.records.len();
            under_way -= read;
            if Instant::now() >= start {
                count += u64::try_from(read)?;
            }
        }
        let took = start.elapsed();
        while under_way > 0 {
            under_way -= self.subscription.next().await?.records.len();
        }
        Ok(Measured::whole(count, took))
    }

    fn send(&mut self) -> Result<(), Failure> {
        self.sent += 1;
        let record = NewRecord {
            topic: self.subscription.topic().clone(),
            partition: PartitionId(0),
            key: Some(Bytes::from_static(b"key")),
            headers: Vec::new(),
            value: self.values.get(self.sent % VALUES).cloned(),
        };
        self.producer.send(record, Box::new(|_| ())).map_err(|refused| refused.error.into())
    }
}

/// Hexadecimal digits of a generator's numbers (xorshift64): about as much can be taken out of them as out of JSON.
fn values() -> Vec<Bytes> {
    let mut number = 0x9e37_79b9_7f4a_7c15_u64;
    let mut digits = || {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        format!("{number:016x}").into_bytes()
    };
    let value = |_| (0..VALUE.div_ceil(16)).flat_map(|_| digits()).take(VALUE).collect();
    (0..VALUES).map(value).collect()
}

/// A topic that was just made has no leader for a moment.
async fn end(admin: &Admin, topic: &Topic) -> Result<Offset, Failure> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match admin.end_offsets(topic, &[PartitionId(0)]).await {
            Ok(ends) => return ends.into_iter().next().map(|(_, _, end)| end).ok_or_else(|| "no end".into()),
            Err(error) if Instant::now() > deadline => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
