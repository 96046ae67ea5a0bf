//! What panics in an aggregate's code fails the request that met it; a reaction that panics stops its partition before
//! its commands are lost, and says so.

use crate::jar::{Crack, Jar, JarCommand, JarEvent, Smash};
use crate::setting::{Broker, ask, insist, put, start, until};
use tillroll_log::{Cause, ExecuteError, NoReactions, Outgoing, Reactions, SettledAs, serde_json};

/// Cannot cope with a cracked jar.
struct Squeamish;

impl Reactions<Jar> for Squeamish {
    const NAME: &'static str = "squeamish";

    fn on_event(_cause: &Cause, event: &JarEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        match event {
            JarEvent::Cracked(_) => std::panic::panic_any("ouch"),
            JarEvent::Put(_) | JarEvent::Taken(_) | JarEvent::Looked(_) => Ok(Vec::new()),
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
async fn a_panic_fails_its_request_and_the_partition_lives_but_a_reaction_s_stops_it_for_good() {
    let broker = Broker::start().await;
    let node = broker.node(broker.config()).await;
    let (role, jars) = start::<NoReactions>(&node).await;
    until("the role serves", || role.ready()).await;
    assert!(matches!(ask(&jars, 1, Smash {}).await, Err(ExecuteError::Failed)), "the decision");
    assert!(matches!(ask(&jars, 2, Crack {}).await, Err(ExecuteError::Failed)), "the answer");
    assert!(matches!(ask(&jars, 2, Crack {}).await, Err(ExecuteError::Failed)), "the answer to its repeat");
    assert_eq!(insist(&jars, 3, put(3)).await.answer, 3);
    assert!(role.ready() && role.alarm().is_none());
    role.stop().await;

    for first in [true, false] {
        let (role, jars) = start::<Squeamish>(&node).await;
        if first {
            // The other reactor was done with the jar that is cracked already: only a new one is met.
            until("the role serves", || role.ready()).await;
            let _ = ask(&jars, 4, Crack {}).await;
        }
        until("the role says why it stopped", || role.alarm().is_some()).await;
        let alarm = role.alarm().unwrap_or_default();
        for part in ["the reaction to a record failed", "jar.events.v1/0@", "panicked: ouch"] {
            assert!(alarm.contains(part), "{part:?} is not in: {alarm}");
        }
        role.stop().await;
    }
}
