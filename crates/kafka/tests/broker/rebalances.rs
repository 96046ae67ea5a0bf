//! Several members: partitions move only when they have been released, and nobody keeps what is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tillroll_kafka::{Config, Group, GroupSignal, Offset, PartitionId, Producer, RevokedAck, Topic};
use tokio::sync::mpsc::Receiver;

use crate::groups::{assigned, batch, signal};
use crate::setting::{broker, number, store_numbers, topic};

async fn revoked(signals: &mut Receiver<GroupSignal>) -> (Vec<(Topic, PartitionId)>, RevokedAck) {
    match signal(signals).await {
        GroupSignal::Revoked(places, ack) => (places, ack),
        other => panic!("{other:?}"),
    }
}

fn join(config: &Config, topic: &Topic) -> (Group, Receiver<GroupSignal>) {
    Group::join(config, &format!("group-{topic}"), &[Arc::clone(topic)]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_moves_once_it_is_released_and_the_rest_goes_on() {
    let config = broker().await;
    let topic = topic(&config, 2).await;
    let producer = Producer::start(&config).unwrap();
    let (first, mut first_signals) = join(&config, &topic);
    let mut own = assigned(&mut first_signals).await;
    assert_eq!(own.len(), 2);
    for partition in [0, 1] {
        first.read_from(Arc::clone(&topic), PartitionId(partition), Offset(0));
    }
    let (second, mut second_signals) = join(&config, &topic);
    let (places, ack) = revoked(&mut first_signals).await;
    let [(_, moved)] = &places[..] else { panic!("{places:?}") };
    let kept = PartitionId(1 - moved.0);
    assert!(!first.confirm_assignment(Arc::clone(&topic), *moved).await);
    assert!(first.confirm_assignment(Arc::clone(&topic), kept).await);
    // Held back by its owner, it is nobody else's.
    let early = tokio::time::timeout(Duration::from_millis(500), assigned(&mut second_signals)).await;
    assert!(early.is_err());
    store_numbers(&producer, &topic, kept.0, 5..6).await;
    let begun = Instant::now();
    ack.release();
    let kept_records = own.iter_mut().find(|a| a.partition == kept).unwrap();
    assert_eq!(number(&batch(&mut kept_records.records).await.records[0]), 5);
    assert!(begun.elapsed() < Duration::from_millis(1500), "the other partition goes on: {:?}", begun.elapsed());
    let taken = assigned(&mut second_signals).await;
    assert_eq!(taken.iter().map(|a| a.partition).collect::<Vec<_>>(), [*moved]);
    assert!(second.confirm_assignment(Arc::clone(&topic), *moved).await);
    assert!(!second.confirm_assignment(Arc::clone(&topic), kept).await);
    let mut moved_records = own.into_iter().find(|a| a.partition == *moved).unwrap().records;
    assert!(moved_records.next().await.is_none());

    let begun = Instant::now();
    second.leave().await;
    let back = assigned(&mut first_signals).await;
    assert_eq!(back.iter().map(|a| a.partition).collect::<Vec<_>>(), [*moved]);
    assert!(begun.elapsed() < Duration::from_secs(4), "leaving does not wait for the session: {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_for_whom_there_is_nothing_is_told_so() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let (_first, mut first_signals) = join(&config, &topic);
    assert_eq!(assigned(&mut first_signals).await.len(), 1);
    let (_second, mut second_signals) = join(&config, &topic);
    match signal(&mut second_signals).await {
        GroupSignal::Assigned(nothing) => assert_eq!(nothing.len(), 0),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_released_in_time_is_taken_away() {
    let config = broker().await;
    let topic = topic(&config, 2).await;
    let (_first, mut first_signals) = join(&config, &topic);
    assert_eq!(assigned(&mut first_signals).await.len(), 2);
    let (_second, mut second_signals) = join(&config, &topic);
    let (_, ack) = revoked(&mut first_signals).await;
    let begun = Instant::now();
    assert_eq!(assigned(&mut second_signals).await.len(), 1);
    let waited = begun.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(8)).contains(&waited), "{waited:?}");
    // Too late, and harmless.
    ack.release();
}

/// Whenever it leaves, also while the group is still making up its mind, it is not waited for until its session is
/// over.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_may_leave_at_any_moment() {
    let config = broker().await;
    let stays: Vec<Duration> = (0..1_500).step_by(50).map(Duration::from_millis).collect();
    let groups: Vec<_> =
        stays.chunks(5).map(|stays| tokio::spawn(longest_farewell(config.clone(), stays.to_vec()))).collect();
    for group in groups {
        let longest = group.await.unwrap();
        assert!(longest < Duration::from_secs(4), "{longest:?}");
    }
}

/// A second member stays in a group for each of these times; how long the first was without a partition at most.
async fn longest_farewell(config: Config, stays: Vec<Duration>) -> Duration {
    let topic = topic(&config, 2).await;
    let (first, mut first_signals) = join(&config, &topic);
    assert_eq!(assigned(&mut first_signals).await.len(), 2);
    tokio::spawn(async move { while first_signals.recv().await.is_some() {} });
    let mut longest = Duration::ZERO;
    for stay in stays {
        let (second, mut second_signals) = join(&config, &topic);
        tokio::spawn(async move { while second_signals.recv().await.is_some() {} });
        tokio::time::sleep(stay).await;
        let begun = Instant::now();
        second.leave().await;
        let left = begun.elapsed();
        while !holds(&first, &topic, 0).await || !holds(&first, &topic, 1).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let took = begun.elapsed();
        eprintln!("stayed {stay:?}: left in {left:?}, the first has all again after {took:?}");
        longest = longest.max(took);
    }
    longest
}

async fn holds(group: &Group, topic: &Topic, partition: i32) -> bool {
    group.confirm_assignment(Arc::clone(topic), PartitionId(partition)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_handle_leaves_the_group() {
    let config = broker().await;
    let topic = topic(&config, 1).await;
    let (first, mut first_signals) = join(&config, &topic);
    assert_eq!(assigned(&mut first_signals).await.len(), 1);
    let (_second, mut second_signals) = join(&config, &topic);
    let begun = Instant::now();
    drop(first);
    assert_eq!(assigned(&mut second_signals).await.len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_while_something_is_revoked_hangs_nobody() {
    let config = broker().await;
    let topic = topic(&config, 2).await;
    let (first, mut first_signals) = join(&config, &topic);
    assert_eq!(assigned(&mut first_signals).await.len(), 2);
    let (_second, mut second_signals) = join(&config, &topic);
    let (_, ack) = revoked(&mut first_signals).await;
    let begun = Instant::now();
    first.leave().await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let mut taken = 0;
    while taken < 2 {
        taken += assigned(&mut second_signals).await.len();
    }
    drop(ack);
}
