//! From any position to the tail: nothing lost, nothing doubled, and a position outside of the partition is named.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, TopicPartitionList};
use tillroll_kafka::{Config, Offset, PartitionId, Producer, ReadError, Subscription, Tail, Topic};

use crate::setting::{PATIENCE, broker, live, make, next, number, numbers, store_numbers, topic};

const ZERO: PartitionId = PartitionId(0);

/// So many are written to each of three partitions.
const EACH: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn followers_that_join_while_others_write_miss_nothing_and_repeat_nothing() {
    let config = broker().await;
    let topic = topic(&config, 3).await;
    let producer = Producer::start(&config).unwrap();
    let tail = Tail::start(&config).unwrap();
    let writers: Vec<_> = (0..3)
        .map(|partition| {
            let (producer, topic) = (producer.clone(), Arc::clone(&topic));
            tokio::spawn(async move {
                for start in (0..EACH).step_by(100) {
                    store_numbers(&producer, &topic, partition, start..start + 100).await;
                }
            })
        })
        .collect();
    let followers: Vec<_> =
        (0..8).map(|late| tokio::spawn(follow_all(tail.clone(), Arc::clone(&topic), late))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut followers = futures(followers).await;
    // All of them follow the tail now, and share what it has decoded.
    store_numbers(&producer, &topic, 1, EACH..EACH + 1).await;
    let mut shared = Vec::new();
    for follower in &mut followers {
        shared.extend(next(follower).await.records);
    }
    assert_eq!(shared.len(), 8);
    assert!(shared.iter().all(|record| Arc::ptr_eq(record, &shared[0])));
}

/// Joins a little later than the one before, and reads every number of each partition in order, once.
async fn follow_all(tail: Tail, topic: Topic, late: u64) -> Subscription {
    tokio::time::sleep(Duration::from_millis(late * 60)).await;
    let from = (0..3).map(|partition| (PartitionId(partition), Offset::ZERO)).collect();
    let mut subscription = tail.subscribe(topic, from);
    let mut wanted = [0; 3];
    while wanted.iter().sum::<u64>() < 3 * EACH {
        let batch = next(&mut subscription).await;
        let wanted = &mut wanted[usize::try_from(batch.partition.0).unwrap()];
        for record in &batch.records {
            assert_eq!((number(record), record.offset), (*wanted, Offset(*wanted as i64)));
            *wanted += 1;
        }
        assert!(batch.next >= Offset(*wanted as i64));
    }
    live(&mut subscription).await;
    subscription
}

async fn futures<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_begins_where_it_wants_to() {
    let config = broker().await;
    let topic = topic(&config, 2).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 0, 0..10).await;
    let tail = Tail::start(&config).unwrap();
    let mut middle = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(7))]);
    assert_eq!(numbers(&mut middle, 3).await, [7, 8, 9]);
    let mut end = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(10)), (PartitionId(1), Offset(0))]);
    live(&mut end).await;
    store_numbers(&producer, &topic, 0, 10..12).await;
    assert_eq!(numbers(&mut end, 2).await, [10, 11]);
    assert_eq!(numbers(&mut middle, 2).await, [10, 11]);
    let positions: Vec<_> = end.positions().collect();
    assert_eq!(positions, [(ZERO, Offset(12)), (PartitionId(1), Offset(0))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_beyond_the_end_is_named() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 0, 0..10).await;
    let mut subscription = Tail::start(&config).unwrap().subscribe(Arc::clone(&topic), vec![(ZERO, Offset(11))]);
    for _ in 0..2 {
        match tokio::time::timeout(PATIENCE, subscription.next()).await.unwrap() {
            Err(ReadError::OffsetOutOfRange { partition, offset, beginning, end, .. }) => {
                assert_eq!((partition, offset, beginning, end), (ZERO, Offset(11), Offset(0), Offset(10)));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_below_the_beginning_is_named() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 0, 0..10).await;
    let tail = Tail::start(&config).unwrap();
    let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    assert_eq!(numbers(&mut follower, 10).await.len(), 10);
    live(&mut follower).await;
    delete_before(&config, &topic, 4).await;
    let mut late = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    match tokio::time::timeout(PATIENCE, late.next()).await.unwrap() {
        Err(ReadError::OffsetOutOfRange { offset, beginning, end, .. }) => {
            assert_eq!((offset, beginning, end), (Offset(0), Offset(4), Offset(10)));
        }
        other => panic!("{other:?}"),
    }
    let mut right = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(4))]);
    assert_eq!(numbers(&mut right, 6).await[0], 4);
    store_numbers(&producer, &topic, 0, 10..11).await;
    assert_eq!(numbers(&mut follower, 1).await, [10]);
}

async fn delete_before(config: &Config, topic: &str, offset: i64) {
    let client: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", config.bootstrap_servers()).create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, rdkafka::Offset::Offset(offset)).unwrap();
    client.delete_records(&list, &AdminOptions::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_does_not_exist_is_named() {
    let config = broker().await;
    let mut subscription = Tail::start(&config).unwrap().subscribe("nowhere".into(), vec![(ZERO, Offset(0))]);
    let outcome = tokio::time::timeout(PATIENCE, subscription.next()).await.unwrap();
    assert!(matches!(outcome, Err(ReadError::UnknownPartition { .. })), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_the_broker_knows_only_after_a_while_is_read() {
    let config = broker().await;
    let late = Topic::from("late");
    let mut subscription = Tail::start(&config).unwrap().subscribe(Arc::clone(&late), vec![(ZERO, Offset(0))]);
    let early = tokio::time::timeout(Duration::from_secs(6), subscription.next()).await;
    assert!(early.is_err(), "{early:?}");
    make(&config, &late, 1).await;
    store_numbers(&Producer::start(&config).unwrap(), &late, 0, 0..3).await;
    assert_eq!(numbers(&mut subscription, 3).await, [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn control_records_at_the_end_hang_nobody() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    transaction(&config, &topic, true);
    transaction(&config, &topic, false);
    let tail = Tail::start(&config).unwrap();
    // One record and its control record, twice; the end is an offset that no record has.
    let mut subscription = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    let mut position = Offset(0);
    while position < Offset(4) {
        position = tokio::time::timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().next;
    }
    live(&mut subscription).await;
    // The same at the tail: the position passes what no record has.
    transaction(&config, &topic, true);
    while position < Offset(6) {
        position = tokio::time::timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().next;
    }
    assert!(subscription.is_live());
}

fn transaction(config: &Config, topic: &str, commit: bool) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", config.bootstrap_servers())
        .set("transactional.id", topic)
        .create()
        .unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer.begin_transaction().unwrap();
    producer.send(BaseRecord::<[u8], str>::to(topic).partition(0).payload("x")).unwrap();
    producer.flush(PATIENCE).unwrap();
    if commit { producer.commit_transaction(PATIENCE).unwrap() } else { producer.abort_transaction(PATIENCE).unwrap() }
}
