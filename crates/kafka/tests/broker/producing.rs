//! Records go out as they are, in order, and every callback is called once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tillroll_kafka::{Config, DeliveryError, NewRecord, Offset, PartitionId, Producer, SendError, Tail};
use tokio::sync::mpsc;

use crate::setting::{ALONE, PATIENCE, broker, next, record, store, topic, turn};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_read_back_as_it_was_written() {
    let config = broker().await;
    let topic = topic(&config, 2).await;
    let producer = Producer::start(&config).unwrap();
    let full = NewRecord {
        topic: Arc::clone(&topic),
        partition: PartitionId(1),
        key: Some(Bytes::from_static(b"key")),
        headers: vec![("a", Bytes::from_static(b"1")), ("b", Bytes::new()), ("a", Bytes::from_static(b"\xff"))],
        value: Some(Bytes::from_static(b"value")),
    };
    let empty = NewRecord { key: None, headers: Vec::new(), value: None, ..full.clone() };
    assert_eq!(store(&producer, full).await.unwrap(), Offset(0));
    assert_eq!(store(&producer, empty).await.unwrap(), Offset(1));

    let tail = Tail::start(&config).unwrap();
    let mut subscription = tail.subscribe(Arc::clone(&topic), vec![(PartitionId(1), Offset::ZERO)]);
    let mut records = Vec::new();
    while records.len() < 2 {
        records.extend(next(&mut subscription).await.records);
    }
    let [first, second] = &records[..] else { panic!("{records:?}") };
    assert_eq!(first.key.as_deref(), Some(&b"key"[..]));
    assert_eq!(first.value.as_deref(), Some(&b"value"[..]));
    let headers: Vec<_> = first.headers.iter().collect();
    assert_eq!(headers, [("a", &b"1"[..]), ("b", b""), ("a", b"\xff")]);
    assert!(first.recorded_at_ms > 1_600_000_000_000);
    assert_eq!((first.partition, first.offset, &first.topic), (PartitionId(1), Offset(0), &topic));
    assert_eq!((&second.key, &second.value, second.headers.is_empty()), (&None, &None, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_callback_is_called_once_and_offsets_follow_the_calls() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    for number in 0..5_000_i64 {
        let tell = tell.clone();
        let on_delivery = Box::new(move |outcome: Result<Offset, _>| tell.send((number, outcome.unwrap())).unwrap());
        producer.send(record(&topic, 0, number.to_string()), on_delivery).unwrap();
    }
    assert!(producer.flush(PATIENCE).await);
    assert_eq!(producer.in_flight(), 0);
    drop(tell);
    let mut delivered = BTreeMap::new();
    while let Some((number, offset)) = told.recv().await {
        assert_eq!(delivered.insert(number, offset), None);
    }
    assert_eq!(delivered.len(), 5_000);
    assert!(delivered.iter().all(|(number, offset)| *number == offset.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_may_send_and_may_panic() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let (again, next) = (producer.clone(), record(&topic, 0, "second"));
    let on_delivery = Box::new(move |_| {
        again.send(next, Box::new(|_| {})).unwrap();
        panic!("on purpose");
    });
    producer.send(record(&topic, 0, "first"), on_delivery).unwrap();
    assert!(producer.flush(PATIENCE).await);
    assert_eq!(store(&producer, record(&topic, 0, "third")).await.unwrap(), Offset(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_comes_back_at_once() {
    let config = broker().await;
    let producer = Producer::start(&config).unwrap();
    let topic = topic(&config, 1).await;
    let refused = producer.send(record(&topic, 0, "x".repeat(5 << 20)), Box::new(|_| panic!("called"))).unwrap_err();
    assert!(matches!(refused.error, SendError::TooLarge { bytes, .. } if bytes == 5 << 20));
    assert_eq!(refused.record.value.unwrap().len(), 5 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_finds_too_large_is_reported_as_such() {
    let config = broker().await;
    let large = config.clone().set("message.max.bytes", "20000000").set("compression.codec", "none");
    let producer = Producer::start(&large).unwrap();
    let topic = topic(&config, 1).await;
    let outcome = store(&producer, record(&topic, 0, "x".repeat(12 << 20))).await;
    assert!(matches!(outcome, Err(DeliveryError::TooLarge)), "{outcome:?}");
    store(&producer, record(&topic, 0, "x")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_does_not_exist_is_an_error_not_a_wait() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    let outcome = store(&producer, record(&topic, 7, "x")).await;
    assert!(matches!(outcome, Err(DeliveryError::Other(_))), "{outcome:?}");
    match producer.send(record(&topic, 7, "x"), Box::new(|_| {})) {
        Err(refused) => assert!(matches!(refused.error, SendError::Other(_)), "{:?}", refused.error),
        Ok(()) => assert!(producer.flush(PATIENCE).await),
    }
}

#[tokio::test]
async fn without_a_broker_the_queue_fills_and_records_time_out() {
    let _alone = turn(ALONE).await;
    let config = Config::new("127.0.0.1:1").set("queue.buffering.max.messages", "10").set("message.timeout.ms", "300");
    let producer = Producer::start(&config).unwrap();
    let topic = "any".into();
    let (tell, mut told) = mpsc::unbounded_channel();
    let begun = Instant::now();
    for _ in 0..10 {
        let tell = tell.clone();
        producer.send(record(&topic, 0, "x"), Box::new(move |outcome| tell.send(outcome).unwrap())).unwrap();
    }
    let refused = producer.send(record(&topic, 0, "x"), Box::new(|_| panic!("called"))).unwrap_err();
    assert!(matches!(refused.error, SendError::QueueFull), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_millis(100), "sending blocked");
    assert!(!producer.flush(Duration::from_millis(50)).await);
    for _ in 0..10 {
        let outcome = tokio::time::timeout(PATIENCE, told.recv()).await.unwrap().unwrap();
        assert!(matches!(outcome, Err(DeliveryError::TimedOut)), "{outcome:?}");
    }
    assert!(producer.flush(PATIENCE).await);
}

#[tokio::test]
async fn dropping_the_producer_answers_what_is_left() {
    let producer = Producer::start(&Config::new("127.0.0.1:1").set("message.timeout.ms", "300000")).unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    producer.send(record(&"any".into(), 0, "x"), Box::new(move |outcome| drop(tell.send(outcome)))).unwrap();
    drop(producer);
    let outcome = tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap();
    assert!(matches!(outcome, Err(DeliveryError::Fatal)), "{outcome:?}");
}
