//! A replica that cannot read on is seen by whoever asks its role whether it is ready.

use crate::jar::{Jar, JarCommand, Look, Take, Taken, TooFew};
use crate::setting::{Broker, insist, put, until};
use std::time::{Duration, Instant};
use tillroll_log::{Aggregate, AggregateTopics, Behind, Key, NoReactions, Timestamp, bodies};

bodies! {
    pub enum OldEvent { Taken(Taken) = "jar.taken.v1" }
}
bodies! {
    pub enum OldCommand { Look(Look) = "jar.look" }
}

/// The jar as a build knows it that has not heard of putting sweets in.
#[derive(Debug)]
struct OldJar;

impl Aggregate for OldJar {
    const TOPICS: AggregateTopics = Jar::TOPICS;
    const STATE_SCHEMA: u32 = 1;
    type State = u32;
    type Command = OldCommand;
    type Event = OldEvent;
    type Rejection = TooFew;
    type Answer = ();

    fn decide(_taken: &u32, _command: &OldCommand, _at: Timestamp) -> Result<Option<OldEvent>, TooFew> {
        Ok(None)
    }

    fn evolve(taken: u32, event: &OldEvent) -> u32 {
        let OldEvent::Taken(Taken { sweets }) = event;
        taken + sweets
    }

    fn answer(_key: &Key, _event: Option<&OldEvent>, _taken: &u32) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_not_ready_while_a_replica_that_it_depends_on_has_stopped() {
    let broker = Broker::start().await;
    let node = broker.node(broker.config()).await;
    let (good, old) = (node.replica::<Jar>().await.unwrap(), node.replica::<OldJar>().await.unwrap());
    let mut role = node.role("jars");
    let jars = role.own::<Jar, NoReactions>();
    role.depends_on(&good);
    role.depends_on(&old);
    let role = role.start().await.unwrap();
    until("the role serves", || role.ready()).await;
    assert_eq!((role.alarm(), old.refresh(Duration::from_secs(5)).await), (None, Ok(())));
    insist(&jars, 1, put(3)).await;
    until("the role says why it is not ready", || role.alarm().is_some()).await;
    let alarm = role.alarm().unwrap_or_default();
    for part in ["the reading of jar.events.v1/0 stopped", "jar.events.v1/0@", "jar.put.v1"] {
        assert!(alarm.contains(part), "{part:?} is not in: {alarm}");
    }
    assert!(!role.ready() && !role.watch().ready());
    let begun = Instant::now();
    assert_eq!(old.refresh(Duration::from_secs(5)).await, Err(Behind::Late));
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(good.refresh(Duration::from_secs(5)).await, Ok(()));
    assert_eq!(insist(&jars, 2, JarCommand::from(Take { sweets: 1 })).await.answer, 2, "the owner goes on");
    role.stop().await;
}
