//! Rule 8 on a real broker: a restart reads what is new and nothing else, knows what it knew, and reacts to what its
//! reactor had not got to. Whatever is wrong with the store costs a fold.

use crate::jar::{Jar, JarCommand, JarEvent, Take};
use crate::setting::{Broker, Outcome, ask, insist, put, start_as, until};
use std::path::Path;
use tempfile::TempDir;
use tillroll_log::{
    Aggregate, Cause, Commands, ExecuteError, NoReactions, Node, Outgoing, PartitionId, Place, Reactions, RunningRole,
    SettledAs, StateConfig, Suspicion, serde_json,
};

const PUTS: u32 = 200;

fn state(directory: &Path) -> Option<StateConfig> {
    Some(StateConfig { directory: directory.to_owned(), cache: 1 })
}

async fn serving<R: Reactions<Jar>>(node: &Node, name: &'static str) -> (RunningRole, Commands<Jar>) {
    let (role, jars) = start_as::<R>(node, name).await;
    until("the role serves", || role.ready() || role.alarm().is_some()).await;
    assert_eq!(role.alarm(), None);
    (role, jars)
}

async fn fill(jars: &Commands<Jar>) {
    for id in 0..PUTS {
        assert!(!insist(jars, id.into(), put(1)).await.repeat);
    }
}

/// Whoever takes the place knows what his predecessor knew.
async fn knows_everything(jars: &Commands<Jar>) {
    let repeat = insist(jars, 7, put(1)).await;
    assert_eq!((repeat.repeat, repeat.answer), (true, PUTS));
    let too_many: Outcome = ask(jars, 100_000, JarCommand::from(Take { sweets: PUTS + 1 })).await;
    assert!(matches!(too_many, Err(ExecuteError::Rejected(_))));
    let other: Outcome = ask(jars, 7, put(2)).await;
    assert!(matches!(other, Err(ExecuteError::KeyReused)), "the same key with another body");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_8_a_restart_reads_only_what_is_new_and_a_deleted_store_costs_a_fold() {
    let (broker, directory) = (Broker::start().await, TempDir::new().unwrap());
    let node = broker.node_keeping(broker.config(), state(directory.path())).await;
    let (role, jars) = serving::<NoReactions>(&node, "jars").await;
    fill(&jars).await;
    role.stop().await;

    let (role, jars) = serving::<NoReactions>(&node, "jars").await;
    assert!(role.records_read() <= 3, "{} records: the last one, and its own claim", role.records_read());
    knows_everything(&jars).await;
    role.stop().await;

    let elsewhere = TempDir::new().unwrap();
    let node = broker.node_keeping(broker.config(), state(elsewhere.path())).await;
    let (role, jars) = serving::<NoReactions>(&node, "jars").await;
    assert!(role.records_read() > u64::from(PUTS), "{} records", role.records_read());
    knows_everything(&jars).await;
    role.stop().await;
}

/// Each jar that is filled fills another one, by topic.
struct Filling;

impl Reactions<Jar> for Filling {
    const NAME: &'static str = "filling";

    fn on_event(cause: &Cause, event: &JarEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        match event {
            JarEvent::Put(filled) if &*cause.key == "kitchen" => {
                Ok(vec![Outgoing::new(Jar::TOPICS, "cellar", "fill", &JarCommand::from(filled.clone()))?])
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

#[tokio::test(flavor = "multi_thread")]
async fn rule_8_a_reactor_that_is_behind_the_store_reacts_to_all_that_it_missed_once() {
    let (broker, directory) = (Broker::start().await, TempDir::new().unwrap());
    let node = broker.node_keeping(broker.config(), state(directory.path())).await;
    let (role, jars) = serving::<NoReactions>(&node, "jars").await;
    fill(&jars).await;
    role.stop().await;
    let cellar = node.replica::<Jar>().await.unwrap();
    let sweets = || cellar.with("cellar", |_, jar| jar.sweets);

    // Another group has committed nothing: this reactor is at the beginning, its store at the end.
    let (role, jars) = serving::<Filling>(&node, "other-jars").await;
    until("the cellar is filled", || sweets() == Some(PUTS)).await;
    knows_everything(&jars).await;
    role.stop().await;

    // And once more from the beginning: the same commands, so nothing happens twice.
    let (role, jars) = serving::<Filling>(&node, "third-jars").await;
    assert!(role.records_read() > u64::from(PUTS));
    insist(&jars, 500, put(1)).await;
    until("the newest is in the cellar", || sweets() == Some(PUTS + 1)).await;
    role.stop().await;
}

/// The same by a build that fails on what is filled with two at once.
struct Failing;

impl Reactions<Jar> for Failing {
    const NAME: &'static str = Filling::NAME;

    fn on_event(cause: &Cause, event: &JarEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        assert!(!matches!(event, JarEvent::Put(put) if put.sweets == 2), "a bad deploy");
        Filling::on_event(cause, event)
    }

    fn on_settled(
        cause: &Cause,
        command: Option<&JarCommand>,
        settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error> {
        Filling::on_settled(cause, command, settled)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_8_a_reactor_that_fails_while_it_catches_up_stays_in_front_of_the_record() {
    let (broker, directory) = (Broker::start().await, TempDir::new().unwrap());
    let node = broker.node_keeping(broker.config(), state(directory.path())).await;
    let (role, jars) = serving::<NoReactions>(&node, "jars").await;
    for (id, sweets) in [(0, 1), (1, 1), (2, 2), (3, 1), (4, 1)] {
        insist(&jars, id, put(sweets)).await;
    }
    role.stop().await;

    let (role, _) = start_as::<Failing>(&node, "other-jars").await;
    until("it fails", || role.alarm().is_some()).await;
    // A reactor's position is committed every 200 ms.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    role.stop().await;

    let cellar = node.replica::<Jar>().await.unwrap();
    let (role, _) = serving::<Filling>(&node, "other-jars").await;
    until("nothing is left out", || cellar.with("cellar", |_, jar| jar.sweets) == Some(6)).await;
    role.stop().await;
}

/// A node whose store holds a log that is there no more: its topics were made again.
async fn left_behind(broker: &Broker, kept: &Path, name: &str) -> Node {
    let node = broker.instance_keeping(broker.config(), name, state(kept)).await;
    let (role, jars) = serving::<NoReactions>(&node, "jars").await;
    fill(&jars).await;
    role.stop().await;
    let closed = node.closed();
    drop((jars, node));
    closed.await;
    // Kafka forgets the reactor's position with the topic: only the store remembers.
    for topic in [Jar::TOPICS.events, Jar::TOPICS.commands] {
        broker.delete_topic(topic).await;
    }
    broker.instance_keeping(broker.config(), name, state(kept)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_8_another_log_than_was_served_is_not_served_until_the_store_is_deleted() {
    let (broker, directory) = (Broker::start().await, TempDir::new().unwrap());
    let kept = directory.path().join("state");
    let mut node = left_behind(&broker, &kept, "test").await;
    assert!(!directory.path().join("state-2").exists(), "it finds what was kept");
    // However often it is tried.
    for _ in 0..2 {
        let (role, jars) = start_as::<NoReactions>(&node, "jars").await;
        until("it is refused", || role.alarm().is_some()).await;
        let alarm = role.alarm().unwrap_or_default();
        for part in ["jar.events.v1/0", "made again", "delete", "state"] {
            assert!(alarm.contains(part), "{part:?} is not in: {alarm}");
        }
        assert_eq!(role.watch().trouble(), Some(alarm), "and whoever asks for its health is told");
        let refused = ask(&jars, 7, put(1)).await;
        assert!(matches!(refused, Err(ExecuteError::Elsewhere(_))), "nothing was carried out");
        role.stop().await;
        let closed = node.closed();
        drop((jars, node));
        closed.await;
        node = broker.node_keeping(broker.config(), state(&kept)).await;
    }
    let closed = node.closed();
    drop(node);
    closed.await;
    std::fs::remove_dir_all(&kept).unwrap();
    let node = broker.node_keeping(broker.config(), state(&kept)).await;
    let (role, jars) = serving::<NoReactions>(&node, "jars").await;
    let first = insist(&jars, 7, put(1)).await;
    assert_eq!((first.repeat, first.answer), (false, 1), "nothing of the other log is left");
    role.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_claims_on_suspicion_and_must_not_serve_ends() {
    let (broker, directory) = (Broker::start().await, TempDir::new().unwrap());
    let two = left_behind(&broker, directory.path(), "two").await;
    let one = broker.instance(broker.config(), "one").await;
    let (first, jars) = serving::<NoReactions>(&one, "jars").await;
    let announcer = one.announce("jars", first.served());
    insist(&jars, 1, put(1)).await;
    let (second, _) = start_as::<NoReactions>(&two, "jars").await;
    until("the second is a member, with nothing to serve", || second.ready()).await;
    let kitchen = Place { topic: Jar::TOPICS.events, partition: PartitionId(0) };
    until("the second knows the first", || two.services().owner(kitchen).is_some()).await;

    let (topic, partition, instance) = (kitchen.topic.to_owned(), kitchen.partition, "one".to_owned());
    two.suspect(Suspicion { topic, partition, instance });
    until("it tries to", || !second.ready()).await;
    until("it ends, and is as ready as before", || second.ready()).await;
    assert_eq!(second.alarm(), None);
    assert_eq!(insist(&jars, 2, put(1)).await.answer, 2, "the first serves");
    second.stop().await;
    first.stop().await;
    announcer.withdraw().await;
}
