//! What a server does at each step, and what that means for the mail: taken, refused for good, later, or nobody knows.

use super::server::{Does, PLENTY, Script, Server, mail};
use std::time::{Duration, Instant};
use tillroll_notifications::channels::{EmailConfig, Mailer, Outcome};

const SOON: Duration = Duration::from_millis(300);

async fn outcome(script: Script, within: Duration) -> (Outcome, usize) {
    let server = Server::start(script).await;
    let outcome = server.mailer().send(&mail(), within).await;
    (outcome, server.mails().len())
}

fn later(code: &str) -> (Outcome, usize) {
    (Outcome::Later(code.to_owned()), 0)
}

fn rejected(code: &str, mails: usize) -> (Outcome, usize) {
    (Outcome::Rejected(code.to_owned()), mails)
}

#[tokio::test]
async fn an_unknown_recipient_is_refused_for_good() {
    let script = Script { rcpt: Does::Says("550 5.1.1 unknown"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, rejected("5.1.1", 0));
}

#[tokio::test]
async fn a_text_that_is_not_wanted_is_refused_for_good() {
    let script = Script { end: Does::Says("554 5.7.1 no"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, rejected("5.7.1", 1));
    let script = Script { end: Does::Says("552 5.3.4 too big"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, rejected("5.3.4", 1));
}

#[tokio::test]
async fn a_server_that_defers_is_asked_later() {
    let script = Script { rcpt: Does::Says("451 4.7.1 greylisted"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("4.7.1"));
    let script = Script { mail: Does::Says("452 4.3.1 full"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("4.3.1"));
    let script = Script { end: Does::Says("451 4.3.0 try again"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, (Outcome::Later("4.3.0".to_owned()), 1));
    let script = Script { greeting: Does::Says("421 4.3.2 closing"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("4.3.2"));
}

#[tokio::test]
async fn a_refusal_of_us_is_no_refusal_of_the_mail() {
    let script = Script { greeting: Does::Says("554 5.7.1 not you"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("5.7.1"));
    let script = Script { mail: Does::Says("550 5.7.1 not from there"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("5.7.1"));
    // Many servers say at the recipient what they have against the client.
    let denied = "554 5.7.1 <anna@customers.example>: Relay access denied";
    let script = Script { rcpt: Does::Says(denied), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("5.7.1"));
    let script = Script { rcpt: Does::Says("554 not here"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("554"));
    let script = Script { data: Does::Says("554 5.7.1 not now"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("5.7.1"));
    let script = Script { rcpt: Does::Says("530 5.7.0 authenticate"), ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("5.7.0"));
}

#[tokio::test]
async fn a_connection_that_ends_after_the_text_leaves_the_outcome_unknown() {
    let script = Script { end: Does::Leaves, ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, (Outcome::Unknown, 1));
}

#[tokio::test]
async fn a_connection_that_ends_before_the_text_has_sent_nothing() {
    let script = Script { rcpt: Does::Leaves, ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("disconnected"));
    let script = Script { greeting: Does::Leaves, ..Script::default() };
    assert_eq!(outcome(script, PLENTY).await, later("unreachable"));
}

#[tokio::test]
async fn nobody_listening_is_asked_later() {
    let server = Server::start(Script::default()).await;
    let mailer = Mailer::new(EmailConfig { port: 1, ..server.config() }).unwrap();
    assert_eq!(mailer.send(&mail(), PLENTY).await, Outcome::Later("unreachable".to_owned()));
}

#[tokio::test]
async fn a_mail_that_was_taken_is_taken_however_the_goodbye_ends() {
    for quit in [Does::Hangs, Does::Leaves] {
        let server = Server::start(Script { quit, ..Script::default() }).await;
        let began = Instant::now();
        assert_eq!(server.mailer().send(&mail(), PLENTY).await, Outcome::Sent);
        assert!(began.elapsed() < PLENTY, "nobody waits for it");
    }
}

#[tokio::test]
async fn a_slow_server_is_not_waited_for_longer_than_was_said() {
    let began = Instant::now();
    let script = Script { greeting: Does::Hangs, ..Script::default() };
    assert_eq!(outcome(script, SOON).await, later("timed_out"));
    let script = Script { rcpt: Does::Hangs, ..Script::default() };
    assert_eq!(outcome(script, SOON).await, later("timed_out"));
    // The whole mail has to be said before.
    let script = Script { end: Does::Hangs, ..Script::default() };
    assert_eq!(outcome(script, 10 * SOON).await, (Outcome::Unknown, 1));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
