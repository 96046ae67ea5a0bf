//! What a replica does when it cannot read on: it never tells frozen facts as if they were fresh ones.

use super::*;
use crate::jar::{Jar, Put};
use crate::owner::tests::bench::Bench;
use crate::record::{EnvelopeError, read_entry};
use crate::runtime::follower::reading::{Feed, From, follow};
use crate::runtime::node::tests::unconnected;
use crate::runtime::{Admitted, AdmittedBatch, ReadFault};
use crate::{Coordinates, Offset, PartitionId, StoredPosition, Verdict};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Instant;
use tillroll_kafka::{ReadError, Record, partition_for};

type Read = Result<AdmittedBatch, ReadFault>;

/// One reading of the log; when it has said all, it waits.
struct Script(VecDeque<Read>);

impl Feed for Script {
    async fn next(&mut self) -> Read {
        match self.0.pop_front() {
            Some(read) => read,
            None => std::future::pending().await,
        }
    }
}

/// Where each reading began.
type Begun = Arc<Mutex<Vec<From>>>;

/// A replica that is given these readings one after the other.
fn reading(readings: impl IntoIterator<Item = Vec<Read>>) -> (Replica<Jar>, Begun) {
    let (follower, following) = Follower::new(unconnected(), 2, Replica::<Jar>::nothing());
    let readings: VecDeque<Vec<Read>> = readings.into_iter().collect();
    let (readings, begun) = (Mutex::new(readings), Begun::default());
    let noted = begun.clone();
    let open = move |from| {
        noted.lock().unwrap().push(from);
        Script(readings.lock().unwrap().pop_front().unwrap_or_default().into())
    };
    tillroll_telemetry::spawn("replica", follow(following, open));
    (Replica(follower), begun)
}

/// A log in which so many sweets are put into the jar, one record after the other.
fn log(key: &str, puts: u32) -> Vec<Record> {
    let mut bench = Bench::serving();
    for ticket in 0..puts {
        bench.request(ticket, key, Put { sweets: 1, look_by: None });
        bench.settle();
    }
    bench.log.take()
}

/// The records from there on, as a reader gives them.
fn batch(log: &[Record], from: usize, partition: PartitionId) -> AdmittedBatch {
    let (mut position, mut records) = (StoredPosition::default(), Vec::new());
    for (offset, record) in log.iter().enumerate() {
        if position.pass(record) == Verdict::Admitted && offset >= from {
            records.push(Admitted { record: Arc::new(record.clone()), entry: read_entry(record).unwrap() });
        }
    }
    AdmittedBatch { partition, records, position }
}

fn at(partition: PartitionId, offset: i64) -> Coordinates {
    Coordinates { topic: "jar.events.v1".into(), partition, offset: Offset(offset) }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn sweets(replica: &Replica<Jar>, key: &str) -> Option<u32> {
    replica.with(key, |_, jar| jar.sweets)
}

/// Two jars in two partitions.
fn jars() -> [(String, PartitionId); 2] {
    let in_partition = |wanted| {
        let mut names = (0..).map(|n| format!("jar-{n}"));
        (names.find(|name| partition_for(name.as_bytes(), 2) == wanted).unwrap(), wanted)
    };
    [in_partition(PartitionId(0)), in_partition(PartitionId(1))]
}

#[tokio::test]
async fn what_kafka_cannot_give_is_asked_for_again_from_where_the_replica_stood() {
    let [(key, partition), _] = jars();
    let log = log(&key, 2);
    let unknown = || ReadFault::Kafka(ReadError::UnknownPartition { topic: "jar.events.v1".into(), partition });
    let first = batch(&log[..2], 0, partition);
    let stood = first.position.clone();
    let readings = [vec![Ok(first), Err(unknown())], vec![Err(unknown())], vec![Ok(batch(&log, 2, partition))]];
    let (replica, begun) = reading(readings);
    until("it has trouble", || replica.trouble().is_some_and(|trouble| trouble.contains("does not exist"))).await;
    assert_eq!(sweets(&replica, &key), Some(1), "it is behind, and its facts are what they were");
    until("it has read on", || sweets(&replica, &key) == Some(2)).await;
    assert_eq!(replica.trouble(), None);
    let begun = begun.lock().unwrap();
    assert_eq!(begun[1], [(partition, Some(stood)), (PartitionId(1), None)]);
    assert_eq!(begun[1], begun[2]);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_its_partition_only_and_what_it_told_is_told_no_more() {
    let [(bad, zero), (good, one)] = jars();
    let (bad_log, good_log) = (log(&bad, 2), log(&good, 1));
    let position = batch(&bad_log, 0, zero).position;
    let mut unreadable = batch(&bad_log, 2, zero);
    for admitted in &mut unreadable.records {
        let mut record = Record::clone(&admitted.record);
        record.value = Some(b"{".as_slice().into());
        admitted.record = Arc::new(record);
    }
    let envelope = || ReadFault::Envelope(EnvelopeError { at: at(zero, 2), header: "inbox" });
    for fault in [Ok(unreadable), Err(envelope())] {
        let good = good.as_str();
        let readings = [vec![Ok(batch(&bad_log[..2], 0, zero)), fault], vec![Ok(batch(&good_log, 0, one))]];
        let (replica, begun) = reading(readings);
        until("the other partition goes on", || sweets(&replica, good) == Some(1)).await;
        assert_eq!(begun.lock().unwrap()[1], [(one, None)]);
        assert_eq!(sweets(&replica, &bad), None, "a frozen fact");
        assert!(replica.trouble().is_some_and(|trouble| trouble.contains("jar.events.v1/0 stopped: ")));
        let (log, begun, long) = (position.log.unwrap(), Instant::now(), Duration::from_secs(5));
        assert_eq!(replica.refresh(long).await, Err(Behind::Late));
        assert_eq!(replica.reach(log, &at(zero, 2), long).await, Err(Behind::Late));
        assert_eq!(replica.reach(log, &at(one, 1), long).await, Ok(()));
        assert!(begun.elapsed() < Duration::from_secs(1), "at once: {:?}", begun.elapsed());
    }
}
