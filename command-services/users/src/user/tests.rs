//! What a user does, sentence by sentence.

mod accounts;
mod credentials;
mod email_change;
mod expiry;
mod properties;
mod registration;
mod town;
mod walk;

use super::*;
use tillroll_log::Rejection as _;
use tillroll_schemas::identity_claim::ClaimKey;
use tillroll_schemas::user::*;
use uuid::Uuid;

/// Every request for a token.
const REQUEST: Uuid = Uuid::from_u128(7);

struct Given(UserState);

struct Decided(Result<Option<UserEvent>, UserRejection>);

fn given<const N: usize>(events: [UserEvent; N]) -> Given {
    Given(fold(&events))
}

fn fold(events: &[UserEvent]) -> UserState {
    events.iter().fold(UserState::default(), User::evolve)
}

impl Given {
    /// Decided at second 100.
    fn when(self, command: impl Into<UserCommand>) -> Decided {
        Decided(User::decide(&self.0, &command.into(), at(100)))
    }

    fn and(self, event: impl Into<UserEvent>) -> Self {
        Self(User::evolve(self.0, &event.into()))
    }

    #[track_caller]
    fn account(&self) -> Account {
        self.0.life.account().unwrap().as_ref().clone()
    }
}

impl Decided {
    #[track_caller]
    fn then(self, event: impl Into<UserEvent>) {
        assert_eq!(self.0, Ok(Some(event.into())));
    }
    #[track_caller]
    fn then_nothing(self) {
        assert_eq!(self.0, Ok(None));
    }
    #[track_caller]
    fn then_refused(self, rejection: UserRejection) {
        assert_eq!(self.0, Err(rejection));
    }
}

/// So many seconds into the story.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_291_191_960 + seconds, 0).unwrap()
}

fn sealed(text: &str) -> Sealed {
    Sealed::from_stored(&format!("sealed {text}"))
}

fn key(text: &str) -> ClaimKey {
    let mut mac = [0; 32];
    mac[..text.len()].copy_from_slice(text.as_bytes());
    ClaimKey::of_mac(&mac)
}

fn held(text: &str, hold: u32) -> HeldClaim {
    HeldClaim { claim: key(text), hold }
}

fn email() -> HeldClaim {
    held("email", 1)
}

fn name() -> HeldClaim {
    held("name", 1)
}

/// The address that the story's user changes to.
fn other() -> HeldClaim {
    held("other", 2)
}

fn roles<const N: usize>(roles: [Role; N]) -> BTreeSet<Role> {
    roles.into()
}

fn hashed(text: &str) -> PasswordHash {
    PasswordHash(format!("hash of {text}"))
}

fn token(number: u8) -> SecretHash {
    SecretHash::of_digest(&[number; 32])
}

fn answer(of: HeldClaim, outcome: ClaimOutcome) -> ClaimAnswer {
    ClaimAnswer { of, outcome }
}

fn answers<const N: usize>(answers: [ClaimAnswer; N]) -> RecordClaimAnswers {
    RecordClaimAnswers { answers: answers.to_vec() }
}

fn taken(of: HeldClaim) -> ClaimAnswer {
    answer(of, ClaimOutcome::ReservationRefused { code: "identity_taken".to_owned() })
}

fn is_reserved(of: HeldClaim) -> ClaimAnswer {
    answer(of, ClaimOutcome::Reserved)
}

fn is_confirmed(of: HeldClaim) -> ClaimAnswer {
    answer(of, ClaimOutcome::Confirmed)
}

fn is_released(of: HeldClaim) -> ClaimAnswer {
    answer(of, ClaimOutcome::Released)
}

fn register() -> RegisterUser {
    RegisterUser {
        email: sealed("email"),
        email_claim: key("email"),
        username: sealed("name"),
        username_claim: key("name"),
        profile: Profile::default(),
        password: hashed("old"),
        roles: roles([Role::Customer]),
    }
}

/// Asked at second 0, to be answered by second 10.
fn started() -> UserEvent {
    RegistrationStarted {
        email: sealed("email"),
        email_claim: email(),
        username: sealed("name"),
        username_claim: name(),
        profile: Profile::default(),
        password: hashed("old"),
        roles: roles([Role::Customer]),
        claims_expire_at: at(900),
        answer_by: at(10),
    }
    .into()
}

fn reserved() -> UserEvent {
    let answers = vec![is_reserved(email()), is_reserved(name())];
    ClaimsReserved { answers, claims: vec![email(), name()], answer_by: at(11) }.into()
}

fn activated() -> UserEvent {
    Activated { answers: vec![is_confirmed(email()), is_confirmed(name())], epoch: 1 }.into()
}

fn an_active_user() -> Given {
    given([started(), reserved(), activated()])
}

fn suspended() -> UserEvent {
    Suspended { reason: "card testing".to_owned(), epoch: 2 }.into()
}

fn erased() -> UserEvent {
    Erased { epoch: 2, releases: vec![email(), name()], answer_by: at(110) }.into()
}

fn change_started() -> UserEvent {
    let (email, claim) = (sealed("other"), other());
    EmailChangeStarted { email, claim, claims_expire_at: at(900), answer_by: at(20) }.into()
}

fn change_reserved() -> UserEvent {
    ClaimsReserved { answers: vec![is_reserved(other())], claims: vec![other()], answer_by: at(21) }.into()
}

fn changed() -> UserEvent {
    let (answers, releases) = (vec![is_confirmed(other())], vec![email()]);
    EmailChanged { email: sealed("other"), claim: other(), answers, releases, answer_by: at(22) }.into()
}

fn passed(seconds: i64) -> UserDeadlinePassed {
    UserDeadlinePassed { deadline: at(seconds) }
}

#[test]
fn every_rejection_and_every_failure_is_of_a_known_kind_of_problem() {
    for rejection in UserRejection::ALL {
        assert!(tillroll_command_http::kind_of(rejection.code()).is_some(), "{}", rejection.code());
        assert!(!rejection.detail().is_empty());
    }
    for failure in ClaimFailure::ALL {
        assert!(tillroll_command_http::kind_of(failure.code()).is_some(), "{}", failure.code());
    }
}
