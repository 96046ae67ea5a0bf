//! Suspecting an owner that lives, on a real broker: it costs two claims, once, and nothing that was asked.

use crate::setting::{Broker, PATIENCE, insist, put, start, until};
use std::time::Duration;
use tillroll_log::{NoReactions, Node, Offset, Place, Suspicion};

const KITCHEN: Place = Place { topic: "jar.events.v1", partition: tillroll_log::PartitionId(0) };

fn suspect(node: &Node, instance: &str) {
    let (topic, instance) = (KITCHEN.topic.to_owned(), instance.to_owned());
    node.suspect(Suspicion { topic, partition: KITCHEN.partition, instance });
}

/// Who has claimed the partition, in order; a claim that lost is one too.
async fn claims(node: &Node) -> Vec<String> {
    let ends = node.admin().end_offsets(&KITCHEN.topic.into(), &[KITCHEN.partition]).await.unwrap();
    let mut claims = Vec::new();
    for offset in 0..ends[0].2.0 {
        let record = node.admin().read_at(&KITCHEN.topic.into(), KITCHEN.partition, Offset(offset)).await.unwrap();
        let record = record.unwrap();
        if record.headers.get_str("ce_type") == Some("log.claim.v1") {
            let claim: tillroll_log::serde_json::Value =
                tillroll_log::serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
            claims.push(claim["instance"].as_str().unwrap().to_owned());
        }
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_owner_that_is_suspected_writes_on_and_nothing_is_lost_doubled_or_fought_over() {
    let broker = Broker::start().await;
    let one = broker.instance(broker.config(), "one").await;
    let two = broker.instance(broker.config(), "two").await;
    let (first, jars) = start::<NoReactions>(&one).await;
    let announcer = one.announce("jars", first.served());
    until("the first serves", || first.ready() && first.served().borrow().len() == 1).await;
    let (second, jars_too) = start::<NoReactions>(&two).await;
    let announcer_too = two.announce("jars", second.served());
    until("the second is a member, with nothing to serve", || second.ready()).await;
    until("the second knows the first", || two.services().owner(KITCHEN).is_some()).await;
    insist(&jars, 0, put(1)).await;

    suspect(&two, "somebody else");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(claims(&one).await, ["one"], "whoever is not announced cannot be gone");

    suspect(&two, "one");
    let mut answered = Vec::new();
    for id in 1..=300 {
        // Each at one of them, under its id until it is answered.
        let asked = tokio::select! {
            answered = insist(&jars, id, put(1)) => answered,
            answered = insist(&jars_too, id, put(1)) => answered,
        };
        answered.push(asked.answer);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The first takes it back after a while, which it draws.
    let taken_back = async {
        while claims(&one).await.len() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, taken_back).await.is_ok(), "never: the first takes it back");
    assert_eq!(claims(&one).await, ["one", "two", "one"], "the second claims once, the first takes it back");
    let sweets = insist(&jars, 1_000, put(1)).await.answer;
    assert_eq!(sweets, 302, "every command was carried out, once");
    assert_eq!(answered.last(), Some(&301));

    for _ in 0..20 {
        suspect(&two, "one");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(claims(&one).await.len(), 3, "whoever was suspected falsely is not suspected again");
    until("both are ready", || first.ready() && second.ready()).await;
    assert_eq!((first.served().borrow().len(), second.served().borrow().len()), (1, 0));

    second.stop().await;
    first.stop().await;
    announcer.withdraw().await;
    announcer_too.withdraw().await;
}
