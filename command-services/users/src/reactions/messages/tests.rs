//! Which messages an account's events cause, each once.

use super::*;
use tillroll_log::record::event_id;
use tillroll_log::{Body, ClaimId, Coordinates, Offset, Ordinal, PartitionId};
use tillroll_schemas::notification::NotificationCommand;
use tillroll_schemas::user::{
    Activated, EmailVerificationRequested, Erased, HeldClaim, PasswordProof, PasswordResetRequested, Reinstated,
    Suspended,
};
use tillroll_schemas::user::{EmailChanged as Changed, PasswordChanged as NewPassword};
use tillroll_schemas::{PasswordHash, Sealed, SecretHash, Timestamp, catalogue};
use uuid::Uuid;

const ANN: UserId = UserId(Uuid::from_u128(1));

fn noon() -> Timestamp {
    "2026-11-22T12:00:00.123Z".parse().unwrap()
}

fn cause(nth: u64) -> Cause {
    let at = Coordinates { topic: "user.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    let id = event_id(ClaimId(Uuid::from_u128(9)), Ordinal(nth), noon());
    Cause { id, at, key: ANN.to_string().into(), correlation: None }
}

/// Key, user and content of the messages.
fn told(cause: &Cause, event: impl Into<UserEvent>) -> Vec<(String, UserId, Content)> {
    let caused = because_of(cause, ANN, &event.into()).unwrap();
    let read = |outgoing: tillroll_log::Outgoing| {
        assert_eq!(outgoing.to, catalogue::NOTIFICATION);
        let command = NotificationCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
        let NotificationCommand::Queue(queue) = command else { panic!("{command:?}") };
        assert!(queue.channels.is_empty(), "over all that there is a text for");
        (outgoing.key.to_string(), queue.user_id, queue.content)
    };
    caused.into_iter().map(read).collect()
}

fn changed(hold: u32) -> UserEvent {
    let claim = HeldClaim { claim: "ab".repeat(32).parse().unwrap(), hold };
    Changed { email: Sealed::from_stored("new"), claim, answers: vec![], releases: vec![], answer_by: noon() }.into()
}

fn token() -> SecretHash {
    SecretHash::of_digest(&[7; 32])
}

#[test]
fn a_request_is_told_by_its_id_and_never_by_its_token() {
    let (request_id, expires_at) = (Uuid::from_u128(3), noon());
    let requested = EmailVerificationRequested { request_id, token: token(), expires_at };
    let verify = Content::VerifyEmail(VerifyEmail { request_id, expires_at });
    assert_eq!(told(&cause(1), requested).pop().map(|(_, user, content)| (user, content)), Some((ANN, verify)));
    let requested = PasswordResetRequested { request_id, token: token(), expires_at };
    let reset = Content::ResetPassword(ResetPassword { request_id, expires_at });
    assert_eq!(told(&cause(1), requested).pop().map(|(_, user, content)| (user, content)), Some((ANN, reset)));
}

#[test]
fn a_change_is_told_with_its_time_and_names_the_address_that_came() {
    let email = Content::EmailChanged(EmailChanged { changed_at: noon(), change: 4 });
    assert_eq!(told(&cause(1), changed(4)).pop().map(|(.., content)| content), Some(email));
    let password = PasswordHash("hash".to_owned());
    let event = NewPassword { password, proof: PasswordProof::ResetToken, epoch: 2 };
    let password = Content::PasswordChanged(PasswordChanged { changed_at: noon() });
    assert_eq!(told(&cause(1), event).pop().map(|(.., content)| content), Some(password));
}

#[test]
fn who_is_locked_out_hears_it_without_the_word_of_staff() {
    let suspended = told(&cause(1), Suspended { reason: "fraud".to_owned(), epoch: 2 }).pop();
    let content = Content::AccountSuspended(AccountSuspended { suspended_at: noon() });
    assert_eq!(suspended.map(|(_, user, content)| (user, content)), Some((ANN, content)));
    let content = Content::AccountReinstated(AccountReinstated { reinstated_at: noon() });
    assert_eq!(told(&cause(1), Reinstated {}).pop().map(|(.., content)| content), Some(content));
}

#[test]
fn one_cause_is_one_notification_however_often_it_is_reacted_to() {
    let key = |nth| told(&cause(nth), changed(2)).pop().map(|(key, ..)| key);
    assert_eq!(key(1), key(1));
    assert_ne!(key(1), key(2));
}

#[test]
fn nothing_is_told_of_the_rest() {
    assert_eq!(told(&cause(1), Activated { answers: vec![], epoch: 1 }), []);
    assert_eq!(told(&cause(1), Erased { epoch: 2, releases: vec![], answer_by: noon() }), []);
}
