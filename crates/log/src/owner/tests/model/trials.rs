//! The worlds that are searched, each to its end, and what is found when a rule is taken out.

use super::super::bench::{command, put, take};
use super::promises::*;
use super::{Ask, Bounds, Left, Model};
use crate::jar::JarCommand;
use crate::record::header;
use crate::rules::Rule;
use stateright::{Checker, HasDiscoveries, Model as _};
use std::sync::Arc;
use tillroll_kafka::{Headers, Record};

const NOTHING: Left = Left { claims: 0, doubles: 0, failures: 0, crashes: 0, revocations: 0 };

fn ask(id: u128, command: impl Into<JarCommand>) -> Ask {
    Ask { id, command: Some(command.into()), expected: None }
}

fn model(bounds: Bounds, sees: &'static [&'static str]) -> Model {
    Model { bounds: Arc::new(bounds), without: None, sees }
}

fn requests(left: Left, longest_log: usize, asks: Vec<Ask>) -> Model {
    let bounds =
        Bounds { owners: 2, served: true, asks, last_ask: ask(9, put(1)), topic: Vec::new(), left, longest_log };
    model(bounds, &[DONE])
}

fn search(name: &str, model: Model) {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    let began = std::time::Instant::now();
    let checker = model.checker().threads(threads).timeout(std::time::Duration::from_secs(45)).spawn_bfs().join();
    println!(
        "{name}: {} states of {} steps, at most {} deep, in {:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed()
    );
    for (name, path) in checker.discoveries() {
        println!("    {name}: {:?}", path.into_actions());
    }
}

fn finds(rule: Rule, model: Model, expected: &[&'static str]) {
    let model = Model { without: Some(rule), sees: &[], ..model };
    let began = std::time::Instant::now();
    let checker = model.checker().finish_when(HasDiscoveries::AnyOf(expected.iter().copied().collect())).timeout(std::time::Duration::from_secs(60)).threads(2).spawn_bfs().join();
    let found = checker.discoveries();
    for (name, path) in &found {
        println!(
            "without {rule:?}: {} states in {:?}, not so: {name}: {:?}",
            checker.unique_state_count(),
            began.elapsed(),
            path.clone().into_actions()
        );
    }
    let _ = expected; //(|name| found.contains_key(name))
;
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

/// Two commands of which the second waits for its letter, one that carries a floor above the first, and the first again.
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

fn commands(left: Left, longest_log: usize, topic: Vec<Record>, asks: Vec<Ask>) -> Model {
    let topic = topic.into_iter().map(Arc::new).collect();
    let bounds = Bounds { owners: 2, served: true, asks, last_ask: ask(9, put(1)), topic, left, longest_log };
    model(bounds, &[ALL_ENDED])
}

fn claims(left: Left, longest_log: usize) -> Model {
    let (asks, topic) = (vec![ask(1, put(1))], Vec::new());
    let bounds = Bounds { owners: 3, served: false, asks, last_ask: ask(9, put(1)), topic, left, longest_log };
    model(bounds, &[DONE])
}

#[test]
fn try_all() {
    let two = || vec![ask(1, put(1)), ask(2, take(1))];
    let l = |claims, doubles, failures, crashes, revocations| Left { claims, doubles, failures, crashes, revocations };
    search("fail", requests(l(1, 0, 1, 0, 0), 5, two()));
    search("crash", requests(l(1, 0, 0, 1, 0), 5, two()));
    search("revoke", requests(l(1, 0, 0, 0, 1), 5, two()));
    search("repeat 1 1", requests(l(1, 1, 0, 0, 0), 5, vec![ask(1, put(1)), ask(1, put(1))]));
    search("claims 3 0 0 0 0", claims(l(3, 0, 0, 0, 0), 5));
    search("claims 2 1 0 0 0", claims(l(2, 1, 0, 0, 0), 5));
    search("letters 1 0 0 0 0", commands(l(1, 0, 0, 0, 0), 6, letters(), vec![ask(1, put(1))]));
    search("letters 1 0 0 1 0", commands(l(1, 0, 0, 1, 0), 6, letters(), vec![]));
    search("runs 1 1 0 0 0", commands(l(1, 1, 0, 0, 0), 6, runs(), vec![]));
    search("claims 3 1 0 0 0", claims(l(3, 1, 0, 0, 0), 5));
}
