//! What users and identity claims send each other: each event its commands, each command one answer.

use super::*;
use tillroll_log::{Body, Coordinates, EventId, Offset, PartitionId};
use tillroll_schemas::identity_claim::{ClaimKey, Confirmed, ExpiryAsked, ExpiryPassed, Extended, Released, Reserved};
use tillroll_schemas::user::{ClaimExpiryAnswered, ClaimsReserved, EmailChanged, Erased, StepOverdue};
use tillroll_schemas::{Sealed, UserId};
use uuid::Uuid;

fn ann() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn cause(key: &str) -> Cause {
    let at = Coordinates { topic: "x.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    Cause { id: EventId(Uuid::from_u128(1)), at, key: key.into(), correlation: None }
}

fn claim(number: u8) -> ClaimKey {
    ClaimKey::of_mac(&[number; 32])
}

fn held(number: u8, hold: u32) -> HeldClaim {
    HeldClaim { claim: claim(number), hold }
}

fn by(number: u32) -> Hold {
    Hold { user_id: ann(), number }
}

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn caused_by_user(event: impl Into<UserEvent>) -> Vec<(String, IdentityClaimCommand)> {
    let mut caused = UserReactions::on_event(&cause(&ann().to_string()), &event.into()).unwrap();
    // What people are told has tests of its own.
    caused.retain(|outgoing| outgoing.to != catalogue::NOTIFICATION);
    let steps: std::collections::BTreeSet<_> = caused.iter().map(|outgoing| outgoing.step.clone()).collect();
    assert_eq!(steps.len(), caused.len(), "two commands of one cause have one name");
    let read = |outgoing: Outgoing| {
        assert_eq!(outgoing.to, catalogue::IDENTITY_CLAIM);
        let command = IdentityClaimCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
        (outgoing.key.to_string(), command)
    };
    caused.into_iter().map(read).collect()
}

fn read(caused: Vec<Outgoing>) -> Option<UserCommand> {
    let [outgoing] = caused.as_slice() else { return None };
    assert_eq!((outgoing.to, outgoing.key.to_string()), (catalogue::USER, ann().to_string()));
    Some(UserCommand::decode(outgoing.type_name, &outgoing.value).unwrap())
}

fn caused_by_claim(event: impl Into<IdentityClaimEvent>) -> Option<UserCommand> {
    read(IdentityClaimReactions::on_event(&cause(claim(9).as_str()), &event.into()).unwrap())
}

fn settled(command: impl Into<IdentityClaimCommand>, settled: SettledAs<'_>) -> Option<UserCommand> {
    read(IdentityClaimReactions::on_settled(&cause(claim(9).as_str()), Some(&command.into()), settled).unwrap())
}

fn told(hold: u32, outcome: ClaimOutcome) -> Option<UserCommand> {
    Some(RecordClaimAnswers { answers: vec![ClaimAnswer { of: held(9, hold), outcome }] }.into())
}

fn to(number: u8, command: impl Into<IdentityClaimCommand>) -> (String, IdentityClaimCommand) {
    (claim(number).to_string(), command.into())
}

#[test]
fn what_is_to_be_confirmed_is_confirmed_under_its_hold() {
    let reserved = ClaimsReserved { answers: vec![], claims: vec![held(1, 1), held(2, 1)], answer_by: at() };
    let expected = [to(1, ConfirmIdentity { hold: by(1) }), to(2, ConfirmIdentity { hold: by(1) })];
    assert_eq!(caused_by_user(reserved), expected);
}

#[test]
fn whatever_is_to_be_released_is_released() {
    let releases = vec![held(1, 1), held(1, 3), held(2, 1)];
    let expected = || {
        [
            to(1, ReleaseIdentity { hold: by(1) }),
            to(1, ReleaseIdentity { hold: by(3) }),
            to(2, ReleaseIdentity { hold: by(1) }),
        ]
    };
    let erased = Erased { epoch: 2, releases: releases.clone(), answer_by: at() };
    assert_eq!(caused_by_user(erased), expected());
    let (email, claim, answers) = (Sealed::from_stored(""), held(5, 2), vec![]);
    let changed = EmailChanged { email, claim, answers, releases: releases.clone(), answer_by: at() };
    assert_eq!(caused_by_user(changed), expected());
    let overdue = StepOverdue { step: ClaimStep::Release, attempt: 1, releases, answer_by: at() };
    assert_eq!(caused_by_user(overdue), expected());
    let overdue = StepOverdue { step: ClaimStep::Confirm, attempt: 1, releases: vec![], answer_by: at() };
    assert_eq!(caused_by_user(overdue), []);
}

#[test]
fn a_claim_that_asks_is_told() {
    let answered = |verdict| caused_by_user(ClaimExpiryAnswered { of: held(1, 2), verdict });
    assert_eq!(answered(ExpiryVerdict::Confirm), [to(1, ConfirmIdentity { hold: by(2) })]);
    assert_eq!(answered(ExpiryVerdict::Release), [to(1, ReleaseIdentity { hold: by(2) })]);
    let longer = ExpiryVerdict::Extend { expires_at: at() };
    assert_eq!(answered(longer), [to(1, ExtendIdentity { hold: by(2), expires_at: at() })]);
}

#[test]
fn what_happened_to_a_claim_its_user_hears() {
    assert_eq!(caused_by_claim(Reserved { hold: by(2), expires_at: at() }), told(2, ClaimOutcome::Reserved));
    assert_eq!(caused_by_claim(Confirmed { hold: by(2) }), told(2, ClaimOutcome::Confirmed));
    assert_eq!(caused_by_claim(Released { hold: by(2) }), told(2, ClaimOutcome::Released));
    assert_eq!(caused_by_claim(Extended { hold: by(2), expires_at: at() }), None);
    let asked = caused_by_claim(ExpiryAsked { hold: by(2), attempt: 1, expires_at: at() });
    assert_eq!(asked, Some(AskClaimExpiry { of: held(9, 2), expires_at: at() }.into()));
}

#[test]
fn a_command_that_changed_nothing_had_reached_its_goal() {
    let reserve = ReserveIdentity { hold: by(1), expires_at: at() };
    assert_eq!(settled(reserve, SettledAs::Unchanged), told(1, ClaimOutcome::Reserved));
    let confirm = ConfirmIdentity { hold: by(1) };
    assert_eq!(settled(confirm, SettledAs::Unchanged), told(1, ClaimOutcome::Confirmed));
    let release = ReleaseIdentity { hold: by(1) };
    assert_eq!(settled(release, SettledAs::Unchanged), told(1, ClaimOutcome::Released));
}

#[test]
fn a_command_that_was_not_carried_out_is_answered_with_why() {
    let endings = [
        (SettledAs::Refused("identity_taken"), "identity_taken"),
        (SettledAs::Conflict, "conflict"),
        (SettledAs::DeadLettered, "dead_lettered"),
    ];
    for (ending, code) in endings {
        let code = || code.to_owned();
        let reserve = ReserveIdentity { hold: by(1), expires_at: at() };
        assert_eq!(settled(reserve, ending), told(1, ClaimOutcome::ReservationRefused { code: code() }));
        let confirm = ConfirmIdentity { hold: by(1) };
        assert_eq!(settled(confirm, ending), told(1, ClaimOutcome::ConfirmationRefused { code: code() }));
        let release = ReleaseIdentity { hold: by(1) };
        assert_eq!(settled(release, ending), told(1, ClaimOutcome::ReleaseRefused { code: code() }));
    }
    assert_eq!(settled(ExtendIdentity { hold: by(1), expires_at: at() }, SettledAs::Refused("x")), None);
    assert_eq!(settled(ExpiryPassed { deadline: at() }, SettledAs::Unchanged), None);
}

#[test]
fn keys_that_are_none_cause_nothing() {
    let caused = IdentityClaimReactions::on_event(&cause("nobody"), &Confirmed { hold: by(1) }.into()).unwrap();
    assert_eq!(caused, []);
    let released = Erased { epoch: 2, releases: vec![held(1, 1)], answer_by: at() };
    assert_eq!(UserReactions::on_event(&cause("nobody"), &released.into()).unwrap(), []);
}
