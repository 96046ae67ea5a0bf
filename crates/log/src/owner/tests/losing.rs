//! Rule 6 beyond its first case: claims lost again and again, everything under way lost at once, and revocations that
//! end before their records do.

use super::bench::{Bench, Log, Told, command, put, take};
use crate::owner::Phase;

/// Another owner takes the partition over and writes nothing.
fn superseded(bench: &mut Bench, by: u128) {
    let mut other = Bench::on(&bench.log, by);
    other.take_over();
    bench.read_all();
}

#[test]
fn rule_6_claims_lost_in_a_row_make_the_next_wait_longer_until_a_record_is_admitted() {
    let mut bench = Bench::serving();
    let mut waits = Vec::new();
    for by in 100..104 {
        superseded(&mut bench, by);
        waits.push(bench.wants_claim.unwrap_or_default());
        bench.claim();
        bench.settle();
    }
    assert_eq!(waits, [1, 1, 2, 3]);
    bench.request(1, "a", put(1));
    bench.settle();
    superseded(&mut bench, 200);
    assert_eq!(bench.wants_claim, Some(1), "a record was admitted: the next wait is the first one again");
}

#[test]
fn rule_6_a_claim_that_loses_waits_longer_before_the_next() {
    let log = Log::default();
    let mut late = Bench::on(&log, 1);
    late.owner.caught_up();
    late.perform();
    assert_eq!(late.wants_claim, Some(0), "the first claim does not wait");
    for lost in 1..=3 {
        late.claim();
        superseded(&mut late, 100 + u128::from(lost));
        assert_eq!(late.wants_claim, Some(lost));
    }
}

/// A fatal error of the producer fails all that is under way, and refuses what comes until there is a new one.
#[test]
fn rule_6_after_a_fatal_producer_error_one_claim_carries_everything_out_once() {
    let mut bench = Bench::serving();
    for ticket in 1..=4 {
        bench.request(ticket, "a", put(1));
    }
    bench.commands([command(0, "b", 7, Some(0), put(1))]);
    let lost = std::mem::take(&mut bench.under_way);
    assert_eq!(lost.len(), 5);
    for (index, (record, appended)) in lost.into_iter().enumerate() {
        // Whether it was stored nobody knows: some were, and not the first ones only.
        if index % 2 == 0 {
            bench.store_one(record);
        }
        bench.owner.delivery_failed(appended);
    }
    bench.perform();
    assert_eq!(bench.wants_claim, Some(0), "five failures are one doubt");
    bench.claim();
    let (_, refused) = bench.under_way.remove(0);
    bench.owner.delivery_failed(refused);
    bench.perform();
    assert_eq!(bench.wants_claim, Some(1), "the new producer is not there yet");
    bench.claim();
    bench.settle();
    assert_eq!((bench.sweets("a"), bench.sweets("b")), (4, 1));
    let versions: Vec<_> = (1..=4).map(|ticket| bench.answers[&ticket].clone()).collect();
    assert!(versions.iter().all(|told| matches!(told, Told::Done { .. })), "{versions:?}");
}

#[test]
fn rule_6_released_at_the_deadline_nobody_is_left_without_an_answer() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.request(2, "a", take(5));
    bench.owner.drain(bench.now);
    bench.perform();
    assert!(matches!(bench.owner.phase(), Phase::Draining { .. }) && bench.answers.is_empty());
    bench.owner.release();
    bench.perform();
    assert_eq!(bench.answers[&1], Told::Unavailable, "it may or may not be stored: its repeat finds out");
    assert_eq!(bench.answers[&2], Told::Unavailable);
}

#[test]
fn rule_6_draining_it_takes_no_more_commands_by_topic() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.owner.drain(bench.now);
    bench.commands([command(0, "b", 7, Some(0), put(1))]);
    bench.settle();
    assert_eq!((bench.sweets("a"), bench.sweets("b")), (1, 0), "they are the next owner's");
    assert_eq!(bench.owner.phase(), Phase::Released);
}
