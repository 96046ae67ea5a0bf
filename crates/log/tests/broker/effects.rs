//! Effects on a real broker: at least once, in order within a key, and nobody waits for a key that is slow.

use crate::jar::{Jar, JarCommand, JarEvent};
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
            courier.seen.lock().unwrap().push((key.to_string(), filled.sweets));
            while courier.silent.lock().unwrap().contains(&*key) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(vec![Outgoing::new(Jar::TOPICS, "cellar", "deliver", &JarCommand::from(filled))?])
        }))
    }
}

async fn start(node: &Node, courier: &Courier) -> (RunningRole, Commands<Jar>) {
    let mut role = node.role("jars");
    let jars = role.own_with::<Jar, NoReactions>(courier.clone());
    let role = role.start().await.unwrap();
    until("the role serves", || role.ready()).await;
    (role, jars)
}

async fn fill(jars: &Commands<Jar>, key: &str, sweets: u32) {
    let id = CommandId(Uuid::new_v5(&Uuid::nil(), format!("{key}/{sweets}").as_bytes()));
    let (command, hash) = (JarCommand::from(put(sweets)), CommandHash::keyed(b"a secret", key.as_bytes()));
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
    let of = |key: &str| -> Vec<u32> {
        courier.seen.lock().unwrap().iter().filter(|(of, _)| of == key).map(|(_, sweets)| *sweets).collect()
    };
    assert_eq!(of("quick"), [8, 16], "in order");
    assert_eq!(of("slow"), [1], "the next of a jar waits for the one before");
    role.stop().await;

    // Nothing is known of the slow one: the next owner begins in front of it.
    courier.silent.lock().unwrap().clear();
    let (role, jars) = start(&node, &courier).await;
    until("everything is delivered", || sweets() == 31).await;
    until("the slow one in order, its first once more", || of("slow") == [1, 1, 2, 4]).await;
    assert_eq!(of("quick"), [8, 16, 8, 16], "what came behind it is done again too, and counts once");
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
