//! What a session does, sentence by sentence, and that a spent refresh token is never good again.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use tillroll_log::Rejection as _;
use tillroll_testkit::{assert_twice_adds_nothing, story};
use uuid::Uuid;

struct Given(State);

struct Decided(Decision);

fn given(events: &[SessionEvent]) -> Given {
    Given(fold(events))
}

fn fold(events: &[SessionEvent]) -> State {
    events.iter().fold(State::default(), Session::evolve)
}

impl Given {
    fn when(self, command: impl Into<SessionCommand>) -> Decided {
        Decided(Session::decide(&self.0, &command.into(), at(1_000)))
    }
}

impl Decided {
    #[track_caller]
    fn then(self, event: impl Into<SessionEvent>) {
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

fn ann() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn open() -> OpenSession {
    OpenSession { user_id: ann(), epoch: 3, device: None }
}

fn opened() -> SessionEvent {
    Opened { user_id: ann(), epoch: 3, device: None, expires_at: at(LIFETIME_S) }.into()
}

fn refresh(generation: u64) -> RefreshSession {
    RefreshSession { generation, epoch: 3 }
}

fn refreshed(generation: u64, now: i64) -> SessionEvent {
    Refreshed { generation, previous_until: at(now + PREVIOUS_FOR_S), expires_at: at(now + LIFETIME_S) }.into()
}

fn reused(generation: u64) -> SessionEvent {
    Revoked { cause: Revocation::TokenReused { generation } }.into()
}

fn retired(generation: u64) -> SessionEvent {
    PreviousRetired { generation }.into()
}

fn passed(deadline: i64) -> SessionDeadlinePassed {
    SessionDeadlinePassed { deadline: at(deadline) }
}

/// Every way for a session to be over.
fn endings() -> [SessionEvent; 4] {
    [LoggedOut {}.into(), reused(1), Expired {}.into(), Revoked { cause: Revocation::ByStaff }.into()]
}

#[test]
fn a_session_is_opened_for_seven_days() {
    let opened = Opened { user_id: ann(), epoch: 3, device: None, expires_at: at(1_000 + 604_800) };
    given(&[]).when(open()).then(opened);
}

#[test]
fn opening_twice_is_opening_once() {
    given(&[opened()]).when(open()).then_nothing();
    given(&[opened(), LoggedOut {}.into()]).when(open()).then_refused(Rejection::Over);
    let anothers = OpenSession { user_id: UserId(Uuid::from_u128(0xb0b)), ..open() };
    given(&[opened()]).when(anothers).then_refused(Rejection::Over);
}

#[test]
fn a_repeat_long_after_its_time_gets_no_token() {
    assert_eq!(fold(&[opened(), refreshed(2, 900), retired(1)]).successor_of(1), None);
}

#[test]
fn a_session_is_ended_from_outside_for_its_own_user_only() {
    let revoke = |of| RevokeSession { of, cause: Revocation::ByUser };
    given(&[opened()]).when(revoke(Some(UserId(Uuid::from_u128(0xb0b))))).then_refused(Rejection::NotFound);
    given(&[opened()]).when(revoke(Some(ann()))).then(Revoked { cause: Revocation::ByUser });
}

#[test]
fn the_newest_token_makes_a_newer_one_and_the_session_lasts_longer() {
    given(&[opened()]).when(refresh(1)).then(refreshed(2, 1_000));
    given(&[opened(), refreshed(2, 500)]).when(refresh(2)).then(refreshed(3, 1_000));
}

#[test]
fn whoever_lost_the_answer_gets_the_same_successor_again() {
    given(&[opened(), refreshed(2, 990)]).when(refresh(1)).then_nothing();
    assert_eq!(fold(&[opened(), refreshed(2, 990)]).successor_of(1), Some(2));
}

#[test]
fn after_the_successor_was_used_the_token_before_it_ends_the_session() {
    given(&[opened(), refreshed(2, 990), refreshed(3, 995)]).when(refresh(1)).then(reused(1));
    assert_eq!(fold(&[opened(), refreshed(2, 990), refreshed(3, 995)]).successor_of(1), None);
}

#[test]
fn after_thirty_seconds_the_token_before_the_newest_is_spent() {
    let state = fold(&[opened(), refreshed(2, 900)]);
    assert_eq!(Session::deadline(&state), Some(at(930)));
    given(&[opened(), refreshed(2, 900)]).when(passed(930)).then(retired(1));
    given(&[opened(), refreshed(2, 900), retired(1)]).when(refresh(1)).then(reused(1));
    given(&[opened(), refreshed(2, 900), retired(1)]).when(refresh(2)).then(refreshed(3, 1_000));
}

/// The owner was down, or is slow: its deadlines have not fired yet. Decided at second 1,000.
#[test]
fn what_is_too_old_is_refused_before_its_deadline_fires() {
    given(&[opened(), refreshed(2, 1_000 - PREVIOUS_FOR_S)]).when(refresh(1)).then(reused(1));
    given(&[opened(), refreshed(2, 1_001 - PREVIOUS_FOR_S)]).when(refresh(1)).then_nothing();
    let lapsed = |now| [opened(), refreshed(2, now - LIFETIME_S)];
    given(&lapsed(1_000)).when(refresh(2)).then_refused(Rejection::Over);
    given(&lapsed(1_001)).when(refresh(2)).then(refreshed(3, 1_000));
}

#[test]
fn a_token_that_was_never_made_is_refused_and_harms_nobody() {
    given(&[opened()]).when(refresh(2)).then_refused(Rejection::UnknownGeneration);
    given(&[opened()]).when(refresh(0)).then_refused(Rejection::UnknownGeneration);
    given(&[]).when(refresh(1)).then_refused(Rejection::NotFound);
}

#[test]
fn a_session_of_an_epoch_that_is_over_ends_when_it_is_refreshed() {
    let cause = Revocation::EpochRaised { epoch: 4 };
    given(&[opened()]).when(RefreshSession { generation: 1, epoch: 4 }).then(Revoked { cause });
}

#[test]
fn a_handler_that_is_behind_does_not_end_a_session_of_a_newer_epoch() {
    given(&[opened()]).when(RefreshSession { generation: 1, epoch: 2 }).then(refreshed(2, 1_000));
}

#[test]
fn a_session_that_nobody_refreshes_ends() {
    given(&[opened()]).when(passed(LIFETIME_S)).then(Expired {});
    given(&[opened(), refreshed(2, 900), retired(1)]).when(passed(900 + LIFETIME_S)).then(Expired {});
}

#[test]
fn a_deadline_of_what_ended_before_says_nothing() {
    given(&[opened(), refreshed(2, 900)]).when(passed(LIFETIME_S)).then_nothing();
    given(&[opened(), refreshed(2, 900), refreshed(3, 910)]).when(passed(930)).then_nothing();
    given(&[opened(), LoggedOut {}.into()]).when(passed(LIFETIME_S)).then_nothing();
}

#[test]
fn a_session_is_ended_by_its_user_or_from_outside() {
    given(&[opened()]).when(LogOut {}).then(LoggedOut {});
    let cause = Revocation::ByUser;
    given(&[opened()]).when(RevokeSession { of: None, cause }).then(Revoked { cause });
    given(&[]).when(LogOut {}).then_refused(Rejection::NotFound);
}

#[test]
fn nothing_wakes_a_session_that_is_over() {
    for ending in endings() {
        let story = [opened(), ending];
        given(&story).when(refresh(1)).then_refused(Rejection::Over);
        given(&story).when(LogOut {}).then_nothing();
        given(&story).when(RevokeSession { of: None, cause: Revocation::ByStaff }).then_nothing();
        assert_eq!(Session::deadline(&fold(&story)), None);
        assert_eq!(fold(&story).successor_of(1), None);
    }
}

/// The first answer would be a token that is good no more, or one that a thief asks for under the same key.
#[test]
fn a_repeat_is_told_how_the_session_is_now() {
    let now = fold(&[opened(), refreshed(2, 900), reused(1)]);
    let told = Session::answer(&"s".into(), Some(&refreshed(2, 900)), &now);
    assert_eq!(told.successor_of(1), None);
}

#[test]
fn every_rejection_is_of_a_known_kind_of_problem() {
    for rejection in Rejection::ALL {
        assert!(tillroll_command_http::kind_of(rejection.code()).is_some(), "{}", rejection.code());
        assert!(!rejection.detail().is_empty());
    }
}

fn some_command() -> impl Strategy<Value = SessionCommand> {
    prop_oneof![
        2 => Just(open().into()),
        8 => (0..6_u64).prop_map(|generation| refresh(generation).into()),
        1 => Just(LogOut {}.into()),
        1 => Just(RevokeSession { of: None, cause: Revocation::ByUser }.into()),
    ]
}

/// A refresh by the holder of some token, or time.
#[derive(Clone, Debug)]
enum Happens {
    Presented(u64),
    DeadlinePassed,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![4 => (1..8_u64).prop_map(Happens::Presented), 1 => Just(Happens::DeadlinePassed)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Told without the aggregate: the tokens that were used, and whether the newest was.
    #[test]
    fn a_token_whose_successor_was_used_never_makes_another(story in prop::collection::vec(happens(), 0..40)) {
        let mut state = fold(&[opened()]);
        let mut used = BTreeSet::new();
        for what in story {
            match what {
                Happens::Presented(generation) => {
                    let decided = Session::decide(&state, &refresh(generation).into(), at(1_000));
                    let was_over = matches!(state, State::Over { .. });
                    if let Ok(Some(event)) = &decided {
                        state = Session::evolve(state, event);
                    }
                    let given = decided.is_ok() && state.successor_of(generation).is_some();
                    prop_assert!(!given || !used.contains(&(generation + 1)), "its successor was used");
                    if used.contains(&(generation + 1)) && !was_over {
                        prop_assert!(matches!(state, State::Over { .. }), "a stolen token ends the session");
                    }
                    if given {
                        used.insert(generation);
                    }
                }
                Happens::DeadlinePassed => {
                    let Some(deadline) = Session::deadline(&state) else { continue };
                    let command = Session::on_deadline(deadline).unwrap();
                    let event = Session::decide(&state, &command, deadline).unwrap().unwrap();
                    state = Session::evolve(state, &event);
                    prop_assert!(Session::deadline(&state).is_none_or(|next| next > deadline));
                }
            }
        }
    }

    #[test]
    fn a_fold_takes_every_event_in_every_order(which in prop::collection::vec(0..7_usize, 0..20)) {
        let kinds = [opened(), refreshed(2, 5), retired(1), LoggedOut {}.into(), reused(1), Expired {}.into(),
            refreshed(9, 7)];
        let story: Vec<SessionEvent> = which.into_iter().map(|which| kinds[which].clone()).collect();
        let state = fold(&story);
        prop_assert_eq!(matches!(state, State::NotOpened), !story.contains(&opened()));
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..20)),
    ) {
        assert_twice_adds_nothing::<Session>("00000000-0000-0000-0000-000000000001", &story);
    }
}
