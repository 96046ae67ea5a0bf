//! What is known of users after what happened to them.

use super::*;
use tillroll_schemas::user::{
    EmailChanged, EmailVerified, Erased, HeldClaim, Profile, ProfileChanged, RegistrationFailed, RegistrationStarted,
};
use tillroll_schemas::{PasswordHash, Timestamp};

fn time() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn claim(hold: u32) -> HeldClaim {
    HeldClaim { claim: "ab".repeat(32).parse().unwrap(), hold }
}

fn sealed(text: &str) -> Sealed {
    Sealed::from_stored(text)
}

fn started() -> UserEvent {
    UserEvent::RegistrationStarted(RegistrationStarted {
        email: sealed("first"),
        email_claim: claim(1),
        username: sealed("anna"),
        username_claim: claim(1),
        profile: Profile { locale: Some("en-GB".to_owned()), ..Profile::default() },
        password: PasswordHash("hash".to_owned()),
        roles: [].into(),
        claims_expire_at: time(),
        answer_by: time(),
    })
}

fn moved_to(text: &str, hold: u32) -> UserEvent {
    let (claim, email) = (claim(hold), sealed(text));
    UserEvent::EmailChanged(EmailChanged { email, claim, answers: vec![], releases: vec![], answer_by: time() })
}

fn after(events: &[UserEvent]) -> Reached {
    events.iter().fold(Reached::default(), UserFacts::evolve)
}

#[test]
fn each_change_is_told_to_the_address_before_it() {
    let Reached::By(reach) = after(&[started(), moved_to("second", 2), moved_to("third", 3)]) else { panic!() };
    assert_eq!(reach.email, sealed("third"));
    assert_eq!(reach.former, [(2, sealed("first")), (3, sealed("second"))].into());
}

#[test]
fn only_the_last_former_addresses_are_kept() {
    let changes = (2..20).map(|hold| moved_to(&format!("nr. {hold}"), hold));
    let Reached::By(reach) = after(&[started()].into_iter().chain(changes).collect::<Vec<_>>()) else { panic!() };
    assert_eq!(reach.former.len(), FORMER);
    assert_eq!(reach.former.last_key_value(), Some((&19, &sealed("nr. 18"))));
}

#[test]
fn the_language_is_the_one_that_was_chosen_last() {
    let changed = UserEvent::ProfileChanged(ProfileChanged { profile: Profile::default() });
    let Reached::By(reach) = after(&[started()]) else { panic!() };
    assert_eq!(reach.locale.as_deref(), Some("en-GB"));
    let Reached::By(reach) = after(&[started(), changed]) else { panic!() };
    assert_eq!(reach.locale, None);
}

#[test]
fn the_telephone_number_is_the_one_that_was_said_last_and_goes_when_it_is_left_out() {
    let says = |phone: Option<&str>| {
        let profile = Profile { phone: phone.map(sealed), ..Profile::default() };
        UserEvent::ProfileChanged(ProfileChanged { profile })
    };
    let phone = |events: &[UserEvent]| match after(events) {
        Reached::By(reach) => reach.phone,
        other => panic!("{other:?}"),
    };
    assert_eq!(phone(&[started()]), None);
    assert_eq!(phone(&[started(), says(Some("old")), says(Some("new"))]), Some(sealed("new")));
    assert_eq!(phone(&[started(), says(Some("old")), moved_to("second", 2)]), Some(sealed("old")));
    assert_eq!(phone(&[started(), says(Some("old")), says(None)]), None);
}

#[test]
fn who_was_erased_or_never_had_an_account_is_not_reached() {
    let erased = UserEvent::Erased(Erased { epoch: 2, releases: vec![], answer_by: time() });
    assert_eq!(after(&[started(), erased.clone(), moved_to("late", 2)]), Reached::Erased);
    let failure = tillroll_schemas::user::ClaimFailure::EmailTaken;
    let failed = RegistrationFailed { failure, answers: vec![], releases: vec![], answer_by: time() };
    assert_eq!(after(&[started(), UserEvent::RegistrationFailed(failed)]), Reached::Unknown);
    assert_eq!(after(&[]), Reached::Unknown);
}

#[test]
fn an_address_that_came_or_was_proved_counts_anew() {
    let number = |events: &[UserEvent]| match after(events) {
        Reached::By(reach) => reach.number,
        other => panic!("{other:?}"),
    };
    let verified = || UserEvent::EmailVerified(EmailVerified {});
    assert_eq!(number(&[started()]), 1);
    assert_eq!(number(&[started(), verified()]), 2);
    assert_eq!(number(&[started(), verified(), moved_to("second", 2)]), 3);
}
