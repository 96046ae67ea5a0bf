//! What panics in an aggregate's code fails its own command; the partition, and every other command, lives on.

use super::bench::{Bench, Number, Told, command, put};
use crate::Offset;
use crate::jar::{Crack, Smash};
use crate::owner::Phase;
use crate::record::{Entry, Outcome};

fn lives(bench: &mut Bench, ticket: u32, sweets: u32) {
    bench.request(ticket, "a", put(1));
    bench.settle();
    assert!(matches!(bench.answers[&ticket], Told::Done { sweets: now, .. } if now == sweets), "{:?}", bench.answers);
    assert!(matches!(bench.owner.phase(), Phase::Serving { .. }) && bench.alarms.is_empty());
}

#[test]
fn a_request_whose_decision_panics_fails_and_costs_no_ordinal() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.request(2, "a", Smash {});
    assert_eq!(bench.answers[&2], Told::Failed);
    lives(&mut bench, 3, 2);
    assert_eq!(bench.types(), ["jar.put.v1", "jar.put.v1"]);
}

#[test]
fn a_request_whose_answer_panics_fails_although_it_is_carried_out() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.request(2, "a", Crack {});
    bench.settle();
    assert_eq!(bench.answers[&2], Told::Failed);
    assert_eq!(bench.types(), ["jar.put.v1", "jar.cracked.v1"]);
    lives(&mut bench, 3, 2);
}

#[test]
fn commands_whose_joining_panics_are_decided_one_by_one() {
    let mut bench = Bench::serving();
    bench.commands([
        command(0, "a", 1, Some(0), Crack {}),
        command(1, "a", 2, Some(0), Crack {}),
        command(2, "a", 3, Some(0), put(1)),
    ]);
    bench.settle();
    assert_eq!(bench.types(), ["jar.cracked.v1", "jar.cracked.v1", "jar.put.v1"]);
    assert_eq!((bench.letters.len(), bench.sweets("a")), (0, 1));
    assert_eq!(bench.owner.fold().inbox.map(|inbox| inbox.next), Some(Offset(3)));
    lives(&mut bench, 1, 2);
}

#[test]
fn a_command_whose_decision_panics_is_dead_lettered_and_settled() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "a", 1, Some(0), Smash {}), command(1, "a", 2, Some(0), put(1))]);
    assert!(matches!(&bench.letters[..], [(Offset(0), why)] if why == "the decision panicked: smashed"));
    bench.owner.dead_lettered(Offset(0), bench.now);
    bench.perform();
    bench.settle();
    let settled = bench.admitted().into_iter().find_map(|entry| match entry {
        Entry::Settled(_, settled) => Some(settled.outcome),
        Entry::Event(_) | Entry::Mark(_) => None,
    });
    assert!(matches!(settled, Some(Outcome::DeadLettered { reason }) if reason.contains("smashed")));
    lives(&mut bench, 1, 2);
}

#[test]
fn watchers_are_told_although_an_event_cannot_be_answered() {
    let mut bench = Bench::serving();
    bench.owner.watch("a".into(), Number(9, false));
    bench.request(1, "a", Crack {});
    bench.settle();
    assert_eq!(bench.answers[&9], Told::Done { sweets: 0, version: 1 });
    lives(&mut bench, 2, 1);
}
