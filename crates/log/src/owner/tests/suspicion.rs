//! Rule 1: one whom the group has not chosen may claim because it suspects that the owner is gone, and gives way to
//! everybody who claims after it. Nothing rests on the suspicion being true.

use super::bench::{Bench, Log, Told, put, take};
use crate::owner::{Owner, Phase};

/// One that suspects the owner of that name.
fn suspicious(log: &Log, name: u128, suspected: u128) -> Bench {
    let mut bench = Bench::on(log, name);
    bench.owner = Owner::new(bench.owner.config.clone()).on_suspicion_of(Some(format!("owner-{suspected}")));
    bench.read_all();
    bench.owner.caught_up();
    bench.perform();
    bench
}

fn serves(bench: &Bench) -> bool {
    matches!(bench.owner.phase(), Phase::Serving { .. })
}

fn owner(log: &Log, name: u128) -> Bench {
    let mut owner = Bench::on(log, name);
    owner.take_over();
    owner
}

#[test]
fn rule_1_one_that_suspects_the_owner_claims_on_top_of_him_and_serves() {
    let log = Log::default();
    let mut gone = owner(&log, 1);
    gone.request(1, "a", put(3));
    gone.settle();
    let mut other = suspicious(&log, 2, 1);
    other.claim();
    other.settle();
    other.request(2, "a", take(3));
    other.settle();
    assert_eq!(other.answers[&2], Told::Done { sweets: 0, version: 2 });
}

#[test]
fn rule_1_a_suspected_owner_that_lives_claims_again_and_the_suspicious_one_gives_way() {
    let log = Log::default();
    let mut living = owner(&log, 1);
    let mut other = suspicious(&log, 2, 1);
    other.claim();
    living.request(1, "a", put(3));
    other.settle();
    living.settle();
    assert_eq!(living.wants_claim, Some(1), "what it had under way is void; it claims after a delay");
    other.request(2, "a", put(4));
    other.store();
    living.read_all();
    living.claim();
    living.settle();
    other.settle();
    assert_eq!((other.owner.phase(), other.wants_claim), (Phase::Released, None), "no fight");
    assert!(serves(&living));
    // The command came before the claim that ended it; it was carried out, once.
    assert_eq!(other.answers[&2], Told::Done { sweets: 4, version: 1 });
    assert_eq!(living.answers[&1], Told::Done { sweets: 7, version: 2 });
}

#[test]
fn rule_1_of_two_that_suspect_the_same_owner_the_second_gives_way() {
    let log = Log::default();
    owner(&log, 1);
    let (mut one, mut other) = (suspicious(&log, 2, 1), suspicious(&log, 3, 1));
    one.claim();
    other.claim();
    one.store();
    other.store();
    one.read_all();
    other.read_all();
    assert!(serves(&one));
    assert_eq!((other.owner.phase(), other.wants_claim), (Phase::Released, None));
}

#[test]
fn rule_1_a_suspicion_is_worth_nothing_once_somebody_else_has_claimed() {
    let log = Log::default();
    owner(&log, 1);
    owner(&log, 2);
    let late = suspicious(&log, 3, 1);
    assert_eq!((late.owner.phase(), late.wants_claim), (Phase::Released, None));
}

#[test]
fn rule_1_whom_the_group_has_chosen_takes_over_from_the_suspicious_one() {
    let log = Log::default();
    owner(&log, 1);
    let mut suspicious = suspicious(&log, 2, 1);
    suspicious.claim();
    suspicious.settle();
    let mut chosen = owner(&log, 3);
    suspicious.read_all();
    assert_eq!(suspicious.owner.phase(), Phase::Released);
    chosen.request(1, "a", put(1));
    chosen.settle();
    assert_eq!(chosen.answers[&1], Told::Done { sweets: 1, version: 1 });
}

#[test]
fn rule_6_a_suspicious_owner_in_doubt_about_its_own_records_claims_again() {
    let log = Log::default();
    owner(&log, 1);
    let mut other = suspicious(&log, 2, 1);
    other.claim();
    other.settle();
    other.request(1, "a", put(1));
    let (_, appended) = other.under_way.remove(0);
    other.owner.delivery_failed(appended);
    other.perform();
    assert_eq!(other.wants_claim, Some(0));
    other.claim();
    other.settle();
    assert_eq!(other.answers[&1], Told::Done { sweets: 1, version: 1 });
}
