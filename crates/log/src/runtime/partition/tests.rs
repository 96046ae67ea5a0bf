//! What the partition's task decides by itself: when a partition that drains is let go, how long it waits before it
//! claims again, and what becomes of a reaction that fails.

use super::effects::{delay, reactions};
use super::*;
use crate::jar::{Jar, JarCommand, JarEvent, Put};
use crate::owner::Caused;
use crate::record::{Outcome, Settled};
use crate::{Cause, Coordinates, EventId, Outgoing, SettledAs};
use std::collections::HashSet;
use uuid::Uuid;

#[test]
fn rule_6_a_partition_is_let_go_when_drained_and_at_the_deadline_at_the_latest() {
    let now = Instant::now();
    let by = now + DRAIN;
    let draining = Phase::Draining { claim: ClaimId(Uuid::nil()) };
    assert!(!is_drained(draining, by, now), "records are under way");
    assert!(!is_drained(draining, by, now + DRAIN / 2));
    assert!(is_drained(draining, by, by), "their answers may never come");
    assert!(is_drained(Phase::Released, by, now) && is_drained(Phase::Faulted, by, now));
    assert!(DRAIN < Duration::from_secs(6), "less than the group's session: else others wait for nothing");
}

#[test]
fn rule_6_the_first_claim_is_at_once_and_later_ones_wait_longer_and_longer() {
    let longest = |attempt| delay(attempt, 999);
    assert_eq!(longest(0), Duration::ZERO);
    for attempt in 1..7 {
        assert!(longest(attempt + 1) > longest(attempt), "attempt {attempt}");
    }
    assert_eq!(longest(1), Duration::from_millis(100));
    assert_eq!(
        (longest(7), longest(1_000)),
        (Duration::from_secs(5), Duration::from_secs(5)),
        "never longer than that"
    );
}

#[test]
fn rule_6_two_owners_that_lost_to_each_other_do_not_wait_equally_long() {
    let waits: HashSet<_> = (0..1_000).map(|random| delay(3, random)).collect();
    assert_eq!(waits.len(), 1_000);
    assert!(waits.iter().all(|wait| !wait.is_zero()));
}

struct Clumsy;

impl Reactions<Jar> for Clumsy {
    const NAME: &'static str = "clumsy";

    fn on_event(_cause: &Cause, _event: &JarEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        std::panic::panic_any("dropped")
    }

    fn on_settled(
        _cause: &Cause,
        _command: Option<&JarCommand>,
        _settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error> {
        std::panic::panic_any("dropped too")
    }
}

#[test]
fn a_reaction_that_panics_is_named_and_does_not_take_the_task_with_it() {
    let at = Coordinates { topic: "jar.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    let cause = Cause { id: EventId(Uuid::nil()), at, key: "a".into(), correlation: None };
    let event = Arc::new(Put { sweets: 1, look_by: None }.into());
    let of_event = reactions::<Jar, Clumsy>(&cause, &Caused::Event { event });
    assert_eq!(of_event.map_err(|fault| fault.to_string()), Err("the reaction panicked: dropped".to_owned()));
    let settled = Settled { outcome: Outcome::Conflict, commands: Vec::new() };
    let of_settled = reactions::<Jar, Clumsy>(&cause, &Caused::Settled { settled });
    assert_eq!(of_settled.map_err(|fault| fault.to_string()), Err("the reaction panicked: dropped too".to_owned()));
}

#[test]
fn as_many_requests_as_anybody_configures_make_a_channel() {
    for max_requests in [0, 1, 100, usize::MAX] {
        let (_sender, requests) = mpsc::channel::<()>(most_waiting(max_requests));
        assert!(requests.is_empty());
    }
    assert_eq!((most_waiting(0), most_waiting(100)), (1, 100));
}
