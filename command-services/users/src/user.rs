//! `user`: a person with an account, and the sagas by which he comes to have an e-mail address and a username that
//! nobody else has (`registration`, `email_change`).
//!
//! Life: reserving → confirming → active ⇄ suspended → erased; or failed, before there is an account. An account holds
//! its two claims, confirmed; without an account nothing is held for long; what could still pass for him ends when his
//! security epoch rises; of whom is erased nothing is known.

mod account;
mod body;
mod claims;
mod credentials;
mod email_change;
mod life;
mod registration;
mod rejection;
mod steps;
mod wait;

use life::Due;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use tillroll_log::{Aggregate, AggregateTopics, Key, Saga, SagaStatus};
use tillroll_schemas::user::{
    ClaimFailure, EraseUser, HeldClaim, Profile, RegistrationStarted, ReinstateUser, Role, UserCommand,
    UserDeadlinePassed, UserEvent,
};
use tillroll_schemas::{PasswordHash, Sealed, SecretHash, Timestamp, catalogue};

pub use body::{Status, UserBody};
pub use rejection::UserRejection;
pub use steps::{Compensation, SagaStep};
pub use wait::Wait;

/// The aggregate.
#[derive(Debug)]
pub struct User;

/// What is known of a user. Cheap to clone: what it holds is shared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserState {
    /// How many events it has.
    pub version: u64,
    /// Where he stands in his life.
    pub life: Life,
}

/// The stages of a user's life, each with what only it knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Life {
    /// Nothing has happened.
    #[default]
    NotRegistered,
    /// His address and username are being reserved.
    Reserving(Arc<RegistrationStarted>, Wait),
    /// They are being confirmed.
    Confirming(Arc<RegistrationStarted>, Wait),
    /// He cannot have an account; what he may hold is being released.
    Failed(ClaimFailure, Option<Wait>),
    /// He has an account.
    Active(Arc<Account>),
    /// It is locked.
    Suspended(Arc<Account>),
    /// He is forgotten; what he held is being released.
    Erased {
        /// The security epoch, after every one that he had.
        epoch: u64,
        /// Who has not let go.
        wait: Option<Wait>,
    },
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Its address.
    pub email: Sealed,
    /// What keeps it unique.
    pub email_claim: HeldClaim,
    /// Whether its owner was seen to read what comes there.
    pub email_verified: bool,
    /// The name for logging in.
    pub username: Sealed,
    /// What keeps it unique.
    pub username_claim: HeldClaim,
    /// What the person says of himself.
    pub profile: Profile,
    /// What he is to the shop.
    pub roles: BTreeSet<Role>,
    /// What is kept of his password.
    pub password: PasswordHash,
    /// The security epoch: sessions and access tokens of another one are good for nothing.
    pub epoch: u64,
    /// How many holds he has had: the number of the last.
    pub holds: u32,
    /// The change of address that may be under way.
    pub change: Change,
    /// Why the last change of address came to nothing, if it did.
    pub change_failed: Option<ClaimFailure>,
    /// The token for setting a password that was sent last.
    pub reset: Option<Pending>,
    /// The token for verifying the address that was sent last.
    pub verification: Option<Pending>,
}

/// A change of address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// None is under way.
    #[default]
    None,
    /// The new one is being reserved.
    Reserving(NewEmail, Wait),
    /// It is being confirmed.
    Confirming(NewEmail, Wait),
    /// It is decided; what is held in vain is being released.
    Releasing(Wait),
}

/// An address that somebody wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEmail {
    /// The address.
    pub email: Sealed,
    /// What keeps it unique.
    pub claim: HeldClaim,
    /// The security epoch at which it was asked for: at another one it is given up, whoever asked for it.
    pub epoch: u64,
}

/// A token that was sent and not used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What is kept of it.
    pub token: SecretHash,
    /// When it is good for nothing any more.
    pub expires_at: Timestamp,
}

impl Aggregate for User {
    const TOPICS: AggregateTopics = catalogue::USER;
    const STATE_SCHEMA: u32 = 2;
    type State = UserState;
    type Command = UserCommand;
    type Event = UserEvent;
    type Rejection = UserRejection;
    /// The user as he is now; nothing if there is no such user.
    type Answer = Option<UserBody>;

    fn decide(state: &UserState, command: &UserCommand, at: Timestamp) -> Result<Option<UserEvent>, UserRejection> {
        let life = &state.life;
        match command {
            UserCommand::Register(command) => Ok(registration::register(life, command, at)),
            UserCommand::RecordClaimAnswers(command) => Ok(claims::record(life, &command.answers, at)),
            UserCommand::AskClaimExpiry(command) => Ok(Some(claims::answer_expiry(life, command, at))),
            UserCommand::ChangeProfile(command) => account::change_profile(life, command),
            UserCommand::ChangeRoles(command) => account::change_roles(life, command),
            UserCommand::ChangePassword(command) => credentials::change_password(life, command),
            UserCommand::RehashPassword(command) => credentials::rehash_password(life, command),
            UserCommand::RequestPasswordReset(command) => credentials::request_reset(life, command, at),
            UserCommand::ResetPassword(command) => credentials::reset_password(life, command, at),
            UserCommand::RequestEmailVerification(command) => credentials::request_verification(life, command, at),
            UserCommand::ConfirmEmailVerification(command) => credentials::confirm_verification(life, command, at),
            UserCommand::ChangeEmail(command) => email_change::start(life, command, at),
            UserCommand::Suspend(command) => account::suspend(life, command),
            UserCommand::Reinstate(ReinstateUser {}) => account::reinstate(life),
            UserCommand::Erase(EraseUser {}) => account::erase(life, at),
            UserCommand::DeadlinePassed(command) => Ok(deadline_passed(life, command.deadline, at)),
        }
    }

    fn evolve(state: UserState, event: &UserEvent) -> UserState {
        let life = state.life;
        let life = match event {
            UserEvent::RegistrationStarted(event) => registration::started(life, event),
            UserEvent::ClaimsAnswered(event) => life.hear(&event.answers),
            UserEvent::ClaimsReserved(event) => claims::reserved(life, event),
            UserEvent::Activated(event) => registration::activated(life, event),
            UserEvent::RegistrationFailed(event) => registration::failed(life, event),
            UserEvent::StepOverdue(event) => life.wait_longer(event.attempt, event.answer_by),
            UserEvent::ClaimsReleased(_) => claims::released(life),
            UserEvent::ClaimExpiryAnswered(_) => life,
            UserEvent::ProfileChanged(event) => life.map_account(|account| account.profile = event.profile.clone()),
            UserEvent::RolesChanged(event) => life.map_account(|account| {
                account.roles = event.roles.clone();
                account.raise(event.epoch);
            }),
            UserEvent::PasswordChanged(event) => life.map_account(|account| credentials::changed(account, event)),
            UserEvent::PasswordRehashed(event) => life.map_account(|account| account.password = event.password.clone()),
            UserEvent::PasswordResetRequested(event) => life.map_account(|account| {
                account.reset = Some(Pending { token: event.token.clone(), expires_at: event.expires_at });
            }),
            UserEvent::EmailVerificationRequested(event) => life.map_account(|account| {
                account.verification = Some(Pending { token: event.token.clone(), expires_at: event.expires_at });
            }),
            UserEvent::EmailVerified(_) => life.map_account(credentials::verified),
            UserEvent::TokenExpired(event) => life.map_account(|account| credentials::forget(account, event.purpose)),
            UserEvent::EmailChangeStarted(event) => life.map_account(|account| email_change::started(account, event)),
            UserEvent::EmailChanged(event) => life.map_account(|account| email_change::changed(account, event)),
            UserEvent::EmailChangeFailed(event) => life.map_account(|account| email_change::failed(account, event)),
            UserEvent::Suspended(event) => account::suspended(life, event),
            UserEvent::Reinstated(_) => account::reinstated(life),
            UserEvent::Erased(event) => account::erased(life, event),
        };
        UserState { version: state.version.saturating_add(1), life }
    }

    fn answer(_key: &Key, _event: Option<&UserEvent>, state: &UserState) -> Option<UserBody> {
        UserBody::of(state)
    }

    fn deadline(state: &UserState) -> Option<Timestamp> {
        state.life.next_due().map(|(deadline, _)| deadline)
    }

    fn on_deadline(deadline: Timestamp) -> Option<UserCommand> {
        Some(UserDeadlinePassed { deadline }.into())
    }

    /// Whether the client knows how his command ended; what is released in vain concerns him no more.
    fn settled(state: &UserState) -> bool {
        match &state.life {
            Life::NotRegistered | Life::Reserving(..) | Life::Confirming(..) => false,
            Life::Active(account) | Life::Suspended(account) => !account.is_changing_email(),
            Life::Failed(..) | Life::Erased { .. } => true,
        }
    }
}

/// A deadline that the user has not any more is of something that ended before.
fn deadline_passed(life: &Life, deadline: Timestamp, at: Timestamp) -> Option<UserEvent> {
    match life.next_due()? {
        (due, Due::Wait) if due == deadline => claims::overdue(life, deadline, at),
        (due, Due::Token(purpose)) if due == deadline => Some(credentials::expired(purpose)),
        (_, Due::Wait | Due::Token(_)) => None,
    }
}

impl Saga for User {
    fn saga(state: &UserState) -> Option<SagaStatus> {
        let (step, wait) = state.life.waiting()?;
        Some(SagaStatus {
            step: SagaStep::of(step).name,
            waits_for: wait.open().map(|of| of.claim.to_string()).collect(),
            answer_by: Some(wait.answer_by()),
            attempt: Some(wait.attempt()),
            stuck: None,
        })
    }
}

#[cfg(test)]
mod tests;
