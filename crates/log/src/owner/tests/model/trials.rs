//! The worlds that are searched, each to its end, and what is found when a rule is taken out.

use super::super::bench::{command, put, take};
use super::promises::{
    ALL_ENDED, COMMANDS, DONE, DUPLICATE, GAP, GETS_ON, LOST_CLAIM, OLD_CLAIM, ONE_EVENT, REFUSALS, REFUSED, REPEATED,
    SENT_ON, VERSIONS,
};
use super::{Ask, Bounds, Left, Model};
use crate::jar::JarCommand;
use crate::record::header;
use crate::rules::Rule;
use stateright::{Checker, HasDiscoveries, Model as _};
use std::sync::Arc;
use std::time::Instant;
use tillroll_kafka::{Headers, Record};

const NOTHING: Left = Left { claims: 0, doubles: 0, failures: 0, crashes: 0, revocations: 0, gifts: 0 };

fn ask(id: u128, command: impl Into<JarCommand>) -> Ask {
    Ask { id, command: Some(command.into()), expected: None }
}

/// Two owners, of whom one serves; what comes is commands by HTTP.
fn requests(left: Left, longest_log: usize, asks: Vec<Ask>) -> Model {
    commands(left, longest_log, Vec::new(), asks)
}

/// Two owners, of whom one serves; commands by topic come too.
fn commands(left: Left, longest_log: usize, topic: Vec<Record>, asks: Vec<Ask>) -> Model {
    let topic = topic.into_iter().map(Arc::new).collect();
    let bounds = Bounds { owners: 2, served: true, asks, last_ask: ask(9, put(1)), topic, left, longest_log };
    Model { bounds: Arc::new(bounds), without: None, sees: &[] }
}

/// Three owners race for a partition that nobody has claimed.
fn race(left: Left, longest_log: usize, asks: Vec<Ask>) -> Model {
    let topic = Vec::new();
    let bounds = Bounds { owners: 3, served: false, asks, last_ask: ask(9, put(1)), topic, left, longest_log };
    Model { bounds: Arc::new(bounds), without: None, sees: &[] }
}

fn put_and_take() -> Vec<Ask> {
    vec![ask(1, put(1)), ask(2, take(1))]
}

/// Like a command of the commands topic, but of a type that this build does not know: it goes to the dead letters.
fn unreadable(mut record: Record) -> Record {
    let renamed = |(name, value): (&str, &[u8])| {
        let value = if name == header::TYPE { b"jar.shake".to_vec() } else { value.to_vec() };
        (name.to_owned(), value)
    };
    record.headers = Headers::from_iter(record.headers.iter().map(renamed));
    record
}

/// Two commands of which the second waits for its letter, one that carries a floor above the first, and the first
/// again.
fn letters() -> Vec<Record> {
    vec![
        command(0, "jar", 0, None, put(1)),
        unreadable(command(1, "jar", 1, None, put(1))),
        command(2, "jar", 2, Some(1), put(1)),
        command(3, "jar", 0, None, put(1)),
    ]
}

/// One that is refused, two that are joined, and one whose id came before with another body.
fn runs() -> Vec<Record> {
    vec![
        command(0, "jar", 0, None, take(3)),
        command(1, "jar", 1, None, put(1)),
        command(2, "jar", 2, None, put(2)),
        command(3, "jar", 1, None, put(3)),
    ]
}

/// Searches a world to its end: every promise holds in every state, and all of `sees` is seen in some.
fn search(name: &str, model: Model, sees: &'static [&'static str]) {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    let began = Instant::now();
    let checker = Model { sees, ..model }.checker().threads(threads).spawn_bfs().join();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    eprintln!("{name}: {states} states, {steps} steps, at most {} deep, {:?}", checker.max_depth(), began.elapsed());
    checker.assert_properties();
}

/// Without the rule a way is found to break that promise.
fn finds(rule: Rule, model: Model, broken: &'static str) {
    let checker = Model { without: Some(rule), ..model }.checker();
    let found = checker.finish_when(HasDiscoveries::AnyOf([broken].into())).spawn_bfs().join();
    let way = found.discovery(broken).map(|path| path.into_actions());
    eprintln!("without {rule:?}, after {} states, it is not so that {broken}: {way:?}", found.unique_state_count());
    assert!(way.is_some(), "without {rule:?} nothing breaks");
}

#[test]
fn commands_by_http_keep_every_promise() {
    let left = Left { claims: 2, ..NOTHING };
    let void = &[DONE, REFUSED, OLD_CLAIM, LOST_CLAIM, GAP];
    search("requests, taken over twice", requests(left, 5, put_and_take()), void);
    let left = Left { claims: 1, doubles: 1, ..NOTHING };
    search("requests, doubled records", requests(left, 5, put_and_take()), &[DONE, REFUSED, DUPLICATE]);
    search("requests, repeated", requests(left, 5, vec![ask(1, put(1)), ask(1, put(1))]), &[DONE, REPEATED]);
    let left = Left { claims: 1, failures: 1, ..NOTHING };
    search("requests, failed appends", requests(left, 5, put_and_take()), &[DONE, REFUSED, OLD_CLAIM]);
    let left = Left { claims: 1, crashes: 1, ..NOTHING };
    search("requests, a crash", requests(left, 5, put_and_take()), &[DONE, REFUSED, OLD_CLAIM]);
    let left = Left { claims: 1, revocations: 1, ..NOTHING };
    search("requests, draining", requests(left, 5, put_and_take()), &[DONE, REFUSED]);
    let left = Left { claims: 1, gifts: 1, ..NOTHING };
    search("requests, given away", requests(left, 5, put_and_take()), &[DONE, REFUSED, SENT_ON, OLD_CLAIM]);
    let left = Left { claims: 1, gifts: 1, failures: 1, ..NOTHING };
    search("requests, given away, failed appends", requests(left, 5, put_and_take()), &[DONE, REFUSED, SENT_ON]);
    let left = Left { claims: 1, gifts: 1, doubles: 1, ..NOTHING };
    search("requests, given away, doubled records", requests(left, 4, put_and_take()), &[DONE, SENT_ON, DUPLICATE]);
}

#[test]
fn commands_by_topic_keep_every_promise() {
    let one = || vec![ask(1, put(1))];
    search("commands, dead letters, a request", commands(NOTHING, 6, letters(), one()), &[DONE, ALL_ENDED]);
    let left = Left { claims: 1, ..NOTHING };
    search("commands, runs", commands(left, 5, runs(), Vec::new()), &[ALL_ENDED, OLD_CLAIM]);
    search("commands, dead letters", commands(left, 4, letters(), Vec::new()), &[ALL_ENDED, OLD_CLAIM]);
    let left = Left { claims: 1, crashes: 1, ..NOTHING };
    let first = letters().into_iter().take(2).collect();
    search("commands, a crash", commands(left, 4, first, Vec::new()), &[ALL_ENDED, OLD_CLAIM]);
    let left = Left { claims: 1, gifts: 1, ..NOTHING };
    let first = letters().into_iter().take(2).collect();
    search("commands, dead letters, given away", commands(left, 4, first, Vec::new()), &[ALL_ENDED, OLD_CLAIM]);
    let first = runs().into_iter().take(3).collect();
    search("commands, runs, given away", commands(left, 4, first, Vec::new()), &[ALL_ENDED, OLD_CLAIM]);
}

#[test]
fn a_race_of_three_for_the_claim_keeps_every_promise() {
    search("three owners", race(Left { claims: 2, ..NOTHING }, 3, vec![ask(1, put(1))]), &[DONE, LOST_CLAIM]);
    search("three owners, no request", race(Left { claims: 3, ..NOTHING }, 4, Vec::new()), &[LOST_CLAIM]);
}

#[test]
#[ignore = "takes an hour or so: `cargo test -p tillroll-log --lib model -- --ignored --nocapture`"]
fn larger_worlds_keep_every_promise() {
    let left = Left { claims: 2, doubles: 1, failures: 1, crashes: 1, ..NOTHING };
    search("requests, all of it", requests(left, 7, put_and_take()), &[DONE, REFUSED, OLD_CLAIM, DUPLICATE, GAP]);
    let left = Left { claims: 2, doubles: 1, crashes: 1, ..NOTHING };
    search("commands, all of it", commands(left, 7, letters(), vec![ask(1, put(1))]), &[DONE, ALL_ENDED]);
    let left = Left { claims: 4, doubles: 1, ..NOTHING };
    search("three owners, all of it", race(left, 6, vec![ask(1, put(1))]), &[DONE, LOST_CLAIM, OLD_CLAIM]);
}

#[test]
fn without_the_claim_chain_the_model_finds_an_old_claim_that_comes_back() {
    let left = Left { claims: 2, doubles: 2, ..NOTHING };
    finds(Rule::ClaimChain, requests(left, 8, vec![ask(1, put(1))]), VERSIONS);
}

#[test]
fn without_the_claim_check_the_model_finds_a_superseded_owner_that_writes_on() {
    let left = Left { claims: 1, doubles: 1, ..NOTHING };
    finds(Rule::ClaimCheck, requests(left, 6, put_and_take()), VERSIONS);
}

#[test]
fn without_the_check_for_duplicates_the_model_finds_an_event_that_counts_twice() {
    finds(Rule::Duplicates, requests(Left { doubles: 1, ..NOTHING }, 5, put_and_take()), VERSIONS);
}

#[test]
fn without_the_check_for_gaps_the_model_finds_an_event_before_its_predecessor() {
    finds(Rule::Gaps, requests(NOTHING, 5, vec![ask(1, put(1)), ask(2, put(1))]), VERSIONS);
}

#[test]
fn without_the_barrier_the_model_finds_a_refusal_that_was_not_true_any_more() {
    finds(Rule::Barrier, requests(Left { claims: 1, ..NOTHING }, 6, put_and_take()), REFUSALS);
}

#[test]
fn without_the_floors_the_model_finds_a_command_that_has_two_events() {
    finds(Rule::Floors, commands(Left { claims: 1, ..NOTHING }, 6, letters(), Vec::new()), ONE_EVENT);
}

#[test]
fn without_the_inbox_order_the_model_finds_a_command_that_a_new_owner_passes() {
    let model = || commands(Left { claims: 1, ..NOTHING }, 6, letters(), vec![ask(1, put(1))]);
    finds(Rule::InboxOrder, model(), COMMANDS);
    finds(Rule::InboxOrder, model(), GETS_ON);
}
