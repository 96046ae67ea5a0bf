//! Rule 1: an owner whose partition the group has given to somebody else serves until that one has claimed, and claims
//! no more itself.

use super::bench::{Bench, Log, Told, put, take};
use crate::owner::Phase;

fn owner(log: &Log, name: u128) -> Bench {
    let mut owner = Bench::on(log, name);
    owner.take_over();
    owner
}

fn give_away(bench: &mut Bench) {
    bench.owner.give_away();
    bench.perform();
}

#[test]
fn rule_1_a_partition_that_is_given_away_is_served_until_the_next_owner_claims() {
    let log = Log::default();
    let mut old = owner(&log, 1);
    give_away(&mut old);
    old.request(1, "a", put(3));
    old.settle();
    assert_eq!(old.answers[&1], Told::Done { sweets: 3, version: 1 });
    let mut new = owner(&log, 2);
    old.settle();
    assert_eq!((old.owner.phase(), old.wants_claim), (Phase::Released, None), "it does not fight for it");
    new.request(2, "a", take(1));
    new.settle();
    assert_eq!(new.answers[&2], Told::Done { sweets: 2, version: 2 });
}

#[test]
fn rule_1_what_was_under_way_when_the_next_owner_claimed_is_sent_on_to_him() {
    let log = Log::default();
    let mut old = owner(&log, 1);
    give_away(&mut old);
    old.request(1, "a", put(3));
    old.request(2, "a", take(9));
    let mut new = owner(&log, 2);
    // Its records come after the claim: void, for every reader.
    old.settle();
    assert_eq!((&old.answers[&1], &old.answers[&2]), (&Told::Elsewhere, &Told::Elsewhere), "certainly not carried out");
    new.settle();
    new.request(1, "a", put(3));
    new.settle();
    assert_eq!(new.answers[&1], Told::Done { sweets: 3, version: 1 }, "once");
}

#[test]
fn rule_6_in_doubt_about_a_partition_that_it_gave_away_it_lets_go() {
    let log = Log::default();
    let mut old = owner(&log, 1);
    give_away(&mut old);
    old.request(1, "a", put(3));
    let (_, appended) = old.under_way.remove(0);
    old.owner.delivery_failed(appended);
    old.perform();
    assert_eq!((old.owner.phase(), old.wants_claim), (Phase::Released, None));
    assert_eq!(old.answers[&1], Told::Unavailable, "it may or may not be stored: its repeat finds out");
}

#[test]
fn rule_1_what_is_given_away_before_it_is_served_is_let_go_at_once() {
    let log = Log::default();
    owner(&log, 1);
    let mut other = Bench::on(&log, 2);
    other.owner.caught_up();
    other.perform();
    give_away(&mut other);
    assert_eq!(other.owner.phase(), Phase::Released);
}
