//! What users and identity claims cause at each other. An event that starts a step carries all that the step's commands
//! need. Names of steps are for ever: the ids of commands are made of them.
//!
//! Nothing is sent to sessions: they end because the user's security epoch, which every event that raises it carries,
//! is another one than theirs.

mod messages;

use crate::identity_claim::IdentityClaim;
use crate::user::{SagaStep, User};
use serde_json::Error;
use tillroll_log::{Cause, Outgoing, Reactions, SettledAs};
use tillroll_schemas::identity_claim::{
    ConfirmIdentity, ExtendIdentity, Hold, IdentityClaimCommand, IdentityClaimEvent, ReleaseIdentity, ReserveIdentity,
};
use tillroll_schemas::user::{
    AskClaimExpiry, ClaimAnswer, ClaimOutcome, ClaimStep, ExpiryVerdict, HeldClaim, RecordClaimAnswers, UserCommand,
    UserEvent,
};
use tillroll_schemas::{Timestamp, UserId, catalogue};

type Commands = Result<Vec<Outgoing>, Error>;

/// What a user causes.
#[derive(Debug)]
pub struct UserReactions;

impl Reactions<User> for UserReactions {
    const NAME: &'static str = "user-reactions";

    fn on_event(cause: &Cause, event: &UserEvent) -> Commands {
        // User ids are UUIDs by construction. A user under any other key can hold nothing: he times out.
        let Ok(user_id) = cause.key.parse::<UserId>() else { return Ok(Vec::new()) };
        let mut caused = of_claims(user_id, event)?;
        caused.extend(messages::because_of(cause, user_id, event)?);
        Ok(caused)
    }

    /// A user's answers concern nobody but himself; a claim whose question was not heard asks again.
    fn on_settled(_: &Cause, _: Option<&UserCommand>, _: SettledAs<'_>) -> Commands {
        Ok(Vec::new())
    }
}

/// What identity claims are asked because of the event.
fn of_claims(user_id: UserId, event: &UserEvent) -> Commands {
    match event {
        UserEvent::RegistrationStarted(started) => {
            let claims = [&started.email_claim, &started.username_claim];
            reserve(user_id, claims, started.claims_expire_at)
        }
        UserEvent::EmailChangeStarted(started) => reserve(user_id, [&started.claim], started.claims_expire_at),
        UserEvent::ClaimsReserved(reserved) => {
            let confirm = |of: &HeldClaim| ConfirmIdentity { hold: hold(user_id, of) }.into();
            each(ClaimStep::Confirm, &reserved.claims, confirm)
        }
        UserEvent::RegistrationFailed(failed) => release(user_id, &failed.releases),
        UserEvent::EmailChangeFailed(failed) => release(user_id, &failed.releases),
        UserEvent::EmailChanged(changed) => release(user_id, &changed.releases),
        UserEvent::Erased(erased) => release(user_id, &erased.releases),
        UserEvent::StepOverdue(overdue) => release(user_id, &overdue.releases),
        UserEvent::ClaimExpiryAnswered(answered) => {
            Ok(vec![to_claim("expiry", &answered.of, &told(user_id, &answered.of, answered.verdict))?])
        }
        UserEvent::ClaimsAnswered(_)
        | UserEvent::Activated(_)
        | UserEvent::ClaimsReleased(_)
        | UserEvent::ProfileChanged(_)
        | UserEvent::RolesChanged(_)
        | UserEvent::PasswordChanged(_)
        | UserEvent::PasswordRehashed(_)
        | UserEvent::PasswordResetRequested(_)
        | UserEvent::EmailVerificationRequested(_)
        | UserEvent::EmailVerified(_)
        | UserEvent::TokenExpired(_)
        | UserEvent::Suspended(_)
        | UserEvent::Reinstated(_) => Ok(Vec::new()),
    }
}

fn hold(user_id: UserId, of: &HeldClaim) -> Hold {
    Hold { user_id, number: of.hold }
}

fn reserve<'a>(user_id: UserId, claims: impl IntoIterator<Item = &'a HeldClaim>, expires_at: Timestamp) -> Commands {
    each(ClaimStep::Reserve, claims, |of| ReserveIdentity { hold: hold(user_id, of), expires_at }.into())
}

fn release(user_id: UserId, claims: &[HeldClaim]) -> Commands {
    each(ClaimStep::Release, claims, |of| ReleaseIdentity { hold: hold(user_id, of) }.into())
}

fn told(user_id: UserId, of: &HeldClaim, verdict: ExpiryVerdict) -> IdentityClaimCommand {
    let hold = hold(user_id, of);
    match verdict {
        ExpiryVerdict::Confirm => ConfirmIdentity { hold }.into(),
        ExpiryVerdict::Extend { expires_at } => ExtendIdentity { hold, expires_at }.into(),
        ExpiryVerdict::Release => ReleaseIdentity { hold }.into(),
    }
}

fn each<'a>(
    step: ClaimStep,
    claims: impl IntoIterator<Item = &'a HeldClaim>,
    command: impl Fn(&HeldClaim) -> IdentityClaimCommand,
) -> Commands {
    claims.into_iter().map(|of| to_claim(SagaStep::of(step).name, of, &command(of))).collect()
}

/// One event asks a claim once, but may name two of the same user's holds on it.
fn to_claim(step: &str, of: &HeldClaim, command: &IdentityClaimCommand) -> Result<Outgoing, Error> {
    let step = format!("{step}/{}/{}", of.claim, of.hold);
    Outgoing::new(catalogue::IDENTITY_CLAIM, of.claim.as_str(), step, command)
}

/// What an identity claim causes.
#[derive(Debug)]
pub struct IdentityClaimReactions;

impl Reactions<IdentityClaim> for IdentityClaimReactions {
    const NAME: &'static str = "identity-claim-reactions";

    fn on_event(cause: &Cause, event: &IdentityClaimEvent) -> Commands {
        match event {
            IdentityClaimEvent::Reserved(e) => tell(cause, e.hold, ClaimOutcome::Reserved),
            IdentityClaimEvent::Confirmed(e) => tell(cause, e.hold, ClaimOutcome::Confirmed),
            IdentityClaimEvent::Released(e) => tell(cause, e.hold, ClaimOutcome::Released),
            IdentityClaimEvent::ExpiryAsked(e) => {
                let Some(of) = held(cause, e.hold) else { return Ok(Vec::new()) };
                to_user("ask", e.hold, &AskClaimExpiry { of, expires_at: e.expires_at }.into())
            }
            IdentityClaimEvent::Extended(_) => Ok(Vec::new()),
        }
    }

    fn on_settled(cause: &Cause, command: Option<&IdentityClaimCommand>, settled: SettledAs<'_>) -> Commands {
        let Some(command) = command else { return Ok(Vec::new()) };
        let refused = refusal(settled);
        match command {
            IdentityClaimCommand::Reserve(c) => {
                let refused = refused.map(|code| ClaimOutcome::ReservationRefused { code });
                tell(cause, c.hold, refused.unwrap_or(ClaimOutcome::Reserved))
            }
            IdentityClaimCommand::Confirm(c) => {
                let refused = refused.map(|code| ClaimOutcome::ConfirmationRefused { code });
                tell(cause, c.hold, refused.unwrap_or(ClaimOutcome::Confirmed))
            }
            IdentityClaimCommand::Release(c) => {
                let refused = refused.map(|code| ClaimOutcome::ReleaseRefused { code });
                tell(cause, c.hold, refused.unwrap_or(ClaimOutcome::Released))
            }
            IdentityClaimCommand::Extend(_) | IdentityClaimCommand::ExpiryPassed(_) => Ok(Vec::new()),
        }
    }
}

/// The code of a refusal; none if another command had reached the goal.
fn refusal(settled: SettledAs<'_>) -> Option<String> {
    match settled {
        SettledAs::Refused(code) => Some(code.to_owned()),
        SettledAs::Unchanged => None,
        SettledAs::Conflict => Some("conflict".to_owned()),
        SettledAs::DeadLettered => Some("dead_lettered".to_owned()),
    }
}

/// The claim as its user knows it. Users ask by its key, so a key that is none belongs to no user.
fn held(cause: &Cause, hold: Hold) -> Option<HeldClaim> {
    cause.key.parse().ok().map(|claim| HeldClaim { claim, hold: hold.number })
}

fn tell(cause: &Cause, hold: Hold, outcome: ClaimOutcome) -> Commands {
    let Some(of) = held(cause, hold) else { return Ok(Vec::new()) };
    to_user("answer", hold, &RecordClaimAnswers { answers: vec![ClaimAnswer { of, outcome }] }.into())
}

fn to_user(step: &'static str, hold: Hold, command: &UserCommand) -> Commands {
    Ok(vec![Outgoing::new(catalogue::USER, hold.user_id.to_string(), step, command)?])
}

#[cfg(test)]
mod tests;
