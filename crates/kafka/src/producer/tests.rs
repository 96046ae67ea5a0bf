//! A fatal error costs the records in flight, and the producer goes on.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Producer;
use crate::{Config, DeliveryError, NewRecord, PartitionId, SendError};

const PATIENCE: Duration = Duration::from_secs(30);

fn record() -> NewRecord {
    NewRecord { topic: "t".into(), partition: PartitionId(0), key: None, headers: Vec::new(), value: None }
}

#[tokio::test]
async fn a_fatal_error_replaces_the_client_and_fails_what_was_in_flight() {
    let config = Config::new("").set("test.mock.num.brokers", "1").set("message.timeout.ms", "60000");
    // A linger keeps the records with the client until it fails.
    let producer = Producer::start(&config.set("linger.ms", "30000")).unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let send = || {
        let tell = tell.clone();
        producer.send(record(), Box::new(move |outcome| tell.send(outcome).unwrap())).map_err(|refused| refused.error)
    };
    for _ in 0..10 {
        send().unwrap();
    }
    producer.fail_fatally();
    assert!(matches!(send(), Err(SendError::Fatal(_))));
    for _ in 0..10 {
        let outcome = tokio::time::timeout(PATIENCE, told.recv()).await.unwrap().unwrap();
        assert!(matches!(outcome, Err(DeliveryError::Fatal)), "{outcome:?}");
    }
    let begun = Instant::now();
    while send().is_err() {
        assert!(begun.elapsed() < PATIENCE, "the client is not replaced");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(producer.in_flight(), 1);
}
