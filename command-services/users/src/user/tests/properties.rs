//! Whatever happens in whatever order: no identity has two holders, every saga ends, and nothing is held without an
//! account.

use super::town::{CLAIMS, PLACES, Place, Town, claim_key, user_id, wants};
use super::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;
use tillroll_schemas::identity_claim::IdentityClaimEvent;
use tillroll_testkit::{assert_twice_adds_nothing, story};
use uuid::Uuid;

const USERS: u128 = 3;

/// What may happen next.
#[derive(Clone, Debug)]
enum Happens {
    Registers(u128, usize, usize),
    ChangesEmail(u128, usize),
    IsErased(u128),
    Taken(Place),
    Stored(Place),
    Read(Place),
    /// The reactor's next command stands in its target's partition so many times.
    Sent(Place, usize),
    Committed(Place),
    OwnerLost(Place),
    Ticked(Place),
    Seconds(u64),
    Works,
    /// He does all that he has to do, and nobody else anything.
    WorksAlone(Place),
}

fn happens() -> impl Strategy<Value = Happens> {
    let place = prop::sample::select(PLACES.to_vec());
    let (user, claim) = (1..=USERS, 0..CLAIMS);
    prop_oneof![
        // Addresses are 0 and 1, usernames 2 and 3: everybody is in everybody's way.
        3 => (user.clone(), 0..2_usize, 2..4_usize).prop_map(|(user, email, name)| Happens::Registers(user, email, name)),
        2 => (user.clone(), claim).prop_map(|(user, email)| Happens::ChangesEmail(user, email % 2)),
        1 => user.prop_map(Happens::IsErased),
        12 => place.clone().prop_map(Happens::Taken),
        12 => place.clone().prop_map(Happens::Stored),
        16 => place.clone().prop_map(Happens::Read),
        12 => (place.clone(), 1..3_usize).prop_map(|(place, times)| Happens::Sent(place, times)),
        4 => place.clone().prop_map(Happens::Committed),
        3 => place.clone().prop_map(Happens::OwnerLost),
        3 => place.prop_map(Happens::Ticked),
        2 => (1..600_u64).prop_map(Happens::Seconds),
        1 => Just(Happens::Works),
    ]
}

fn happen(town: &mut Town, what: &Happens) {
    match what {
        Happens::Registers(user, email, name) => asked(town, *user, 1, wants(*email, *name)),
        Happens::ChangesEmail(user, email) => {
            asked(town, *user, 2, ChangeEmail { epoch: 1, email: sealed("other"), claim: claim_key(*email) });
        }
        Happens::IsErased(user) => asked(town, *user, 3, EraseUser {}),
        Happens::Taken(place) => drop(town.site(*place).take()),
        Happens::Stored(place) => drop(town.site(*place).store()),
        Happens::Read(place) => drop(town.site(*place).read()),
        Happens::Sent(place, times) => {
            let Some(letter) = town.site(*place).send() else { return };
            for _ in 0..*times {
                town.route(letter.clone());
            }
        }
        Happens::Committed(place) => town.site(*place).commit(),
        Happens::OwnerLost(place) => town.site(*place).lose_owner(),
        Happens::Ticked(place) => town.site(*place).tick(),
        Happens::Seconds(seconds) => {
            town.now += std::time::Duration::from_secs(*seconds);
            let now = town.now;
            PLACES.into_iter().for_each(|place| town.site(place).set_clock(now));
        }
        Happens::Works => town.run(),
        // Once to see that the clock has to be checked against a record, once for what is due.
        Happens::WorksAlone(place) => (0..2).for_each(|_| {
            town.site(*place).tick();
            town.work(*place);
        }),
    }
}

/// A client asks, and does not wait for the answer. The same body comes under the same key.
fn asked(town: &mut Town, user: u128, kind: u128, command: impl Into<UserCommand>) {
    let command = command.into();
    let id = Uuid::new_v5(&Uuid::from_u128(user * 100 + kind), format!("{command:?}").as_bytes());
    town.users.request(id, &user_id(user).to_string(), &command);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nobody_shares_an_identity_and_nothing_is_held_without_an_account(
        story in prop::collection::vec(happens(), 0..250),
    ) {
        let mut town = Town::new();
        for what in &story {
            happen(&mut town, what);
        }
        town.settle();
        town.assert_one_holder_always();
        town.assert_clean_slate(1..=USERS, "walk");
        for number in 1..=USERS {
            prop_assert!(User::settled(&town.user(number)) || town.user(number).life == Life::NotRegistered);
        }
    }
}

/// Owners that are away for longer than a claim waits, in the midst of registrations.
fn happens_late() -> impl Strategy<Value = Happens> {
    let place = prop::sample::select(PLACES.to_vec());
    prop_oneof![
        4 => place.clone().prop_map(Happens::WorksAlone),
        2 => place.clone().prop_map(Happens::Taken),
        2 => place.clone().prop_map(Happens::Stored),
        2 => place.clone().prop_map(Happens::Read),
        2 => (place.clone(), 1..3_usize).prop_map(|(place, times)| Happens::Sent(place, times)),
        1 => place.prop_map(Happens::OwnerLost),
        2 => (100..1_500_u64).prop_map(Happens::Seconds),
    ]
}

/// All want one address and one username.
#[test]
fn claims_that_expire_during_registrations_never_yield_two_accounts() {
    let (expired, made) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() });
    let outcome = runner.run(&prop::collection::vec(happens_late(), 20..120), |story| {
        let mut town = Town::new();
        (1..=USERS).for_each(|user| asked(&mut town, user, 1, wants(0, 2)));
        let is_under_way = |town: &Town| {
            (1..=USERS).any(|user| matches!(town.user(user).life, Life::Reserving(..) | Life::Confirming(..)))
        };
        let mut has_expired = false;
        for what in &story {
            let before = asked_after(&town);
            happen(&mut town, what);
            has_expired |= asked_after(&town) > before && is_under_way(&town);
        }
        town.settle();
        town.assert_one_holder_always();
        town.assert_clean_slate(1..=USERS, "late");
        let accounts = (1..=USERS).filter(|user| town.account(*user).is_some()).count();
        prop_assert!(accounts <= 1, "{accounts} accounts");
        expired.set(expired.get() + usize::from(has_expired));
        made.set(made.get() + accounts);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("claims expired during {} of 1000 stories, of which {} ended with an account", expired.get(), made.get());
    assert!(expired.get() >= 300 && made.get() >= 300, "{} {}", expired.get(), made.get());
}

/// How often claims have asked what became of whoever reserved them.
fn asked_after(town: &Town) -> usize {
    let asks = |event: &IdentityClaimEvent| matches!(event, IdentityClaimEvent::ExpiryAsked(_));
    town.claims.iter().map(|claim| claim.events().iter().filter(|(_, event)| asks(event)).count()).sum()
}

/// Every event, as far as possible with what the story's others say.
fn kinds() -> Vec<UserEvent> {
    let failure = ClaimFailure::EmailTaken;
    vec![
        started(),
        ClaimsAnswered { answers: vec![is_reserved(email())] }.into(),
        reserved(),
        activated(),
        RegistrationFailed { failure, answers: vec![], releases: vec![name()], answer_by: at(12) }.into(),
        StepOverdue { step: ClaimStep::Release, attempt: 9, releases: vec![name()], answer_by: at(13) }.into(),
        ClaimsReleased { answers: vec![] }.into(),
        ClaimExpiryAnswered { of: name(), verdict: ExpiryVerdict::Confirm }.into(),
        ProfileChanged { profile: Profile::default() }.into(),
        RolesChanged { roles: roles([Role::Staff]), epoch: 2 }.into(),
        PasswordChanged { password: hashed("new"), proof: PasswordProof::Password, epoch: 3 }.into(),
        PasswordRehashed { password: hashed("better") }.into(),
        PasswordResetRequested { request_id: REQUEST, token: token(1), expires_at: at(14) }.into(),
        EmailVerificationRequested { request_id: REQUEST, token: token(2), expires_at: at(15) }.into(),
        EmailVerified {}.into(),
        TokenExpired { purpose: TokenPurpose::PasswordReset }.into(),
        change_started(),
        changed(),
        EmailChangeFailed { failure, answers: vec![], releases: vec![], answer_by: at(16) }.into(),
        suspended(),
        Reinstated {}.into(),
        erased(),
    ]
}

fn some_command() -> impl Strategy<Value = UserCommand> {
    let tokens = 0..3_u8;
    let of = prop::sample::select(vec![email(), name(), other()]);
    let outcome = prop::sample::select(vec![
        ClaimOutcome::Reserved,
        ClaimOutcome::Confirmed,
        ClaimOutcome::Released,
        ClaimOutcome::ReservationRefused { code: "identity_taken".to_owned() },
    ]);
    prop_oneof![
        4 => Just(register().into()),
        12 => (of.clone(), outcome).prop_map(|(of, outcome)| answers([answer(of, outcome)]).into()),
        2 => of.prop_map(|of| AskClaimExpiry { of, expires_at: at(900) }.into()),
        1 => (1..4_u64).prop_map(|epoch| ChangePassword { password: hashed("new"), epoch }.into()),
        1 => (1..4_u64).prop_map(|epoch| RehashPassword { password: hashed("better"), epoch }.into()),
        1 => tokens.clone().prop_map(|number| RequestPasswordReset { request_id: REQUEST, token: token(number) }.into()),
        1 => tokens.clone().prop_map(|number| ResetPassword { token: token(number), password: hashed("3") }.into()),
        1 => tokens.clone().prop_map(|number| RequestEmailVerification { request_id: REQUEST, token: token(number) }.into()),
        1 => tokens.prop_map(|number| ConfirmEmailVerification { token: token(number) }.into()),
        2 => Just(ChangeEmail { epoch: 1, email: sealed("other"), claim: key("other") }.into()),
        1 => any::<bool>().prop_map(|staff| {
            ChangeRoles { roles: roles([if staff { Role::Staff } else { Role::Customer }]) }.into()
        }),
        1 => Just(SuspendUser { reason: "card testing".to_owned() }.into()),
        1 => Just(ReinstateUser {}.into()),
        1 => Just(EraseUser {}.into()),
    ]
}

fn epoch(state: &UserState) -> u64 {
    match &state.life {
        Life::Erased { epoch, .. } => *epoch,
        life => life.account().map_or(0, |account| account.epoch),
    }
}

#[test]
fn every_kind_of_event_is_tried_in_every_order() {
    let kinds: BTreeSet<_> = kinds().iter().map(tillroll_log::Body::type_name).collect();
    assert_eq!(kinds, UserEvent::TYPE_NAMES.iter().copied().collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_fold_takes_every_event_in_every_order(which in prop::collection::vec(0..22_usize, 0..40)) {
        let kinds = kinds();
        let story: Vec<UserEvent> = which.into_iter().map(|which| kinds[which].clone()).collect();
        let state = fold(&story);
        prop_assert_eq!(state.version, story.len() as u64);
        prop_assert_eq!(User::saga(&state).is_none() || User::deadline(&state).is_some(), true);
    }

    #[test]
    fn whatever_is_asked_the_epoch_only_rises_and_deadlines_that_fired_are_gone(
        commands in prop::collection::vec(prop::option::weighted(0.9, some_command()), 0..60),
    ) {
        let (mut state, mut now) = (UserState::default(), at(0));
        for command in commands {
            let deadline = User::deadline(&state);
            let command = match (command, deadline) {
                (Some(command), _) => command,
                (None, Some(deadline)) => {
                    now = now.max(deadline);
                    User::on_deadline(deadline).unwrap()
                }
                (None, None) => continue,
            };
            let was_erased = matches!(state.life, Life::Erased { .. });
            let decided = User::decide(&state, &command, now);
            if let UserCommand::DeadlinePassed(_) = command {
                prop_assert!(matches!(decided, Ok(Some(_))), "a deadline that fires says nothing");
            }
            let Ok(Some(event)) = decided else { continue };
            let after = User::evolve(state.clone(), &event);
            prop_assert!(epoch(&after) >= epoch(&state));
            prop_assert!(!was_erased || matches!(after.life, Life::Erased { .. }), "an erased user came back");
            if let (UserCommand::DeadlinePassed(fired), Some(next)) = (&command, User::deadline(&after)) {
                prop_assert!(next >= fired.deadline && after.life.next_due() != state.life.next_due());
            }
            state = after;
        }
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..25)),
    ) {
        assert_twice_adds_nothing::<User>("00000000-0000-0000-0000-000000000001", &story);
    }
}
