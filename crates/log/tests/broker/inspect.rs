//! A look from outside: whose claim a partition stands under, what is void since then, and what has not ended.

use crate::jar::Jar;
use crate::setting::{Broker, insist, put, start, until};
use tillroll_kafka::{NewRecord, PartitionId, Producer};
use tillroll_log::{Aggregate, NoReactions, Node, Standing};

const GROUP: &str = "tillroll.jars";

async fn standing(node: &Node) -> Standing {
    node.standings(&Jar::TOPICS, GROUP).await.unwrap().remove(0)
}

/// A record that nobody who keeps to the protocol would write.
async fn stray(broker: &Broker, topic: &str) {
    let record = NewRecord {
        topic: topic.into(),
        partition: PartitionId(0),
        key: None,
        headers: Vec::new(),
        value: Some("{}".into()),
    };
    let (stored, is_stored) = tokio::sync::oneshot::channel();
    let producer = Producer::start(&broker.config()).unwrap();
    let delivered = Box::new(move |outcome: Result<_, _>| _ = stored.send(outcome.is_ok()));
    assert!(producer.send(record, delivered).is_ok());
    assert!(is_stored.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_from_outside_tells_the_claim_the_void_records_and_what_has_not_ended() {
    let broker = Broker::start().await;
    let node = broker.instance(broker.config(), "first").await;
    let before = standing(&node).await;
    assert!(before.claim.is_none() && before.obstacle.is_none(), "{before:?}");

    for (name, puts) in [("first", 1_500_u128), ("second", 3)] {
        let node = broker.instance(broker.config(), name).await;
        let (role, jars) = start::<NoReactions>(&node).await;
        until("the role serves", || role.ready()).await;
        for id in 0..puts {
            insist(&jars, puts * 10_000 + id, put(1)).await;
        }
        role.stop().await;
        let stands = standing(&node).await;
        let claim = stands.claim.as_ref().unwrap();
        assert_eq!(claim.claim.instance, name, "found however far back it stands: {stands:?}");
        assert_eq!((stands.void, stands.reactor_lag, stands.inbox_lag), (0, 0, 0), "{stands:?}");
        assert!(stands.obstacle.is_none(), "{stands:?}");
    }

    for nth in 1..=2 {
        stray(&broker, Jar::TOPICS.events).await;
        let stands = standing(&node).await;
        assert_eq!((stands.void, stands.reactor_lag, stands.inbox_lag), (nth, nth as i64, 0), "{stands:?}");
        assert_eq!(stands.claim.unwrap().claim.instance, "second");
    }
    stray(&broker, Jar::TOPICS.commands).await;
    assert_eq!(standing(&node).await.inbox_lag, 1);

    broker.delete_topic(Jar::TOPICS.commands).await;
    node.create_topics(&[Jar::TOPICS], 1).await.unwrap();
    let obstacle = standing(&node).await.obstacle.unwrap().to_string();
    assert!(obstacle.contains("it was made again"), "{obstacle}");
}
