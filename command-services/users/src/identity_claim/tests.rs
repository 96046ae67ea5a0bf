//! What an identity claim does, sentence by sentence, and that it never has two holders.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tillroll_log::Rejection as _;
use tillroll_schemas::UserId;
use tillroll_testkit::{assert_twice_adds_nothing, story};
use uuid::Uuid;

struct Given(State);

struct Decided(Decision);

fn given(events: &[IdentityClaimEvent]) -> Given {
    Given(fold(events))
}

fn fold(events: &[IdentityClaimEvent]) -> State {
    events.iter().fold(State::default(), IdentityClaim::evolve)
}

impl Given {
    fn when(self, command: impl Into<IdentityClaimCommand>) -> Decided {
        Decided(IdentityClaim::decide(&self.0, &command.into(), at(1_000)))
    }
}

impl Decided {
    #[track_caller]
    fn then(self, event: impl Into<IdentityClaimEvent>) {
        assert_eq!(self.0, Ok(Some(event.into())));
    }
    #[track_caller]
    fn then_nothing(self) {
        assert_eq!(self.0, Ok(None));
    }
    #[track_caller]
    fn then_refused(self, rejection: Rejection) {
        assert_eq!(self.0, Err(rejection));
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap()
}

fn hold(user: u128, number: u32) -> Hold {
    Hold { user_id: UserId(Uuid::from_u128(user)), number }
}

fn ann() -> Hold {
    hold(1, 1)
}

fn bob() -> Hold {
    hold(2, 1)
}

fn reserve_until(hold: Hold, until: i64) -> ReserveIdentity {
    ReserveIdentity { hold, expires_at: at(until) }
}

fn extend_until(hold: Hold, until: i64) -> ExtendIdentity {
    ExtendIdentity { hold, expires_at: at(until) }
}

fn reserved(hold: Hold) -> IdentityClaimEvent {
    Reserved { hold, expires_at: at(900) }.into()
}

fn confirmed(hold: Hold) -> IdentityClaimEvent {
    Confirmed { hold }.into()
}

fn released(hold: Hold) -> IdentityClaimEvent {
    Released { hold }.into()
}

fn asked(attempt: u32, until: i64) -> IdentityClaimEvent {
    ExpiryAsked { hold: ann(), attempt, expires_at: at(until) }.into()
}

fn expiry(deadline: i64) -> ExpiryPassed {
    ExpiryPassed { deadline: at(deadline) }
}

#[test]
fn what_is_free_is_reserved_for_the_first_who_asks() {
    given(&[]).when(reserve_until(ann(), 900)).then(reserved(ann()));
    given(&[reserved(bob()), released(bob())]).when(reserve_until(ann(), 900)).then(reserved(ann()));
}

#[test]
fn what_somebody_has_is_refused_to_everybody_else() {
    given(&[reserved(ann())]).when(reserve_until(bob(), 900)).then_refused(Rejection::Taken);
    given(&[reserved(ann()), confirmed(ann())]).when(reserve_until(bob(), 900)).then_refused(Rejection::Taken);
}

#[test]
fn the_same_user_by_another_attempt_is_somebody_else() {
    given(&[reserved(ann())]).when(reserve_until(hold(1, 2), 900)).then_refused(Rejection::Taken);
    given(&[reserved(ann())]).when(ConfirmIdentity { hold: hold(1, 2) }).then_refused(Rejection::NotHeld);
    given(&[reserved(ann()), confirmed(ann())]).when(ReleaseIdentity { hold: hold(1, 2) }).then_nothing();
}

#[test]
fn reserving_again_what_one_has_changes_nothing() {
    given(&[reserved(ann())]).when(reserve_until(ann(), 950)).then_nothing();
    given(&[reserved(ann()), confirmed(ann())]).when(reserve_until(ann(), 950)).then_nothing();
}

#[test]
fn a_reservation_is_confirmed_once_and_only_by_its_user() {
    given(&[reserved(ann())]).when(ConfirmIdentity { hold: ann() }).then(confirmed(ann()));
    given(&[reserved(ann()), confirmed(ann())]).when(ConfirmIdentity { hold: ann() }).then_nothing();
    given(&[reserved(ann())]).when(ConfirmIdentity { hold: bob() }).then_refused(Rejection::NotHeld);
    given(&[]).when(ConfirmIdentity { hold: ann() }).then_refused(Rejection::NotHeld);
}

#[test]
fn a_claim_is_released_reserved_or_confirmed_and_only_by_its_user() {
    given(&[reserved(ann())]).when(ReleaseIdentity { hold: ann() }).then(released(ann()));
    given(&[reserved(ann()), confirmed(ann())]).when(ReleaseIdentity { hold: ann() }).then(released(ann()));
    given(&[reserved(ann())]).when(ReleaseIdentity { hold: bob() }).then_nothing();
    given(&[]).when(ReleaseIdentity { hold: ann() }).then_nothing();
}

#[test]
fn a_reservation_whose_time_is_up_stays_and_its_user_is_asked() {
    given(&[reserved(ann())]).when(expiry(900)).then(asked(1, 1_060));
    let state = fold(&[reserved(ann()), asked(1, 1_060)]);
    assert_eq!(state.hold(), Some(ann()));
    given(&[reserved(ann()), asked(1, 1_060)]).when(reserve_until(bob(), 9_000)).then_refused(Rejection::Taken);
}

#[test]
fn a_user_who_does_not_answer_is_asked_again_ever_more_seldom() {
    given(&[reserved(ann()), asked(1, 1_060)]).when(expiry(1_060)).then(asked(2, 1_060 + 120));
    given(&[reserved(ann()), asked(9, 5_000)]).when(expiry(5_000)).then(asked(10, 5_000 + 3_840));
}

#[test]
fn the_timer_of_a_reservation_that_ended_says_nothing() {
    given(&[reserved(ann()), confirmed(ann())]).when(expiry(900)).then_nothing();
    given(&[reserved(ann()), released(ann())]).when(expiry(900)).then_nothing();
    given(&[reserved(ann()), asked(1, 1_060)]).when(expiry(900)).then_nothing();
}

#[test]
fn a_reservation_is_extended_forwards_and_only_by_its_user() {
    given(&[reserved(ann())]).when(extend_until(ann(), 950)).then(Extended { hold: ann(), expires_at: at(950) });
    given(&[reserved(ann())]).when(extend_until(ann(), 900)).then_nothing();
    given(&[reserved(ann()), confirmed(ann())]).when(extend_until(ann(), 950)).then_nothing();
    given(&[reserved(ann())]).when(extend_until(bob(), 950)).then_refused(Rejection::NotHeld);
    given(&[]).when(extend_until(ann(), 950)).then_refused(Rejection::NotHeld);
}

#[test]
fn whoever_has_it_is_the_answer() {
    assert_eq!(IdentityClaim::answer(&"k".into(), None, &fold(&[reserved(ann())])), Some(ann()));
    assert_eq!(IdentityClaim::answer(&"k".into(), None, &fold(&[])), None);
    assert_eq!(fold(&[reserved(ann())]).confirmed(), None);
    assert_eq!(fold(&[reserved(ann()), confirmed(ann())]).confirmed(), Some(ann()));
}

#[test]
fn every_rejection_says_why() {
    let codes: BTreeSet<_> = Rejection::ALL.iter().map(|rejection| rejection.code()).collect();
    assert_eq!(codes.len(), Rejection::ALL.len());
    assert!(Rejection::ALL.iter().all(|rejection| !rejection.detail().is_empty()));
}

fn some_command() -> impl Strategy<Value = IdentityClaimCommand> {
    let who = (0..4_u128, 1..3_u32).prop_map(|(user, number)| hold(user, number));
    let until = 0..2_000_i64;
    prop_oneof![
        4 => (who.clone(), until.clone()).prop_map(|(who, until)| reserve_until(who, until).into()),
        1 => (who.clone(), until).prop_map(|(who, until)| extend_until(who, until).into()),
        4 => who.clone().prop_map(|hold| ConfirmIdentity { hold }.into()),
        2 => who.prop_map(|hold| ReleaseIdentity { hold }.into()),
    ]
}

/// A command, or time that is up.
fn some_story() -> impl Strategy<Value = Vec<Option<IdentityClaimCommand>>> {
    prop::collection::vec(prop::option::weighted(0.9, some_command()), 0..80)
}

/// Who has it by the events alone, told without the aggregate: each hold from its own first event to its release.
fn holders(events: &[IdentityClaimEvent]) -> (BTreeSet<Hold>, BTreeSet<Hold>) {
    let mut all: BTreeMap<Hold, bool> = BTreeMap::new();
    for event in events {
        match event {
            IdentityClaimEvent::Reserved(e) => drop(all.insert(e.hold, false)),
            IdentityClaimEvent::Confirmed(e) => drop(all.insert(e.hold, true)),
            IdentityClaimEvent::Released(e) => drop(all.remove(&e.hold)),
            IdentityClaimEvent::Extended(_) | IdentityClaimEvent::ExpiryAsked(_) => {}
        }
    }
    let confirmed = all.iter().filter(|(_, confirmed)| **confirmed).map(|(hold, _)| *hold).collect();
    (all.into_keys().collect(), confirmed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_many_users_ask_in_whatever_order_nobody_shares_it(story in some_story()) {
        let (mut state, mut events, mut now) = (State::default(), Vec::new(), at(0));
        for asked in story {
            let command = match (asked, IdentityClaim::deadline(&state)) {
                (Some(command), _) => command,
                (None, Some(deadline)) => {
                    now = now.max(deadline);
                    IdentityClaim::on_deadline(deadline).unwrap()
                }
                (None, None) => continue,
            };
            if let Ok(Some(event)) = IdentityClaim::decide(&state, &command, now) {
                state = IdentityClaim::evolve(state, &event);
                events.push(event);
            }
            let (holding, confirmed) = holders(&events);
            prop_assert!(holding.len() <= 1 && confirmed.len() <= 1, "two holders: {events:?}");
            prop_assert_eq!(state.hold(), holding.first().copied());
            prop_assert_eq!(state.confirmed(), confirmed.first().copied());
            let again = IdentityClaim::decide(&state, &command, now);
            prop_assert!(!matches!(again, Ok(Some(_))), "a repeat yields {again:?}");
        }
    }

    #[test]
    fn a_deadline_that_fired_is_gone(commands in prop::collection::vec(some_command(), 0..20), late in 0..9_000_i64) {
        let mut state = State::default();
        for command in commands {
            if let Ok(Some(event)) = IdentityClaim::decide(&state, &command, at(0)) {
                state = IdentityClaim::evolve(state, &event);
            }
        }
        if let Some(deadline) = IdentityClaim::deadline(&state) {
            let now = at(deadline.timestamp() + late - 4_500);
            let fired = IdentityClaim::decide(&state, &IdentityClaim::on_deadline(deadline).unwrap(), now);
            let after = IdentityClaim::evolve(state, &fired.unwrap().unwrap());
            prop_assert!(IdentityClaim::deadline(&after).is_some_and(|next| next > deadline));
            prop_assert_eq!(after.hold(), state.hold(), "time alone takes nothing from anybody");
        }
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..20)),
    ) {
        assert_twice_adds_nothing::<IdentityClaim>(&"9f".repeat(32), &story);
    }
}
