//! Deadlines.

use super::bench::{Bench, at, command, put};
use crate::Offset;
use crate::jar::{Jar, Looked, Put};
use crate::owner::Alarm;

fn with_deadline() -> Bench {
    let mut bench = Bench::serving();
    bench.request(1, "a", Put { sweets: 1, look_by: Some(at(5)) });
    bench.settle();
    bench
}

fn tick(bench: &mut Bench, seconds: i64) {
    bench.now = at(seconds);
    bench.owner.tick(bench.now);
    bench.perform();
    bench.settle();
}

#[test]
fn a_deadline_that_has_passed_becomes_an_event_once() {
    let mut bench = with_deadline();
    tick(&mut bench, 4);
    assert_eq!(bench.probes, 0);
    tick(&mut bench, 5);
    bench.owner.commands_end(Offset(0), bench.now);
    bench.perform();
    bench.settle();
    assert_eq!(bench.types().last().map(String::as_str), Some("jar.looked.v1"));
    let before = bench.types().len();
    tick(&mut bench, 6);
    assert_eq!((bench.types().len(), bench.probes), (before, 1));
}

#[test]
fn a_deadline_waits_for_every_command_that_was_recorded_before_it() {
    let mut bench = with_deadline();
    tick(&mut bench, 5);
    bench.owner.commands_end(Offset(1), bench.now);
    bench.perform();
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1"], "the command at offset 0 was not consumed yet");
    bench.commands([command(0, "a", 1, Some(0), crate::jar::Look {})]);
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1", "jar.looked.v1"], "the command came first, the timer had nothing left");
}

#[test]
fn a_deadline_survives_a_restart_because_it_is_data() {
    let bench = with_deadline();
    let mut restarted = Bench::on(&bench.log, 2);
    restarted.now = at(100);
    restarted.take_over();
    tick(&mut restarted, 100);
    restarted.owner.commands_end(Offset(0), restarted.now);
    restarted.perform();
    restarted.settle();
    assert_eq!(restarted.types().last().map(String::as_str), Some("jar.looked.v1"));
}

#[test]
fn an_old_read_back_is_made_new_by_a_mark_before_anything_fires() {
    let mut bench = with_deadline();
    bench.now = at(60);
    bench.owner.tick(bench.now);
    bench.perform();
    assert_eq!((bench.probes, bench.under_way.len()), (0, 1), "a mark first");
    bench.settle();
    tick(&mut bench, 61);
    assert_eq!(bench.probes, 1);
}

#[test]
fn clocks_that_are_too_far_apart_stop_the_firing_and_alarm() {
    let mut bench = with_deadline();
    // The broker stores at its own time, the owner reads six seconds "later".
    bench.now = at(60);
    bench.owner.tick(bench.now);
    bench.perform();
    bench.now = at(53);
    bench.store();
    bench.now = at(60);
    bench.read_all();
    bench.owner.tick(bench.now);
    bench.perform();
    assert_eq!(bench.probes, 0);
    assert_eq!(bench.alarms, [Alarm::ClockSkew { milliseconds: 7_000 }]);
}

#[test]
fn a_deadline_that_a_record_under_way_has_moved_does_not_fire() {
    let mut bench = with_deadline();
    bench.now = at(5);
    bench.owner.tick(bench.now);
    bench.perform();
    bench.request(2, "a", crate::jar::Look {});
    bench.owner.commands_end(Offset(0), bench.now);
    bench.perform();
    bench.settle();
    assert_eq!(bench.types(), ["jar.put.v1", "jar.looked.v1"]);
    assert!(bench.alarms.is_empty());
}

#[test]
fn firing_removes_the_deadline_in_every_state_that_has_one() {
    use crate::Aggregate;
    let state = crate::jar::JarState { sweets: 1, look_by: Some(at(1)) };
    let Some(command) = Jar::on_deadline(at(1)) else { panic!("a command") };
    let event = Jar::decide(&state, &command, at(2));
    assert_eq!(event, Ok(Some(Looked {}.into())));
    assert_eq!(Jar::deadline(&Jar::evolve(state, &Looked {}.into())), None);
}

#[test]
fn many_deadlines_that_have_passed_do_not_wait_for_a_tick_each() {
    let mut bench = Bench::serving();
    for n in 0..20 {
        bench.request(n, &format!("jar-{n}"), Put { sweets: 1, look_by: Some(at(5 + i64::from(n))) });
        bench.settle();
    }
    tick(&mut bench, 5);
    // Only the first is due when the first is looked at, the second when it is confirmed, and so on.
    for n in 1..=20 {
        assert_eq!(bench.probes, n, "each is asked for as soon as the one before it is confirmed");
        bench.now = at(5 + i64::from(n));
        bench.owner.commands_end(Offset(0), bench.now);
        bench.perform();
        bench.settle();
        assert_eq!(bench.types().iter().filter(|name| *name == "jar.looked.v1").count(), n as usize);
    }
    assert_eq!(bench.probes, 20, "and nothing is asked for when none is left");
}

#[test]
fn a_probe_that_failed_is_asked_again() {
    let mut bench = with_deadline();
    tick(&mut bench, 5);
    bench.owner.probe_failed();
    tick(&mut bench, 6);
    assert_eq!(bench.probes, 2);
    let _ = put(1);
}
