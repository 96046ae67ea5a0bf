//! Questions to the cluster.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tillroll_kafka::{Admin, Config, CreateTopicError, NewTopic, Offset, PartitionId, Producer, Topic};

use crate::setting::{broker, broker_alone, number, store_numbers, topic};

const ZERO: PartitionId = PartitionId(0);

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_made_once_with_its_properties() {
    let config = broker().await;
    let admin = Admin::new(&config).unwrap();
    let new = |name: &str, partitions| NewTopic {
        name: name.into(),
        partitions,
        replication: -1,
        config: vec![("retention.ms".to_owned(), "123456".to_owned())],
    };
    let made = admin.create_topics(&[new("made-once", 3)]).await.unwrap();
    assert!(made[0].1.is_ok(), "{made:?}");
    let made = admin.create_topics(&[new("bad name!", 1), new("made-once", 3), new("made-too", 1)]).await.unwrap();
    assert_eq!(made.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["bad name!", "made-once", "made-too"]);
    assert!(matches!(made[0].1, Err(CreateTopicError::Other(_))), "{made:?}");
    assert!(matches!(made[1].1, Err(CreateTopicError::AlreadyExists)), "{made:?}");
    assert!(made[2].1.is_ok(), "{made:?}");

    let names: Vec<Topic> = ["made-too", "no-such", "made-once"].map(Topic::from).to_vec();
    let configs = admin.topic_configs(&names).await.unwrap();
    assert!(configs[1].is_none());
    assert_eq!(configs[2].as_ref().unwrap()["retention.ms"], "123456");

    let described = admin.describe_topics(&names).await.unwrap();
    let [Some(too), None, Some(once)] = &described[..] else { panic!("{described:?}") };
    assert_eq!((&*once.name, once.partitions, once.replication), ("made-once", 3, 1));
    assert!(!once.topic_id.is_nil() && once.topic_id != too.topic_id);
    assert_eq!(Admin::new(&config).unwrap().describe_topics(&names).await.unwrap(), described);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brokers_tell_their_properties() {
    let config = broker().await;
    let admin = Admin::new(&config).unwrap();
    let brokers = admin.broker_configs().await.unwrap();
    assert_eq!(brokers.len(), 1);
    assert!(brokers.values().all(|properties| properties.contains_key("auto.create.topics.enable")));
}

#[tokio::test(flavor = "multi_thread")]
async fn ends_are_told_for_many_partitions_at_once() {
    let config = broker_alone().await;
    let topic = topic(&config, 4).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 1, 0..5).await;
    store_numbers(&producer, &topic, 3, 0..2).await;
    let admin = Admin::new(&config).unwrap();
    let partitions = [3, 1, 0].map(PartitionId);
    let ends = admin.end_offsets(&topic, &partitions).await.unwrap();
    let zero = Offset::ZERO;
    assert_eq!(
        ends,
        [(PartitionId(3), zero, Offset(2)), (PartitionId(1), zero, Offset(5)), (PartitionId(0), zero, zero)]
    );
    let mut times = Vec::new();
    for _ in 0..50 {
        let begun = Instant::now();
        admin.end_offsets(&topic, &partitions).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    assert!(times[25] < Duration::from_millis(10), "{:?}", times[25]);
    assert!(admin.end_offsets(&topic, &[PartitionId(9)]).await.is_err());
    assert!(admin.end_offsets(&"no-such".into(), &[ZERO]).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_can_be_used_as_soon_as_it_is_made() {
    let config = broker().await;
    let admin = Admin::new(&config).unwrap();
    for _ in 0..5 {
        let topic = topic(&config, 24).await;
        let partitions: Vec<_> = (0..24).map(PartitionId).collect();
        assert_eq!(admin.end_offsets(&topic, &partitions).await.unwrap().len(), 24);
        assert!(admin.describe_topics(&[Arc::clone(&topic)]).await.unwrap()[0].is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_is_read_by_its_place() {
    let config = broker().await;
    let topic = topic(&config, 2).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 1, 0..100).await;
    let admin = Admin::new(&config).unwrap();
    for place in [99, 0, 50, 50] {
        let found = admin.read_at(&topic, PartitionId(1), Offset(place)).await.unwrap().unwrap();
        assert_eq!((found.offset, found.value.as_deref()), (Offset(place), Some(place.to_string().as_bytes())));
    }
    for (partition, place) in [(1, 100), (1, 1_000), (0, 0)] {
        let found = admin.read_at(&topic, PartitionId(partition), Offset(place)).await.unwrap();
        assert_eq!(found, None);
    }
    let many = (0..20).map(|place| {
        let (admin, topic) = (admin.clone(), Arc::clone(&topic));
        tokio::spawn(async move { admin.read_at(&topic, PartitionId(1), Offset(place)).await.unwrap().unwrap().offset })
    });
    for (place, found) in many.enumerate().collect::<Vec<_>>() {
        assert_eq!(found.await.unwrap(), Offset(place as i64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_beside_one_that_was_just_read_cost_no_look_at_the_log() {
    let (config, mut timed) = (broker().await, Vec::new());
    let topic = topic(&config, 1).await;
    store_numbers(&Producer::start(&config).unwrap(), &topic, 0, 0..400).await;
    let admin = Admin::new(&config).unwrap();
    for place in 0..400 {
        let begun = Instant::now();
        let found = admin.read_at(&topic, ZERO, Offset(place)).await.unwrap().unwrap();
        assert_eq!((found.offset, number(&found)), (Offset(place), place as u64));
        timed.push(begun.elapsed());
    }
    // A look waits for the broker at least once; most of these did not.
    let first = timed[0];
    timed.sort();
    assert!(timed[200] * 4 < first, "{:?} in the middle, {first:?} for the first", timed[200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_asker_has_gone_holds_nobody_up() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let producer = Producer::start(&config).unwrap();
    store_numbers(&producer, &topic, 0, 0..1).await;
    let admin = Admin::new(&config).unwrap();
    let nowhere = Topic::from("nowhere");
    for _ in 0..5 {
        let asked = admin.read_at(&nowhere, ZERO, Offset(0));
        assert!(tokio::time::timeout(Duration::from_millis(50), asked).await.is_err(), "nobody can answer that");
    }
    let asked = admin.read_at(&topic, ZERO, Offset(0));
    let found = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("others' questions").unwrap();
    assert!(found.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_tells_whether_a_broker_is_there() {
    let config = broker().await;
    let there = Admin::new(&config).unwrap();
    there.ping(Duration::from_secs(10)).await.unwrap();
    let nobody = Admin::new(&Config::new("127.0.0.1:1")).unwrap();
    let begun = Instant::now();
    let error = nobody.ping(Duration::from_millis(500)).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}
