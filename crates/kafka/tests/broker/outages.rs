//! A broker that is killed and comes back: nothing is lost, nothing is doubled, nobody needs to be restarted.

use std::sync::Arc;
use std::time::Duration;

use tillroll_kafka::{Admin, Assigned, Config, Group, GroupSignal, Offset, PartitionId, Producer, Tail, Topic};
use tokio::sync::mpsc::Receiver;

use crate::groups::{assigned, signal};
use crate::setting::{PATIENCE, live, number, numbers, own_broker, record, store, store_numbers, topic};

const ZERO: PartitionId = PartitionId(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_and_started_again_is_resumed() {
    let (stack, _root) = own_broker().await;
    let config = Config::new(stack.bootstrap_servers());
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let (tail, admin) = (Tail::start(&config).unwrap(), Admin::new(&config).unwrap());
    let (group, mut signals) = Group::join(&config, "outage", &[Arc::clone(&topic)]).unwrap();
    let own = assigned(&mut signals).await.pop().unwrap();
    group.read_from(Arc::clone(&topic), ZERO, Offset(0));
    let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    live(&mut follower).await;
    store_numbers(&producer, &topic, 0, 0..100).await;
    assert_eq!(numbers(&mut follower, 100).await.len(), 100);

    let kafka = stack.kafka().unwrap();
    kafka.kill().await.unwrap();
    let lost = store(&producer, record(&topic, 0, "1000")).await;
    assert!(lost.is_err(), "{lost:?}");
    assert!(admin.ping(Duration::from_millis(300)).await.is_err());
    // One that joins while there is no broker gets what is at hand, or waits.
    let mut near = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(50))]);
    assert_eq!(numbers(&mut near, 50).await, (50..100).collect::<Vec<_>>());
    let mut late = Tail::start(&config).unwrap().subscribe(Arc::clone(&topic), vec![(ZERO, Offset(50))]);
    assert!(tokio::time::timeout(Duration::from_millis(500), late.next()).await.is_err());
    kafka.start_again().await.unwrap();

    tokio::time::timeout(PATIENCE, async { while store(&producer, record(&topic, 0, "100")).await.is_err() {} })
        .await
        .unwrap();
    store_numbers(&producer, &topic, 0, 101..200).await;
    assert_eq!(numbers(&mut follower, 100).await, (100..200).collect::<Vec<_>>());
    assert_eq!(numbers(&mut near, 100).await, (100..200).collect::<Vec<_>>());
    assert_eq!(numbers(&mut late, 150).await, (50..200).collect::<Vec<_>>());
    let read = read_on(&group, &topic, &mut signals, own, 200).await;
    assert_eq!(read, 200);
    admin.ping(Duration::from_secs(10)).await.unwrap();
    tokio::time::timeout(PATIENCE, async {
        while group.commit(vec![(Arc::clone(&topic), ZERO, Offset(200), "x".to_owned())]).await.is_err() {}
    })
    .await
    .unwrap();
    assert_eq!(admin.end_offsets(&topic, &[ZERO]).await.unwrap(), [(ZERO, Offset(0), Offset(200))]);
}

/// Reads from the beginning, through the loss of the membership and a new one.
async fn read_on(
    group: &Group,
    topic: &Topic,
    signals: &mut Receiver<GroupSignal>,
    mut own: Assigned,
    until: i64,
) -> i64 {
    let mut read = 0;
    while read < until {
        tokio::select! {
            // Longer than the session: lost, and assigned again.
            next = signal(signals) => match next {
                // It may be told first that there is nothing for it yet.
                GroupSignal::Assigned(mut assigned) => if let Some(again) = assigned.pop() {
                    own = again;
                    group.read_from(Arc::clone(topic), ZERO, Offset(read));
                },
                GroupSignal::Lost(_) => {}
                other => panic!("{other:?}"),
            },
            Some(batch) = own.records.next() => for record in batch.unwrap().records {
                assert_eq!(number(&record) as i64, read);
                read += 1;
            },
        }
    }
    read
}

/// The library then has an answer without an error and without an end.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_dies_while_it_is_asked_has_told_no_end() {
    let (stack, _root) = own_broker().await;
    let config = Config::new(stack.bootstrap_servers());
    let topic = topic(&config, 1).await;
    store_numbers(&Producer::start(&config).unwrap(), &topic, 0, 0..3).await;
    let admin = Admin::new(&config).unwrap();
    let ends = [(ZERO, Offset(0), Offset(3))];
    assert_eq!(admin.end_offsets(&topic, &[ZERO]).await.unwrap(), ends);

    let kafka = stack.kafka().unwrap();
    kafka.pause().unwrap();
    let asked = tokio::spawn({
        let (admin, topic) = (admin.clone(), Arc::clone(&topic));
        async move { admin.end_offsets(&topic, &[ZERO]).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    kafka.kill().await.unwrap();
    let told = asked.await.unwrap();
    assert!(told.as_ref().is_err_and(tillroll_kafka::KafkaError::is_transient), "{told:?}");

    kafka.start_again().await.unwrap();
    let told = async {
        loop {
            match admin.end_offsets(&topic, &[ZERO]).await {
                Err(error) if error.is_transient() => tokio::time::sleep(Duration::from_millis(20)).await,
                told => return told,
            }
        }
    };
    assert_eq!(tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap(), ends);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_in_flight_when_the_broker_dies_are_stored_once_or_reported() {
    let (stack, _root) = own_broker().await;
    let config = Config::new(stack.bootstrap_servers()).set("message.timeout.ms", "60000");
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let tail = Tail::start(&config).unwrap();
    let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    live(&mut follower).await;
    let writer = {
        let (producer, topic) = (producer.clone(), Arc::clone(&topic));
        tokio::spawn(async move {
            for start in (0..10_000).step_by(100) {
                store_numbers(&producer, &topic, 0, start..start + 100).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
    };
    let kafka = stack.kafka().unwrap();
    let mut read = Vec::new();
    for _ in 0..2 {
        // The writer is in full swing, and far from its end.
        read.extend(numbers(&mut follower, 1_000).await);
        assert!(read.len() < 9_000, "nothing is in flight any more: {}", read.len());
        kafka.kill().await.unwrap();
        kafka.start_again().await.unwrap();
    }
    let left = 10_000 - read.len();
    read.extend(numbers(&mut follower, left).await);
    // Retried by the idempotent producer: each exactly once, in order.
    assert_eq!(read, (0..10_000).collect::<Vec<_>>());
    tokio::time::timeout(PATIENCE, writer).await.unwrap().unwrap();
    assert_eq!(Admin::new(&config).unwrap().end_offsets(&topic, &[ZERO]).await.unwrap()[0].2, Offset(10_000));
}
