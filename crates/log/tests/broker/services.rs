//! Instances of one role that know of each other: who is there, who serves what, and how it moves.

use crate::setting::{ask, insist, put, start, until};
use std::time::{Duration, Instant};
use tillroll_log::{ExecuteError, NoReactions, Node, Place};

const KITCHEN: Place = Place { topic: "jar.events.v1", partition: tillroll_log::PartitionId(0) };

fn url_of_owner(node: &Node) -> Option<String> {
    node.services().owner(KITCHEN).map(|owner| owner.url)
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_find_each_other_and_a_planned_stop_hands_over_within_a_second() {
    let broker = crate::setting::Broker::start().await;
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
    assert!(took < Duration::from_secs(3), "{took:?}");
    until("everybody knows", || url_of_owner(&two).as_deref() == Some("http://two")).await;
    assert_eq!(two.services().all().len(), 1, "the announcement was taken back");
    assert!(insist(&jars_too, 1, put(1)).await.repeat, "it is the same jar");

    second.stop().await;
    announcer_too.withdraw().await;
}
