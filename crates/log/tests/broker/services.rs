//! Instances of one role that know of each other: who is there, who serves what, and how it moves.

use crate::jar::Jar;
use crate::setting::{ask, insist, put, start, until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tillroll_log::{Commands, ExecuteError, NoReactions, Node, Place};

const KITCHEN: Place = Place { topic: "jar.events.v1", partition: tillroll_log::PartitionId(0) };

fn url_of_owner(node: &Node) -> Option<String> {
    node.services().owner(KITCHEN).map(|owner| owner.url)
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_find_each_other_and_a_planned_stop_hands_over_within_two_seconds() {
    let broker = crate::setting::Broker::alone().await;
    let one = broker.instance(broker.config(), "one").await;
    let two = broker.instance(broker.config(), "two").await;

    let (first, jars) = start::<NoReactions>(&one).await;
    let announcer = one.announce("jars", first.served());
    until("the first serves", || first.ready()).await;
    until("the second instance's node knows", || url_of_owner(&two).as_deref() == Some("http://one")).await;
    insist(&jars, 1, put(1)).await;

    let (second, jars_too) = start::<NoReactions>(&two).await;
    let announcer_too = two.announce("jars", second.served());
    until("the second is ready, with nothing to serve", || second.ready()).await;
    until("both are there", || one.services().all().len() == 2).await;
    assert_eq!(one.services().urls("jars"), Vec::<String>::new(), "nobody is asked who has not said that he is ready");
    announcer.ready();
    announcer_too.ready();
    until("both are asked", || one.services().urls("jars").len() == 2).await;
    assert_eq!(second.served().borrow().len(), 0, "one partition has one owner");
    assert!(matches!(ask(&jars_too, 2, put(1)).await, Err(ExecuteError::Elsewhere(at)) if at == KITCHEN));

    announcer.leaving();
    until("nobody asks who is leaving", || two.services().urls("jars") == ["http://two"]).await;
    let begun = Instant::now();
    first.stop().await;
    announcer.withdraw().await;
    until("the other serves", || second.served().borrow().len() == 1).await;
    let took = begun.elapsed();
    eprintln!("handed over in {} ms", took.as_millis());
    // Until the other says so; nobody waits that long for an answer, as the next test has it.
    assert!(took < Duration::from_secs(2), "{took:?}");
    until("everybody knows", || url_of_owner(&two).as_deref() == Some("http://two")).await;
    assert_eq!(two.services().all().len(), 1, "the announcement was taken back");
    assert!(insist(&jars_too, 1, put(1)).await.repeat, "it is the same jar");

    second.stop().await;
    announcer_too.withdraw().await;
}

/// As without a key: who is told that his command was certainly not carried out asks for another, and so it would count
/// twice if it had been.
async fn count_up(jars: [Commands<Jar>; 2], first_id: u128, over: Arc<AtomicBool>) -> (u32, Duration) {
    let (mut done, mut longest, mut id) = (0, Duration::ZERO, first_id);
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        for jars in jars.iter().cycle() {
            id += 1;
            match ask(jars, id, put(1)).await {
                Ok(_) => break,
                Err(ExecuteError::Elsewhere(_)) => tokio::time::sleep(Duration::from_millis(2)).await,
                Err(other) => panic!("{other:?}"),
            }
        }
        (done, longest) = (done + 1, longest.max(begun.elapsed()));
    }
    (done, longest)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_moves_is_served_all_the_time_and_each_command_counts_once() {
    let broker = crate::setting::Broker::alone().await;
    let one = broker.instance(broker.config(), "one").await;
    let two = broker.instance(broker.config(), "two").await;
    let (first, jars) = start::<NoReactions>(&one).await;
    let _announcer = one.announce("jars", first.served());
    until("the first serves", || first.ready()).await;
    let (second, jars_too) = start::<NoReactions>(&two).await;
    let announcer_too = two.announce("jars", second.served());
    announcer_too.ready();
    until("the second is ready, with nothing to serve", || second.ready()).await;
    until("the first knows", || one.services().urls("jars").len() == 1).await;

    let over = Arc::new(AtomicBool::new(false));
    let counting =
        (0..8u128).map(|each| tokio::spawn(count_up([jars.clone(), jars_too.clone()], (each + 1) << 32, over.clone())));
    let counting: Vec<_> = counting.collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    first.stop().await;
    until("the other serves", || second.served().borrow().len() == 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    over.store(true, Ordering::Relaxed);
    let (mut done, mut longest) = (0, Duration::ZERO);
    for counted in counting {
        let (here, slowest) = counted.await.unwrap();
        (done, longest) = (done + here, longest.max(slowest));
    }
    eprintln!("{done} commands, the slowest took {} ms", longest.as_millis());
    assert_eq!(insist(&jars_too, 1, put(1)).await.answer, done + 1);
    // Leaving the group and claiming takes longer than that; nobody waited for it.
    assert!(longest < Duration::from_millis(400), "{longest:?}");
    second.stop().await;
}
