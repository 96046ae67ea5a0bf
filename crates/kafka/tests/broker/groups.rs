//! One member: assigned, read from a position, slow, committed.

use std::sync::Arc;
use std::time::Duration;

use tillroll_kafka::{
    Assigned, Batch, Config, Group, GroupSignal, Offset, PartitionId, PartitionRecords, Producer, ReadError, Topic,
};
use tokio::sync::mpsc::Receiver;

use crate::setting::{PATIENCE, broker, number, store_numbers, topic};

/// The next signal.
pub async fn signal(signals: &mut Receiver<GroupSignal>) -> GroupSignal {
    tokio::time::timeout(PATIENCE, signals.recv()).await.expect("no signal").expect("the group is gone")
}

/// The next partitions that are assigned, which may be none at first; panics on anything else.
pub async fn assigned(signals: &mut Receiver<GroupSignal>) -> Vec<Assigned> {
    loop {
        match signal(signals).await {
            GroupSignal::Assigned(assigned) if assigned.is_empty() => {}
            GroupSignal::Assigned(mut assigned) => {
                assigned.sort_by_key(|a| (Arc::clone(&a.topic), a.partition));
                return assigned;
            }
            other => panic!("{other:?}"),
        }
    }
}

pub async fn batch(records: &mut PartitionRecords) -> Batch {
    loop {
        let item = tokio::time::timeout(PATIENCE, records.next()).await.expect("nothing comes");
        let batch = item.expect("no longer assigned").unwrap();
        if !batch.records.is_empty() {
            return batch;
        }
    }
}

async fn read(records: &mut PartitionRecords, count: usize) -> Vec<u64> {
    let mut found = Vec::new();
    while found.len() < count {
        found.extend(batch(records).await.records.iter().map(|record| number(record)));
    }
    found
}

async fn sole_member(config: &Config, topics: &[Topic]) -> (Group, Receiver<GroupSignal>, Vec<Assigned>) {
    let (group, mut signals) = Group::join(config, &format!("group-{}", topics[0]), topics).unwrap();
    let assigned = assigned(&mut signals).await;
    (group, signals, assigned)
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_read_only_once_a_position_is_named() {
    let config = broker().await;
    let topics = [topic(&config, 2).await, topic(&config, 2).await];
    let producer = Producer::start(&config).unwrap();
    for topic in &topics {
        store_numbers(&producer, topic, 0, 0..10).await;
    }
    let (group, _signals, mut assigned) = sole_member(&config, &topics).await;
    let places: Vec<_> = assigned.iter().map(|a| (Arc::clone(&a.topic), a.partition.0)).collect();
    let wanted: Vec<_> = topics.iter().flat_map(|topic| [0, 1].map(|p| (Arc::clone(topic), p))).collect();
    assert_eq!(places, wanted);
    let silent = tokio::time::timeout(Duration::from_millis(500), assigned[2].records.next()).await;
    assert!(silent.is_err());

    let zero = PartitionId(0);
    group.read_from(Arc::clone(&topics[0]), zero, Offset(4));
    assert_eq!(read(&mut assigned[0].records, 6).await, [4, 5, 6, 7, 8, 9]);
    store_numbers(&producer, &topics[0], 0, 10..12).await;
    assert_eq!(read(&mut assigned[0].records, 2).await, [10, 11]);
    // Again from the beginning, and from where nothing is yet.
    group.read_from(Arc::clone(&topics[0]), zero, Offset(0));
    assert_eq!(read(&mut assigned[0].records, 12).await, (0..12).collect::<Vec<_>>());
    group.read_from(Arc::clone(&topics[1]), PartitionId(1), Offset(0));
    store_numbers(&producer, &topics[1], 1, 77..78).await;
    assert_eq!(read(&mut assigned[3].records, 1).await, [77]);

    group.leave().await;
    assert!(tokio::time::timeout(PATIENCE, assigned[0].records.next()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_partition_holds_up_nobody_and_loses_nothing() {
    const ALL: u64 = 60_000;
    let config = broker().await;
    let topic = topic(&config, 2).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 0, 0..ALL).await;
    let (group, _signals, mut assigned) = sole_member(&config, &[Arc::clone(&topic)]).await;
    for partition in [0, 1] {
        group.read_from(Arc::clone(&topic), PartitionId(partition), Offset(0));
    }
    for round in 0..20 {
        store_numbers(&producer, &topic, 1, round..round + 1).await;
        assert_eq!(read(&mut assigned[1].records, 1).await, [round]);
    }
    let mut found = Vec::new();
    while (found.len() as u64) < ALL {
        found.extend(batch(&mut assigned[0].records).await.records.iter().map(|record| number(record)));
        if found.len().is_multiple_of(7) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(found, (0..ALL).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_are_committed_with_metadata_for_any_topic() {
    let config = broker().await;
    let (subscribed, other) = (topic(&config, 1).await, topic(&config, 3).await);
    let (group, _signals, _assigned) = sole_member(&config, &[Arc::clone(&subscribed)]).await;
    let long = "m".repeat(2_000);
    let positions = vec![
        (Arc::clone(&subscribed), PartitionId(0), Offset(5), "state ü".to_owned()),
        (Arc::clone(&other), PartitionId(2), Offset(7), long.clone()),
        (Arc::clone(&other), PartitionId(1), Offset(0), String::new()),
    ];
    group.commit(positions).await.unwrap();
    let asked = [(&subscribed, 0), (&other, 0), (&other, 2), (&other, 1)];
    let asked = asked.map(|(topic, partition)| (Arc::clone(topic), PartitionId(partition))).to_vec();
    let wanted =
        [Some((Offset(5), "state ü".to_owned())), None, Some((Offset(7), long)), Some((Offset(0), String::new()))];
    assert_eq!(group.committed(asked.clone()).await.unwrap(), wanted);
    let too_long = vec![(Arc::clone(&other), PartitionId(2), Offset(9), "m".repeat(1 << 20))];
    assert!(group.commit(too_long).await.is_err());
    group.leave().await;
    let (again, _signals, _assigned) = sole_member(&config, &[Arc::clone(&subscribed)]).await;
    assert_eq!(again.committed(asked).await.unwrap(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_outside_of_the_partition_is_named() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 0, 0..3).await;
    let (group, _signals, mut assigned) = sole_member(&config, &[Arc::clone(&topic)]).await;
    group.read_from(Arc::clone(&topic), PartitionId(0), Offset(9));
    let item = tokio::time::timeout(PATIENCE, assigned[0].records.next()).await.unwrap().unwrap();
    match item {
        Err(ReadError::OffsetOutOfRange { offset, beginning, end, .. }) => {
            assert_eq!((offset, beginning, end), (Offset(9), Offset(0), Offset(3)));
        }
        other => panic!("{other:?}"),
    }
    group.read_from(Arc::clone(&topic), PartitionId(0), Offset(1));
    assert_eq!(read(&mut assigned[0].records, 2).await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_does_not_exist_is_a_fault() {
    let config = broker().await;
    let (_group, mut signals) = Group::join(&config, "group-of-nothing", &["no-such-topic".into()]).unwrap();
    assert!(matches!(signal(&mut signals).await, GroupSignal::Fault(_)));
}
