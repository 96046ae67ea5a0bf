//! Effects on a real broker: at least once, in order within a key, and nobody waits for a key that is slow.

use crate::jar::{Jar, JarCommand, JarEvent, JarState, Look, Put};
use crate::setting::{Broker, ask, put, until};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tillroll_log::{
    Aggregate, Cause, CommandHash, CommandId, Commands, EffectFuture, Effects, NoReactions, Node, Outgoing, Request,
    RunningRole,
};
use uuid::Uuid;

/// What was asked of the outside world: key and pieces.
type Seen = Arc<Mutex<Vec<(String, u32)>>>;

/// Each jar that is filled fills the cellar, by way of an outside world that answers or does not.
#[derive(Clone, Default)]
struct Courier {
    seen: Seen,
    /// Jars of which nobody ever says what came of it, as long as they stand here.
    silent: Arc<Mutex<HashSet<&'static str>>>,
}

impl Effects<Jar> for Courier {
    fn on_event(&self, cause: &Cause, event: &JarEvent) -> Option<EffectFuture> {
        let JarEvent::Put(filled) = event else { return None };
        if &*cause.key == "cellar" {
            return None;
        }
        let (courier, key, filled) = (self.clone(), cause.key.clone(), filled.clone());
        Some(Box::pin(async move {
            assert_ne!(filled.sweets, 13, "an effect that panics");
            courier.asked(&key, filled.sweets).await;
            Ok(vec![Outgoing::new(Jar::TOPICS, "cellar", "deliver", &JarCommand::from(filled))?])
        }))
    }

    /// The jar does not know what is in the cellar.
    fn wanted(&self, _: &JarState, _: &JarEvent) -> bool {
        true
    }
}

impl Courier {
    async fn asked(&self, key: &str, sweets: u32) {
        self.seen.lock().unwrap().push((key.to_owned(), sweets));
        while self.silent.lock().unwrap().contains(key) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn of(&self, key: &str) -> Vec<u32> {
        self.seen.lock().unwrap().iter().filter(|(of, _)| of == key).map(|(_, sweets)| *sweets).collect()
    }
}

/// A jar that has to be looked at is, and knows it then.
#[derive(Clone, Default)]
struct Looking(Courier);

impl Effects<Jar> for Looking {
    fn on_event(&self, cause: &Cause, event: &JarEvent) -> Option<EffectFuture> {
        let JarEvent::Put(Put { sweets, look_by: Some(_) }) = *event else { return None };
        let (courier, key) = (self.0.clone(), cause.key.clone());
        Some(Box::pin(async move {
            courier.asked(&key, sweets).await;
            Ok(vec![Outgoing::new(Jar::TOPICS, &*key, "look", &JarCommand::from(Look {}))?])
        }))
    }

    fn wanted(&self, state: &JarState, _: &JarEvent) -> bool {
        state.look_by.is_some()
    }
}

async fn start(node: &Node, effects: &(impl Effects<Jar> + Clone)) -> (RunningRole, Commands<Jar>) {
    let mut role = node.role("jars");
    let jars = role.own_with::<Jar, NoReactions>(effects.clone());
    let role = role.start().await.unwrap();
    until("the role serves", || role.ready()).await;
    (role, jars)
}

async fn fill(jars: &Commands<Jar>, key: &str, sweets: u32) {
    order(jars, key, put(sweets)).await;
}

/// To be looked at, by a time that never comes.
async fn fill_to_be_looked_at(jars: &Commands<Jar>, key: &str, sweets: u32) {
    let look_by = Some(chrono::DateTime::from_timestamp(9_000_000_000, 0).unwrap());
    order(jars, key, Put { sweets, look_by }).await;
}

async fn order(jars: &Commands<Jar>, key: &str, put: Put) {
    let id = CommandId(Uuid::new_v5(&Uuid::nil(), format!("{key}/{}", put.sweets).as_bytes()));
    let (command, hash) = (JarCommand::from(put), CommandHash::keyed(b"a secret", key.as_bytes()));
    let (key, actor, correlation) = (key.into(), "test".into(), id.0);
    let request = Request { key, command, id, hash, expected: None, actor, correlation, traceparent: None };
    jars.execute(request, Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_is_done_again_after_a_restart_and_what_records_it_counts_once() {
    let broker = Broker::start().await;
    let node = broker.node(broker.config()).await;
    let courier = Courier::default();
    let cellar = node.replica::<Jar>().await.unwrap();
    let sweets = || cellar.with("cellar", |_, jar| jar.sweets).unwrap_or_default();

    let (role, jars) = start(&node, &courier).await;
    courier.silent.lock().unwrap().insert("slow");
    for sweets in [1, 2, 4] {
        fill(&jars, "slow", sweets).await;
    }
    for sweets in [8, 13, 16] {
        fill(&jars, "quick", sweets).await;
    }
    until("the quick one is delivered, but for what panicked", || sweets() == 24).await;
    let of = |key: &str| courier.of(key);
    assert_eq!(of("quick"), [8, 16], "in order");
    assert_eq!(of("slow"), [1], "the next of a jar waits for the one before");
    role.stop().await;

    // Nothing is known of the slow one: the next owner begins in front of it.
    courier.silent.lock().unwrap().clear();
    let (role, jars) = start(&node, &courier).await;
    until("everything is delivered", || sweets() == 31).await;
    until("the slow one in order, its first once more", || of("slow") == [1, 1, 2, 4]).await;
    assert_eq!(of("quick"), [8, 16, 8, 16], "what came behind it is done again too if it is wanted, and counts once");
    ask(&jars, 1, put(1)).await.unwrap();
    until("what is new is delivered", || sweets() == 32).await;
    role.stop().await;

    // All of it is done with now.
    let before = courier.seen.lock().unwrap().len();
    let (role, _) = start(&node, &courier).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(courier.seen.lock().unwrap().len(), before, "nothing is done a third time");
    assert_eq!(sweets(), 32);
    role.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_not_done_again_whatever_lies_before_it() {
    let broker = Broker::start().await;
    let node = broker.node(broker.config()).await;
    let looking = Looking::default();
    let (of, silence) = (|key: &str| looking.0.of(key), |key| looking.0.silent.lock().unwrap().insert(key));
    let jar = node.replica::<Jar>().await.unwrap();
    let looked_at = |key: &str| jar.with(key, |_, jar| jar.look_by.is_none()).unwrap_or_default();

    let (role, jars) = start(&node, &looking).await;
    silence("slow");
    fill_to_be_looked_at(&jars, "slow", 1).await;
    fill_to_be_looked_at(&jars, "slow", 2).await;
    fill_to_be_looked_at(&jars, "quick", 3).await;
    until("the quick one is looked at", || looked_at("quick")).await;
    role.stop().await;

    // The reactor's position lies in front of the slow one.
    let (role, jars) = start(&node, &looking).await;
    until("the slow one is asked for again", || of("slow") == [1, 1]).await;
    assert_eq!(of("quick"), [3], "its outcome stands in the log");
    looking.0.silent.lock().unwrap().clear();
    until("the slow one is looked at", || looked_at("slow")).await;
    fill_to_be_looked_at(&jars, "slow", 4).await;
    until("what is new is done", || of("slow").contains(&4)).await;
    assert_eq!(of("slow"), [1, 1, 4], "nobody waited for the second any more");
    role.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_an_orderly_end_is_recorded_and_not_done_again() {
    let broker = Broker::start().await;
    let node = broker.node(broker.config()).await;
    let looking = Looking::default();
    let jar = node.replica::<Jar>().await.unwrap();

    let (role, jars) = start(&node, &looking).await;
    looking.0.silent.lock().unwrap().insert("slow");
    fill_to_be_looked_at(&jars, "slow", 1).await;
    until("it is under way", || looking.0.of("slow") == [1]).await;
    let answers = looking.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        answers.0.silent.lock().unwrap().clear();
    });
    role.stop().await;

    let (role, jars) = start(&node, &looking).await;
    until("it is looked at", || jar.with("slow", |_, jar| jar.look_by.is_none()).unwrap_or_default()).await;
    fill_to_be_looked_at(&jars, "slow", 2).await;
    until("what is new is done", || looking.0.of("slow").contains(&2)).await;
    assert_eq!(looking.0.of("slow"), [1, 2]);
    role.stop().await;
}
