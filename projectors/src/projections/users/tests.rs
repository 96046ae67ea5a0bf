//! Users as rows: what events say replaces what was said before, and nothing is left of whoever is gone.

use super::*;
use crate::samples::{at, envelope};
use tillroll_log::CommandId;
use tillroll_log::record::Ended;
use tillroll_schemas::Sealed;
use tillroll_schemas::identity_claim::ClaimKey;
use tillroll_schemas::user::{
    Activated, EmailVerified, Erased, HeldClaim, Profile, ProfileChanged, RegistrationStarted, Suspended,
};

const ANN: Uuid = Uuid::from_u128(0xa);

fn started() -> UserEvent {
    let claim = HeldClaim { claim: ClaimKey::of_mac(&[1; 32]), hold: 1 };
    let sealed = Sealed::from_stored;
    RegistrationStarted {
        email: sealed("s1.email"),
        email_claim: claim.clone(),
        username: sealed("s1.name"),
        username_claim: claim,
        profile: Profile::default(),
        password: tillroll_schemas::PasswordHash("$argon2id$canary".to_owned()),
        roles: [tillroll_schemas::user::Role::Customer].into(),
        claims_expire_at: at("2026-01-01T00:00:00Z"),
        answer_by: at("2026-01-01T00:00:00Z"),
    }
    .into()
}

fn folded(events: &[UserEvent]) -> Batch {
    let mut batch = Batch::default();
    for (nth, event) in events.iter().enumerate() {
        let mut envelope = envelope("user.events.v1", &ANN.to_string(), nth as u64 + 1, 40 + nth as i64);
        let hash = None;
        envelope.ends.push(Ended { id: CommandId(Uuid::from_u128(0xc)), hash, source: None, floor: None });
        Users::fold(&mut batch, &envelope, event);
    }
    batch
}

fn change(events: &[UserEvent]) -> Change {
    folded(events).users.remove(&ANN).unwrap()
}

#[test]
fn an_account_is_made_of_the_last_that_was_said() {
    let profile = Profile { bio: Some(Sealed::from_stored("s1.bio")), ..Profile::default() };
    let activated = Activated { answers: Vec::new(), epoch: 1 };
    let change = change(&[
        started(),
        activated.into(),
        ProfileChanged { profile }.into(),
        EmailVerified {}.into(),
        Suspended { reason: "fraud".to_owned(), epoch: 2 }.into(),
    ]);
    assert_eq!((change.status, change.version, change.offset), (Some("suspended"), 5, 44));
    assert_eq!(change.registered_at, Some(at("2010-12-01T08:26:00Z")));
    let account = Value::Object(change.account);
    assert_eq!(account["profile"], json!({ "bio": "s1.bio" }));
    assert_eq!(
        (&account["epoch"], &account["email_verified"], &account["email"]),
        (&json!(2), &json!(true), &json!("s1.email"))
    );
    assert!(!account.to_string().contains("argon2"), "no hash of a password is in a read model: {account}");
}

#[test]
fn what_was_ever_said_in_a_profile_is_known_by_its_name_also_when_it_is_gone() {
    let sealed = |text: &str| Some(Sealed::from_stored(text));
    let profile = Profile { bio: sealed("s1.bio"), locale: Some("en-GB".to_owned()), ..Profile::default() };
    let addresses = vec![Sealed::from_stored("s1.street"), Sealed::from_stored("s1.other")];
    let erased = Erased { epoch: 2, releases: Vec::new(), answer_by: at("2026-01-01T00:00:00Z") };
    let change = change(&[
        started(),
        ProfileChanged { profile }.into(),
        ProfileChanged { profile: Profile { addresses, ..Profile::default() } }.into(),
        erased.into(),
    ]);
    assert_eq!(Value::Object(change.had), json!({ "address": true, "bio": true }));
}

#[test]
fn nothing_is_left_of_whoever_is_erased_but_that_he_was() {
    let erased = Erased { epoch: 2, releases: Vec::new(), answer_by: at("2026-01-01T00:00:00Z") };
    let batch = folded(&[started(), erased.into()]);
    let change = &batch.users[&ANN];
    assert_eq!((change.status, change.afresh, change.account.len()), (Some("erased"), true, 0));
    let [erasure] = &batch.erasures[..] else { panic!("{batch:?}") };
    assert_eq!((erasure.id, erasure.user, erasure.offset), (Uuid::from_u128(0xc), ANN, 41));
}
