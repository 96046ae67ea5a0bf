//! A topic that was deleted and made again is another topic: the role refuses to serve, and says which one it is.

use crate::jar::{Jar, JarCommand, JarEvent};
use crate::setting::{Broker, insist, put, start, start_as, until};
use tillroll_kafka::{Group, GroupSignal};
use tillroll_log::{
    Aggregate, Cause, NoReactions, Node, Offset, Outgoing, PartitionId, Reactions, SettledAs, serde_json,
};

/// Each jar that is filled fills another one, by topic: so the log has an inbox.
struct Filling;

impl Reactions<Jar> for Filling {
    const NAME: &'static str = "filling";

    fn on_event(cause: &Cause, event: &JarEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        match event {
            JarEvent::Put(filled) if &*cause.key == "kitchen" => {
                let command = JarCommand::from(filled.clone());
                Ok(vec![Outgoing::new(Jar::TOPICS, "cellar", "fill", &command)?])
            }
            JarEvent::Put(_) | JarEvent::Taken(_) | JarEvent::Looked(_) | JarEvent::Cracked(_) => Ok(Vec::new()),
        }
    }

    fn on_settled(
        _cause: &Cause,
        _command: Option<&JarCommand>,
        _settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error> {
        Ok(Vec::new())
    }
}

async fn end(node: &Node, topic: &str) -> Offset {
    node.admin().end_offsets(&topic.into(), &[PartitionId(0)]).await.unwrap()[0].2
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commands_topic_that_was_made_again_is_refused_and_named() {
    let broker = Broker::start().await;
    let node = broker.node(broker.config()).await;
    let (role, jars) = start::<Filling>(&node).await;
    until("the role serves", || role.ready()).await;
    insist(&jars, 1, put(3)).await;
    // The reaction's command has ended, so an inbox is in the log.
    let replica = node.replica::<Jar>().await.unwrap();
    until("the cellar is filled", || replica.with("cellar", |_, jar| jar.sweets) == Some(3)).await;
    role.stop().await;
    let (events, before) = (Jar::TOPICS.events, end(&node, Jar::TOPICS.events).await);

    broker.delete_topic(Jar::TOPICS.commands).await;
    let node = broker.node(broker.config()).await;
    let (role, _jars) = start::<Filling>(&node).await;
    until("the role says why it does not serve", || role.alarm().is_some()).await;
    let alarm = role.alarm().unwrap_or_default();
    for part in ["jar.events.v1/0", "its inbox is of topic jar.commands.v1", "it was made again", "restore it"] {
        assert!(alarm.contains(part), "{part:?} is not in: {alarm}");
    }
    assert!(!role.ready());
    assert_eq!(end(&node, events).await, before, "not even a claim was written");
    role.stop().await;
}

/// The jars' log with one event, deleted and made again; the reactor's position is stored as it was. The node is one
/// that remembers nothing of the log that was (`restarts.rs` has those that do).
async fn events_made_again(broker: &Broker) -> Node {
    let node = broker.node(broker.config()).await;
    let (role, jars) = start::<NoReactions>(&node).await;
    until("the role serves", || role.ready()).await;
    insist(&jars, 1, put(3)).await;
    role.stop().await;
    let (events, zero) = (Jar::TOPICS.events, PartitionId(0));
    let (group, mut signals) = Group::join(&broker.config(), "tillroll.jars", &[Jar::TOPICS.commands.into()]).unwrap();
    assert!(matches!(signals.recv().await, Some(GroupSignal::Assigned(_))), "only members may commit");
    let stored = group.committed(vec![(events.into(), zero)]).await.unwrap()[0].clone();
    let (next, metadata) = stored.expect("the position was committed when the role stopped");
    assert_eq!(next, Offset(2), "the claim and the event");
    let closed = node.closed();
    drop((jars, node));
    closed.await;
    broker.delete_topic(events).await;
    let node = broker.node(broker.config()).await;
    // Kafka forgets a group's positions with the topic; a topic that is restored in part has them.
    group.commit(vec![(events.into(), zero, next, metadata)]).await.unwrap();
    group.leave().await;
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn an_events_topic_that_was_made_again_under_a_stored_position_is_refused_and_named() {
    let broker = Broker::start().await;
    let node = events_made_again(&broker).await;
    let (role, _jars) = start::<NoReactions>(&node).await;
    until("the role says why it does not serve", || role.alarm().is_some()).await;
    let alarm = role.alarm().unwrap_or_default();
    for part in ["jar.events.v1/0", "read to offset 2", "ends at 0", "truncated or made again", "restore it"] {
        assert!(alarm.contains(part), "{part:?} is not in: {alarm}");
    }
    assert_eq!(end(&node, Jar::TOPICS.events).await, Offset(0), "not even a claim was written");
    role.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_events_topic_that_was_made_again_and_written_on_is_refused_and_named() {
    let broker = Broker::start().await;
    let node = events_made_again(&broker).await;
    let (other, jars) = start_as::<NoReactions>(&node, "others").await;
    until("the role without a position serves", || other.ready()).await;
    for id in 1..4 {
        insist(&jars, id, put(3)).await;
    }
    other.stop().await;
    let before = end(&node, Jar::TOPICS.events).await;
    assert!(before > Offset(2), "beyond the position");
    let (role, _jars) = start::<NoReactions>(&node).await;
    until("the role says why it does not serve", || role.alarm().is_some()).await;
    let alarm = role.alarm().unwrap_or_default();
    for part in ["jar.events.v1/0", "does not meet its record", "at offset 1", "made again", "restore it"] {
        assert!(alarm.contains(part), "{part:?} is not in: {alarm}");
    }
    assert_eq!(end(&node, Jar::TOPICS.events).await, before, "not even a claim was written");
    role.stop().await;
}
