//! The worlds that are searched, each to its end, and what is found when a rule is taken out.

use super::super::bench::{command, put, take};
use super::promises::*;
use super::{Ask, Bounds, Left, Model};
use crate::jar::JarCommand;
use crate::rules::Rule;
use stateright::{Checker, HasDiscoveries, Model as _};
use std::sync::Arc;

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
    let checker = model.checker().threads(threads).timeout(std::time::Duration::from_secs(25)).spawn_bfs().join();
    println!(
        "{name}: {} states of {} steps, at most {} deep, in {:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        began.elapsed()
    );
    println!("{:?}", checker.discoveries().keys());
}

fn finds(rule: Rule, model: Model, expected: &[&'static str]) {
    let model = Model { without: Some(rule), sees: &[], ..model };
    let began = std::time::Instant::now();
    let checker = model.checker().finish_when(HasDiscoveries::AnyFailures).timeout(std::time::Duration::from_secs(60)).threads(2).spawn_bfs().join();
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

#[test]
fn try_requests() {
    let two = || vec![ask(1, put(1)), ask(2, take(1))];
    let three = || vec![ask(1, put(1)), ask(1, put(1)), ask(2, take(1))];
    let l = |claims, doubles, failures, crashes, revocations| Left { claims, doubles, failures, crashes, revocations };
    for (name, left, log, asks) in [
        ("two 2 1 0 0 0", l(2, 1, 0, 0, 0), 6, two()),
        ("two 2 0 1 0 0", l(2, 0, 1, 0, 0), 6, two()),
        ("two 2 0 0 1 0", l(2, 0, 0, 1, 0), 6, two()),
        ("two 2 0 0 0 1", l(2, 0, 0, 0, 1), 6, two()),
        ("three 1 0 0 0 0", l(1, 0, 0, 0, 0), 6, three()),
        ("three 2 0 0 0 0", l(2, 0, 0, 0, 0), 6, three()),
        ("three 1 1 1 0 0", l(1, 1, 1, 0, 0), 6, three()),
    ] {
        search(name, requests(left, log, asks));
    }
}

#[test]
fn try_rules() {
    let two = || vec![ask(1, put(1)), ask(2, take(1))];
    let l = |claims, doubles, failures, crashes, revocations| Left { claims, doubles, failures, crashes, revocations };
    let m = || requests(l(2, 2, 0, 0, 0), 7, two());
    finds(Rule::Duplicates, m(), &[ONE_EVENT]);
    finds(Rule::Gaps, requests(l(0, 0, 0, 0, 0), 7, vec![ask(1, put(1)), ask(2, put(1))]), &[VERSIONS]);
    finds(Rule::ClaimCheck, m(), &[VERSIONS]);
    finds(Rule::Barrier, m(), &[REFUSALS]);
    finds(Rule::ClaimChain, m(), &[VERSIONS]);
}
