//! The tail waits for nobody: who is slow is let go and comes back without a gap.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tillroll_kafka::{Config, Offset, PartitionId, Producer, ReadError, Tail};

use crate::setting::{
    PATIENCE, broker, broker_alone, live, next, number, numbers, record, store, store_numbers, topic,
};

const ZERO: PartitionId = PartitionId(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_follower_is_let_go_and_recovers_without_a_gap() {
    const ALL: u64 = 20_000;
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let tail = Tail::with_backlog(&config, 100_000).unwrap();
    let mut quick = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    let mut slow = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    live(&mut quick).await;
    live(&mut slow).await;
    let reading = tokio::spawn(async move {
        assert_eq!(numbers(&mut quick, ALL as usize).await, (0..ALL).collect::<Vec<_>>());
        quick
    });
    // Far more than the backlog, while the slow one reads nothing.
    for start in (0..ALL).step_by(500) {
        store_numbers(&producer, &topic, 0, start..start + 500).await;
    }
    let mut quick = tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap();
    let mut wanted = 0;
    let mut detached = false;
    while wanted < ALL {
        let batch = next(&mut slow).await;
        for record in &batch.records {
            assert_eq!(number(record), wanted);
            wanted += 1;
        }
        detached |= !slow.is_live();
    }
    assert!(detached, "the slow follower was never let go");
    live(&mut slow).await;
    store_numbers(&producer, &topic, 0, ALL..ALL + 1).await;
    assert_eq!(numbers(&mut slow, 1).await, [ALL]);
    assert_eq!(numbers(&mut quick, 1).await, [ALL]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_larger_than_the_backlog_still_comes() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let tail = Tail::with_backlog(&config, 1_000).unwrap();
    let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    live(&mut follower).await;
    for _ in 0..20 {
        store(&producer, record(&topic, 0, "x".repeat(100_000))).await.unwrap();
    }
    let mut read = 0;
    while read < 20 {
        read += next(&mut follower).await.records.len();
    }
    assert_eq!(read, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_leaves_and_returns_goes_on_at_its_position() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let tail = Tail::start(&config).unwrap();
    let mut position = Offset(0);
    for round in 0..5_u64 {
        let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, position)]);
        if round % 2 == 0 {
            live(&mut follower).await;
        }
        store_numbers(&producer, &topic, 0, round * 10..round * 10 + 10).await;
        let found = numbers(&mut follower, 10).await;
        assert_eq!(found, (round * 10..round * 10 + 10).collect::<Vec<_>>());
        position = follower.positions().next().unwrap().1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_read_loses_nothing() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let tail = Tail::start(&config).unwrap();
    let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    let writing = tokio::spawn(async move {
        for start in 0..200 {
            store_numbers(&producer, &topic, 0, start * 10..start * 10 + 10).await;
        }
    });
    let (mut wanted, begun) = (0, Instant::now());
    while wanted < 2_000 {
        assert!(begun.elapsed() < PATIENCE);
        if let Ok(batch) = tokio::time::timeout(Duration::from_micros(50), follower.next()).await {
            for record in batch.unwrap().records {
                assert_eq!(number(&record), wanted);
                wanted += 1;
            }
        }
    }
    writing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_follows_is_read_at_once() {
    let config = broker_alone().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let tail = Tail::start(&config).unwrap();
    let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
    live(&mut follower).await;
    let mut times = Vec::new();
    for number in 0..200 {
        let begun = Instant::now();
        store_numbers(&producer, &topic, 0, number..number + 1).await;
        assert_eq!(numbers(&mut follower, 1).await, [number]);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    // A broker's time-out or a poll interval in the way would cost 20 ms or more.
    assert!(times[100] < Duration::from_millis(15), "{:?}", times[100]);
}

/// The first owner of a topic in its process waits for this.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_the_process_has_not_read_before_is_followed_at_once() {
    let config = broker_alone().await;
    let (producer, tail) = (Producer::start(&config).unwrap(), Tail::start(&config).unwrap());
    live(&mut tail.subscribe(topic(&config, 1).await, vec![(ZERO, Offset(0))])).await;
    let mut took = Vec::new();
    for _ in 0..5 {
        let topic = topic(&config, 1).await;
        store_numbers(&producer, &topic, 0, 0..1).await;
        let mut follower = tail.subscribe(Arc::clone(&topic), vec![(ZERO, Offset(0))]);
        assert_eq!(numbers(&mut follower, 1).await, [0]);
        let begun = Instant::now();
        store_numbers(&producer, &topic, 0, 1..2).await;
        assert_eq!(numbers(&mut follower, 1).await, [1]);
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    assert!(took[2] < Duration::from_millis(300), "{took:?}");
}

#[tokio::test]
async fn an_impossible_configuration_is_an_error_of_the_start() {
    assert!(Tail::start(&Config::new("127.0.0.1:1").set("no.such.property", "1")).is_err());
}

#[tokio::test]
async fn without_a_broker_a_follower_waits() {
    let tail = Tail::start(&Config::new("127.0.0.1:1")).unwrap();
    let mut follower = tail.subscribe("any".into(), vec![(ZERO, Offset(0))]);
    let outcome: Result<Result<_, ReadError>, _> = tokio::time::timeout(Duration::from_secs(4), follower.next()).await;
    assert!(outcome.is_err(), "{outcome:?}");
}
