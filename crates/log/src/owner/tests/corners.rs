//! Corners where claims are lost, records do not fit, clients have gone, or a version is asked for in vain.

use super::bench::{Bench, Number, Told, at, command, put, raw_command, take};
use crate::Offset;
use crate::jar::Put;
use crate::owner::Phase;
use crate::record::{Entry, header};

fn lose_claim(bench: &mut Bench) {
    let (_, appended) = bench.under_way.remove(0);
    bench.under_way.clear();
    bench.owner.delivery_failed(appended);
    bench.perform();
    bench.claim();
    bench.settle();
}

#[test]
fn a_letter_acknowledged_while_superseded_is_not_forgotten() {
    let mut bench = Bench::serving();
    bench.commands([
        command(0, "a", 7, Some(0), put(1)),
        raw_command(1, "a", [(header::TYPE, "jar.paint".to_owned())], b"garbage".to_vec()),
        command(2, "a", 8, Some(0), put(1)),
    ]);
    bench.under_way.clear();
    let mut other = Bench::on(&bench.log, 2);
    other.take_over();
    bench.read_all();
    assert!(matches!(bench.owner.phase(), Phase::Claiming { .. }));
    bench.owner.dead_lettered(Offset(1), bench.now);
    bench.perform();
    bench.claim();
    bench.settle();
    assert_eq!(bench.sweets("a"), 2, "{:?} letters {}", bench.types(), bench.letters.len());
}

#[test]
fn a_topic_command_whose_event_is_too_large_is_not_lost() {
    let mut bench = Bench::serving();
    bench.commands([command(0, &"k".repeat(70_000), 7, Some(0), put(1))]);
    bench.settle();
    assert_eq!(bench.letters.len(), 1, "{:?} next {:?}", bench.types(), bench.owner.commands.next());
}

#[test]
fn a_run_that_is_too_large_together_is_carried_out_in_parts() {
    let mut bench = Bench::serving();
    bench.commands((0..1000).map(|n| command(n, "a", n, Some(0), put(1))));
    bench.settle();
    assert_eq!((bench.sweets("a"), bench.letters.len()), (1000, 0), "{:?}", bench.types());
}

#[test]
fn a_settled_record_is_never_too_large() {
    let mut bench = Bench::serving();
    let mut big = command(0, "a", 7, Some(0), take(5));
    big.value = Some(format!("{{\"sweets\":5,\"x\":\"{}\"}}", "y".repeat(70_000)).into_bytes().into());
    bench.commands([big]);
    let most = bench.under_way.iter().map(|(r, _)| r.size()).max();
    assert!(most < Some(64 * 1024), "{most:?} {}", bench.letters.len());
}

#[test]
fn a_long_run_of_refusals_is_ended_by_several_records_so_that_reactions_see_every_command() {
    let mut bench = Bench::serving();
    bench.commands((0..1000).map(|n| command(n, "a", n, Some(0), take(5))));
    let most = bench.under_way.iter().map(|(record, _)| record.size()).max();
    assert!(most < Some(64 * 1024), "{most:?}");
    bench.settle();
    let settled: Vec<_> = bench.admitted().into_iter().filter_map(refusals).collect();
    assert!(settled.len() > 1 && settled.len() < 20, "{} records", settled.len());
    let mut ended = 0;
    for (ends, bodies, inbox) in settled {
        assert_eq!(ends, bodies, "each that it ends is in it");
        ended += bodies;
        assert_eq!(inbox, Some(Offset(ended as i64)), "and nothing behind it has ended");
    }
    assert_eq!(ended, 1000);
}

/// How many commands a settled record ends, how many it holds, and its inbox.
fn refusals(entry: Entry) -> Option<(usize, usize, Option<Offset>)> {
    match entry {
        Entry::Settled(envelope, settled) => {
            Some((envelope.ends.len(), settled.commands.len(), envelope.inbox.map(|inbox| inbox.next)))
        }
        Entry::Event(_) | Entry::Mark(_) => None,
    }
}

#[test]
fn a_long_run_of_refusals_that_is_half_lost_ends_each_command_once() {
    let mut bench = Bench::serving();
    bench.commands((0..1000).map(|n| command(n, "a", n, Some(0), take(5))));
    bench.under_way.truncate(2);
    bench.store();
    let mut next = Bench::on(&bench.log, 2);
    next.take_over();
    let from = next.owner.fold().inbox.map_or(0, |inbox| inbox.next.0);
    assert!(from > 0 && from < 1000);
    next.commands((from..1000).map(|n| command(n, "a", n, Some(0), take(5))));
    next.settle();
    let ended: usize = next.admitted().into_iter().filter_map(refusals).map(|(ends, _, _)| ends).sum();
    assert_eq!(ended, 1000);
}

#[test]
fn a_deadline_fires_after_a_claim_was_lost_behind_repeats() {
    let mut bench = Bench::serving();
    bench.commands([command(0, "b", 7, Some(0), put(1))]);
    bench.request(1, "a", Put { sweets: 1, look_by: Some(at(5)) });
    bench.settle();
    bench.commands([command(1, "b", 7, Some(0), put(1))]);
    bench.request(2, "c", put(1));
    // the append carries inbox 2 but fails
    lose_claim(&mut bench);
    // client 2 decided again: carries the inbox as restarted
    bench.now = at(6);
    bench.owner.tick(bench.now);
    bench.perform();
    bench.settle();
    bench.owner.commands_end(Offset(2), bench.now);
    bench.perform();
    bench.settle();
    assert_eq!(bench.types().last().map(String::as_str), Some("jar.looked.v1"), "{:?}", bench.types());
}

#[test]
fn a_watcher_is_not_answered_from_the_past() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.settle();
    bench.request(2, "a", Put { sweets: 1, look_by: Some(at(60)) });
    bench.settle();
    let mut next = Bench::on(&bench.log, 2);
    next.owner.watch("a".into(), Number(9, false));
    next.take_over();
    assert_eq!(next.answers.get(&9), None, "nothing is settled: the jar has to be looked at");
}

#[test]
fn a_watcher_wakes_when_what_was_under_way_is_void() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.settle();
    // a timer-like or gone client's record: use a topic command that the other owner ends for another key
    bench.commands([command(0, "a", 7, Some(0), put(1))]);
    bench.owner.watch("a".into(), Number(9, false));
    bench.perform();
    // The claim is lost to another that takes from "a" nothing; ours is void and is a refusal when decided again.
    bench.under_way.clear();
    let mut other = Bench::on(&bench.log, 2);
    other.take_over();
    other.request(20, "z", put(1));
    other.commands([raw_command(0, "", [], b"x".to_vec())]);
    other.owner.dead_lettered(Offset(0), other.now);
    other.perform();
    other.settle();
    bench.read_all();
    bench.claim();
    bench.settle();
    assert!(bench.answers.contains_key(&9));
}

#[test]
fn topic_commands_have_their_share_while_requests_wait() {
    let mut bench = Bench::serving();
    bench.owner.config.max_in_flight = 2;
    bench.owner.config.max_requests = 100;
    let mut ticket = 0;
    for _ in 0..4 {
        ticket += 1;
        bench.request(ticket, "a", put(1));
    }
    bench.commands([command(0, "b", 7, Some(0), put(1))]);
    for _ in 0..50 {
        // as many come as are answered
        bench.store();
        if bench.read_one() {
            ticket += 1;
            bench.request(ticket, "a", put(1));
        }
    }
    assert_eq!(bench.sweets("b"), 1);
}

#[test]
fn an_answer_to_an_older_probe_is_not_taken_for_the_newer() {
    let mut bench = Bench::serving();
    bench.request(1, "a", Put { sweets: 1, look_by: Some(at(5)) });
    bench.settle();
    bench.now = at(5);
    bench.owner.tick(bench.now);
    bench.perform();
    bench.request(2, "b", put(1));
    lose_claim(&mut bench);
    bench.now = at(6);
    bench.owner.tick(bench.now);
    bench.perform();
    assert_eq!(bench.probes, 1, "the first one is still to come, and would be taken for a second one");
}

#[test]
fn deadlines_keep_to_the_bound_of_records_under_way() {
    let mut bench = Bench::serving();
    bench.owner.config.max_requests = 1000;
    for n in 0..200 {
        bench.request(n, &format!("k{n}"), Put { sweets: 1, look_by: Some(at(5)) });
        bench.settle();
    }
    bench.now = at(6);
    bench.owner.tick(bench.now);
    bench.perform();
    bench.owner.commands_end(Offset(0), bench.now);
    bench.perform();
    assert!(bench.under_way.len() <= 64, "{}", bench.under_way.len());
}

#[test]
fn watchers_that_are_gone_are_let_go() {
    let mut bench = Bench::serving();
    for n in 0..10 {
        bench.owner.watch(format!("k{n}").as_str().into(), Number(n, true));
    }
    bench.owner.tick(bench.now);
    assert!(bench.owner.requests.watchers() <= 1, "{}", bench.owner.requests.watchers());
}

#[test]
fn a_watch_at_a_released_owner_is_answered() {
    let mut bench = Bench::serving();
    bench.owner.release();
    bench.owner.watch("nobody".into(), Number(1, false));
    bench.perform();
    assert!(bench.answers.contains_key(&1));
}

#[test]
fn what_would_be_refused_at_any_version_is_refused_and_the_version_not_told() {
    let mut bench = Bench::serving();
    bench.request(1, "a", put(1));
    bench.settle();
    bench.request_as(2, "a", Some(take(5).into()), 50, b"body", Some(9));
    bench.request_as(3, "a", Some(take(1).into()), 51, b"body", Some(9));
    bench.settle();
    assert_eq!(bench.answers[&2], Told::TooFew { there: 1 });
    assert_eq!(bench.answers[&3], Told::VersionMismatch { current: 1 });
    assert_eq!(bench.sweets("a"), 1);
}
