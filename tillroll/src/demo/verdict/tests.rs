//! Topics and answers that agree, and those of which one thing is wrong.

use super::*;

const FIRST: &str = "product.events.v1/0@7";
const SECOND: &str = "product.events.v1/0@8";

/// A command whose answer says that its event stands there.
fn done(sku: &str, at: &str) -> Done {
    Done { sku: sku.to_owned(), at: at.to_owned(), refused: None }
}

/// What the topic and the answers to `A` (at the first place) and `B` (at the second) come to.
fn verdict(events: &[(&str, &[&str])]) -> Verdict {
    let events = events.iter().map(|(sku, at)| ((*sku).to_owned(), at.iter().map(|at| (*at).to_owned()).collect()));
    let found = Found { events: events.collect(), voids: vec!["void".to_owned()] };
    Verdict::of(found, &[done("A", FIRST), done("B", SECOND)])
}

fn last_line(verdict: &Verdict) -> String {
    verdict.to_string().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn it_holds_if_each_answered_command_has_its_event_once() {
    let verdict = verdict(&[("A", &[FIRST]), ("B", &[SECOND])]);
    assert!(verdict.holds(), "void records break nothing: {verdict}");
    assert_eq!(last_line(&verdict), "answered 2, lost 0, doubled 0, falsely refused 0");
}

#[test]
fn it_does_not_hold_if_an_answered_command_has_no_event() {
    let verdict = verdict(&[("A", &[FIRST])]);
    assert!(!verdict.holds());
    assert_eq!(last_line(&verdict), "answered 2, lost 1, doubled 0, falsely refused 0");
    assert!(verdict.to_string().contains("lost: B: product.events.v1/0@8"), "{verdict}");
}

#[test]
fn it_does_not_hold_if_the_event_stands_elsewhere_than_the_answer_said() {
    assert!(!verdict(&[("A", &[FIRST]), ("B", &["product.events.v1/0@9"])]).holds());
}

#[test]
fn it_does_not_hold_if_a_command_has_two_events() {
    let verdict = verdict(&[("A", &[FIRST, "product.events.v1/0@9"]), ("B", &[SECOND])]);
    assert!(!verdict.holds());
    assert_eq!(last_line(&verdict), "answered 2, lost 0, doubled 1, falsely refused 0");
    assert!(verdict.to_string().contains("doubled: A: product.events.v1/0@7, product.events.v1/0@9"), "{verdict}");
}

#[test]
fn it_does_not_hold_if_a_command_was_refused_or_none_was_answered() {
    let refused = Done { refused: Some("409 already_exists".to_owned()), ..done("A", "") };
    assert!(!Verdict::of(Found::default(), &[refused]).holds());
    assert!(!Verdict::of(Found::default(), &[]).holds());
}
