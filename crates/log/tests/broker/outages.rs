//! Rule 6 on a real broker: a broker or a producer that fails costs answers, never a command and never the role.

use crate::jar::Jar;
use crate::setting::{Broker, PATIENCE, ask, ask_within, insist, put, start, until};
use std::time::{Duration, Instant};
use tillroll_log::record::claim_of;
use tillroll_log::{Aggregate, ExecuteError, NoReactions, Node, Offset, PartitionId};

#[tokio::test(flavor = "multi_thread")]
async fn rule_6_a_fatal_producer_error_ends_in_a_new_producer_and_a_new_claim() {
    let broker = Broker::start().await;
    let node = broker.node(broker.config()).await;
    let (role, jars) = start::<NoReactions>(&node).await;
    until("the role serves", || role.ready()).await;
    let mut sweets = insist(&jars, 1, put(1)).await.answer;
    assert_eq!(claims(&node).await, 1);
    for failure in 1..=3 {
        node.fail_producer();
        let asking: Vec<_> = (0..20)
            .map(|n| {
                let jars = jars.clone();
                tokio::task::spawn(async move { ask_within(&jars, failure * 100 + n, put(1), PATIENCE).await })
            })
            .collect();
        for asked in asking {
            let answered = asked.await.unwrap().unwrap_or_else(|error| panic!("{error:?}"));
            assert!(!answered.repeat, "decided again under the new claim");
            sweets += 1;
        }
        assert!(claims(&node).await > failure as usize, "what was in flight is in doubt until a new claim is there");
    }
    let repeat = insist(&jars, 100, put(1)).await;
    assert_eq!((repeat.repeat, repeat.answer, sweets), (true, 61, 61), "each once");
    assert!(role.ready() && role.alarm().is_none());
    role.stop().await;
}

/// How many claims stand in the log.
async fn claims(node: &Node) -> usize {
    let (events, zero) = (Jar::TOPICS.events.into(), PartitionId(0));
    let end = node.admin().end_offsets(&events, &[zero]).await.unwrap()[0].2;
    let mut claims = 0;
    for offset in 0..end.0 {
        let record = node.admin().read_at(&events, zero, Offset(offset)).await.unwrap();
        claims += usize::from(record.is_some_and(|record| claim_of(&record).is_some()));
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_6_records_that_are_given_up_are_decided_again_when_the_broker_is_back() {
    let broker = Broker::start().await;
    // The membership outlives the outage: the same owner goes on.
    let config = broker.config().set("session.timeout.ms", "60000").set("message.timeout.ms", "1000");
    let node = broker.node(config).await;
    let (role, jars) = start::<NoReactions>(&node).await;
    until("the role serves", || role.ready()).await;
    insist(&jars, 1, put(1)).await;

    let kafka = broker.stack.kafka().unwrap();
    kafka.kill().await.unwrap();
    let asking = {
        let jars = jars.clone();
        tokio::task::spawn(async move { ask_within(&jars, 2, put(10), PATIENCE).await })
    };
    until("the claim is given up", || !role.ready()).await;
    kafka.start_again().await.unwrap();

    let answered = asking.await.unwrap().unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!((answered.repeat, answered.answer), (false, 11), "decided again under the new claim");
    let repeat = insist(&jars, 2, put(10)).await;
    assert_eq!((repeat.repeat, repeat.answer), (true, 11), "carried out once");
    assert!(role.ready() && role.alarm().is_none());
    role.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_6_a_role_that_stops_while_the_broker_is_away_does_not_wait_for_its_records() {
    let broker = Broker::start().await;
    // Its records stay under way for longer than anybody would wait.
    let node = broker.node(broker.config().set("message.timeout.ms", "600000")).await;
    let (role, jars) = start::<NoReactions>(&node).await;
    until("the role serves", || role.ready()).await;
    broker.stack.kafka().unwrap().kill().await.unwrap();
    let unanswered = ask_within(&jars, 1, put(1), Duration::from_secs(1)).await;
    assert!(matches!(unanswered, Err(ExecuteError::Unavailable)), "its record is under way, and stays so");
    let asking = {
        let jars = jars.clone();
        tokio::task::spawn(async move { ask_within(&jars, 2, put(1), PATIENCE).await })
    };
    // It is with the owner before the role stops.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    let stopped = tokio::time::timeout(PATIENCE, role.stop()).await;
    assert!(stopped.is_ok() && begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(matches!(asking.await.unwrap(), Err(ExecuteError::LetGo(_))), "it may have been carried out");
    assert!(matches!(ask(&jars, 3, put(1)).await, Err(ExecuteError::Elsewhere(_))), "nobody owns it here any more");
}
