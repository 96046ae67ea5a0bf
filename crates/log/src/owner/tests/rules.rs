//! The numbered rules 1 to 7.

use super::bench::{Bench, Log, Number, Told, put, take};
use crate::jar::Empty;
use crate::owner::{Appended, Phase};
use crate::record::{Origin, Place, Writer, event_id};
use crate::{ClaimId, Ordinal, PartitionId};
use uuid::Uuid;

#[test]
fn rule_1_being_assigned_is_a_hint_two_owners_may_believe_it_and_the_log_decides() {
    let log = Log::default();
    let (mut one, mut other) = (Bench::on(&log, 1), Bench::on(&log, 2));
    for owner in [&mut one, &mut other] {
        owner.owner.caught_up();
        owner.perform();
        owner.claim();
    }
    one.store();
    other.store();
    one.read_all();
    other.read_all();
    assert!(matches!(one.owner.phase(), Phase::Serving { .. }));
    assert_eq!(other.owner.phase(), Phase::Claiming { attempt: 1 });
}

#[test]
fn rule_2_an_owner_claims_only_at_the_end_and_after_the_assignment_was_confirmed() {
    let mut bench = Bench::fresh();
    bench.claim();
    assert!(bench.under_way.is_empty(), "no claim before the end of the log was read");
    bench.owner.caught_up();
    bench.perform();
    assert!(bench.under_way.is_empty() && bench.wants_claim == Some(0), "no claim before the confirmation");
    bench.claim();
    assert_eq!(bench.under_way.len(), 1);
}

#[test]
fn rule_2_an_owner_serves_only_once_its_claim_is_read_back() {
    let mut bench = Bench::fresh();
    bench.owner.caught_up();
    bench.perform();
    bench.claim();
    bench.request(1, "a", put(3));
    assert!(matches!(bench.owner.phase(), Phase::Claiming { .. }) && bench.under_way.len() == 1);
    bench.settle();
    assert_eq!(bench.answers[&1], Told::Done { sweets: 3, version: 1 });
}

#[test]
fn rule_2_a_claim_that_lost_is_void_and_the_owner_reads_on_and_tries_again() {
    let log = Log::default();
    let (mut late, mut first) = (Bench::on(&log, 1), Bench::on(&log, 2));
    late.owner.caught_up();
    late.perform();
    late.claim();
    first.take_over();
    first.request(1, "a", put(5));
    first.settle();
    late.store();
    late.read_all();
    assert!(!matches!(late.owner.phase(), Phase::Serving { .. }));
    late.claim();
    late.settle();
    late.request(2, "a", take(5));
    late.settle();
    assert_eq!(late.answers[&2], Told::Done { sweets: 0, version: 2 });
}

#[test]
fn rule_3_decisions_rest_on_records_under_way_and_nobody_waits() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(3));
    bench.request(2, "a", take(2));
    bench.request(3, "a", take(2));
    assert_eq!(bench.under_way.len(), 3, "two events and the mark behind the refusal are under way at once");
    bench.settle();
    assert_eq!(bench.answers[&2], Told::Done { sweets: 1, version: 2 });
    assert_eq!(bench.answers[&3], Told::TooFew { there: 1 });
    assert_eq!(bench.types(), ["jar.put.v1", "jar.taken.v1", "log.mark.v1"]);
}

#[test]
fn rule_3_the_confirmed_state_holds_nothing_that_is_under_way() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(3));
    bench.store();
    assert_eq!(bench.sweets("a"), 0);
    bench.read_all();
    assert_eq!(bench.sweets("a"), 3);
}

#[test]
fn rule_4_only_the_read_back_answers() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(3));
    bench.store();
    assert_eq!(bench.answers.get(&1), None, "stored and acknowledged is not answered");
    bench.read_all();
    assert_eq!(bench.answers[&1], Told::Done { sweets: 3, version: 1 });
}

#[test]
fn rule_4_a_record_that_is_void_answers_nothing() {
    let log = Log::default();
    let mut old = Bench::on(&log, 1);
    old.take_over();
    let mut new = Bench::on(&log, 2);
    new.take_over();
    old.request(1, "a", put(3));
    old.settle();
    assert_eq!(old.answers.get(&1), None);
    assert_eq!(new.types(), Vec::<String>::new());
}

#[test]
fn rule_5_a_refusal_waits_for_a_record_whose_append_began_after_it() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    let put_under_way = std::mem::take(&mut bench.under_way);
    bench.request(2, "a", take(5));
    let mark = std::mem::take(&mut bench.under_way);
    bench.under_way = put_under_way;
    bench.settle();
    assert_eq!(bench.answers.get(&2), None, "the put's append began before the refusal");
    bench.under_way = mark;
    bench.settle();
    assert_eq!(bench.answers[&2], Told::TooFew { there: 1 });
}

#[test]
fn rule_5_no_refusal_rests_on_a_record_that_is_void() {
    let log = Log::default();
    let mut old = Bench::on(&log, 1);
    old.take_over();
    old.request(1, "a", put(5));
    old.settle();
    // Its next record takes all the sweets; the refusal of the one after rests on that.
    old.request(2, "a", take(5));
    old.request(3, "a", take(1));
    let mut new = Bench::on(&log, 2);
    new.take_over();
    old.settle();
    assert_eq!(old.answers.get(&3), None, "the first take was void, so the refusal would have been false");
    old.claim();
    old.settle();
    assert_eq!(old.answers[&2], Told::Done { sweets: 0, version: 2 }, "decided again under the new claim");
}

#[test]
fn rule_5_a_thawed_owner_answers_nothing_from_the_past() {
    let log = Log::default();
    let mut old = Bench::on(&log, 1);
    old.take_over();
    let mut new = Bench::on(&log, 2);
    new.take_over();
    new.request(1, "a", put(5));
    new.settle();
    old.request(2, "a", take(1));
    old.request_as(3, "a", None, 1, b"body", None);
    old.settle();
    assert_eq!(old.answers.len(), 0, "{:?}", old.answers);
    old.claim();
    old.settle();
    assert_eq!(old.answers[&2], Told::Done { sweets: 4, version: 2 });
    assert_eq!(old.answers[&3], Told::Repeat { version: 1 });
}

#[test]
fn rule_5_one_mark_at_a_time_serves_all_that_wait() {
    let mut bench = Bench::serving();
    for ticket in 1..=5 {
        bench.request(ticket, "a", take(1));
    }
    assert_eq!(bench.under_way.len(), 1);
    bench.settle();
    assert_eq!(bench.answers.len(), 5);
    assert!(bench.types().len() <= 2, "{:?}", bench.types());
}

#[test]
fn rule_5_repeats_no_ops_mismatches_and_unknowns_wait_too() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.settle();
    bench.request_as(2, "a", Some(put(1).into()), 1, b"body", None);
    bench.request_as(3, "a", Some(put(1).into()), 1, b"other body", None);
    bench.request(4, "empty", Empty {});
    bench.request_as(5, "a", Some(put(1).into()), 50, b"body", Some(9));
    bench.request_as(6, "a", None, 60, b"body", None);
    assert_eq!(bench.answers.len(), 1);
    bench.settle();
    assert_eq!(bench.answers[&2], Told::Repeat { version: 1 });
    assert_eq!(bench.answers[&3], Told::KeyReused);
    assert_eq!(bench.answers[&4], Told::Done { sweets: 0, version: 0 });
    assert_eq!(bench.answers[&5], Told::VersionMismatch { current: 1 });
    assert_eq!(bench.answers[&6], Told::Unknown);
}

#[test]
fn rule_6_superseded_what_is_under_way_is_void_and_decided_again() {
    let log = Log::default();
    let mut old = Bench::on(&log, 1);
    old.take_over();
    old.request(1, "a", put(3));
    let mut new = Bench::on(&log, 2);
    new.take_over();
    old.settle();
    assert_eq!(old.answers.get(&1), None);
    assert_eq!(old.wants_claim, Some(1), "after a delay that grows");
    old.claim();
    old.settle();
    assert_eq!(old.answers[&1], Told::Done { sweets: 3, version: 1 });
    assert_eq!(new.types(), ["jar.put.v1"], "executed once");
}

#[test]
fn rule_6_a_failed_delivery_ends_the_claim_and_its_command_is_carried_out_once() {
    for arrives_late in [false, true] {
        let mut bench = Bench::serving();
        bench.request(1, "a", put(3));
        let (record, appended) = bench.under_way.remove(0);
        bench.owner.delivery_failed(appended);
        bench.perform();
        assert_eq!(bench.wants_claim, Some(0));
        bench.claim();
        if arrives_late {
            bench.settle();
            bench.store_one(record);
        } else {
            // It was stored after all, before the new claim.
            bench.store_one(record);
        }
        bench.settle();
        assert_eq!(bench.answers[&1], Told::Done { sweets: 3, version: 1 });
        assert_eq!(bench.types(), ["jar.put.v1"], "arrives late: {arrives_late}");
    }
}

#[test]
fn rule_6_a_gap_ends_the_claim() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(3));
    bench.request(2, "b", put(4));
    bench.under_way.remove(0);
    bench.settle();
    assert_eq!(bench.wants_claim, Some(0));
    bench.claim();
    bench.settle();
    assert_eq!((bench.sweets("a"), bench.sweets("b")), (3, 4));
    assert_eq!(bench.answers.len(), 2);
}

#[test]
fn rule_6_a_claim_that_was_not_delivered_is_tried_again() {
    let mut bench = Bench::fresh();
    bench.owner.caught_up();
    bench.perform();
    bench.claim();
    let (_, appended) = bench.under_way.remove(0);
    bench.owner.delivery_failed(appended);
    bench.perform();
    assert_eq!(bench.wants_claim, Some(1));
}

#[test]
fn rule_6_a_record_too_large_fails_its_command_and_costs_no_ordinal() {
    let mut bench = Bench::serving();
    bench.request(1, &"k".repeat(70_000), put(1));
    assert_eq!(bench.answers[&1], Told::Failed);
    bench.request(2, "a", put(1));
    bench.settle();
    assert_eq!(bench.answers[&2], Told::Done { sweets: 1, version: 1 });
}

#[test]
fn rule_6_draining_it_takes_nothing_new_and_answers_what_is_under_way() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.owner.drain(bench.now);
    bench.request(2, "a", put(1));
    assert_eq!(bench.answers[&2], Told::Elsewhere);
    assert!(matches!(bench.owner.phase(), Phase::Draining { .. }));
    bench.settle();
    assert_eq!(bench.answers[&1], Told::Done { sweets: 1, version: 1 });
    assert_eq!(bench.owner.phase(), Phase::Released);
}

#[test]
fn rule_6_a_stranger_s_record_under_our_claim_is_folded_and_ends_the_claim() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    let Phase::Serving { claim } = bench.owner.phase() else { panic!("serves") };
    let forged = forged_put(claim, Ordinal(0), "a", 1);
    bench.store_one(forged);
    bench.settle();
    assert_eq!(bench.wants_claim, Some(0));
    bench.claim();
    bench.settle();
    assert_eq!(bench.sweets("a"), 8);
}

fn forged_put(claim: ClaimId, ordinal: Ordinal, key: &str, version: u64) -> tillroll_kafka::NewRecord {
    let now = super::bench::at(0);
    let id = event_id(ClaimId(Uuid::from_u128(666)), ordinal, now);
    let place = Place { id, occurred_at: now, claim, ordinal, inbox: None, ends: &[] };
    Writer::new("jar.events.v1".into(), PartitionId(0), "jar").event(
        &place,
        &Origin::default(),
        (&key.into(), crate::Version(version)),
        "jar.put.v1",
        br#"{"sweets":7}"#.to_vec(),
    )
}

#[test]
fn rule_7_more_than_the_bound_is_refused_at_once() {
    let mut bench = Bench::serving();
    for ticket in 0..8 {
        bench.request(ticket, "a", put(1));
    }
    bench.request(8, "a", put(1));
    assert_eq!(bench.answers[&8], Told::Overloaded);
    bench.settle();
    bench.request(9, "a", put(1));
    bench.settle();
    assert_eq!(bench.answers[&9], Told::Done { sweets: 9, version: 9 });
}

#[test]
fn the_same_command_many_times_at_once_is_carried_out_once() {
    let mut bench = Bench::serving();
    for ticket in 0..8 {
        bench.request_as(ticket, "a", Some(put(1).into()), 1, b"body", None);
    }
    bench.settle();
    assert_eq!(bench.sweets("a"), 1);
    assert_eq!(bench.answers[&0], Told::Done { sweets: 1, version: 1 });
    assert!((1..8).all(|ticket| bench.answers[&ticket] == Told::Repeat { version: 1 }));
}

#[test]
fn a_repeat_after_a_restart_is_a_repeat() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.settle();
    let mut restarted = Bench::on(&bench.log, 2);
    restarted.take_over();
    restarted.request(1, "a", put(1));
    restarted.settle();
    assert_eq!(restarted.answers[&1], Told::Repeat { version: 1 });
}

#[test]
fn a_command_whose_client_has_gone_is_not_carried_out() {
    let mut bench = Bench::fresh();
    let request = |ticket| crate::owner::Request {
        ticket,
        key: "a".into(),
        command: Some(put(1).into()),
        id: crate::CommandId(Uuid::from_u128(1)),
        hash: crate::CommandHash::keyed(b"", b""),
        expected: None,
        origin: Origin::default(),
    };
    bench.owner.request(request(Number(1, true)), bench.now);
    bench.take_over();
    assert_eq!(bench.sweets("a"), 0);
}

#[test]
fn a_watcher_is_told_when_the_saga_is_over() {
    let mut bench = Bench::serving();
    let look_by = Some(super::bench::at(60));
    bench.request(1, "a", crate::jar::Put { sweets: 1, look_by });
    bench.settle();
    bench.owner.watch("a".into(), Number(2, false));
    bench.perform();
    assert_eq!(bench.answers.get(&2), None);
    bench.request(3, "a", crate::jar::Look {});
    bench.settle();
    assert_eq!(bench.answers[&2], Told::Done { sweets: 1, version: 2 });
    bench.owner.watch("a".into(), Number(4, false));
    bench.perform();
    assert_eq!(bench.answers[&4], Told::Done { sweets: 1, version: 2 }, "at once if it is over already");
}

#[test]
fn appended_names_the_claim_so_that_a_late_failure_does_no_harm() {
    let mut bench = Bench::serving();
    bench.owner.delivery_failed(Appended::Entry(ClaimId(Uuid::from_u128(5)), Ordinal(0)));
    bench.perform();
    assert_eq!(bench.wants_claim, None);
}
