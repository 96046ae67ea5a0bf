//! The registration: both claims are reserved, then both are confirmed, then there is an account; or there is none, and
//! what was reserved is released.

use super::claims::{answer_by, claims_expire_at};
use super::wait::Wait;
use super::{Account, Change, Life};
use std::sync::Arc;
use tillroll_schemas::Timestamp;
use tillroll_schemas::user::{Activated, HeldClaim, RegisterUser, RegistrationFailed, RegistrationStarted, UserEvent};

/// The number of a user's first hold, which he has on address and username.
const FIRST_HOLD: u32 = 1;

pub(super) fn register(life: &Life, command: &RegisterUser, at: Timestamp) -> Option<UserEvent> {
    let Life::NotRegistered = life else { return None };
    let RegisterUser { email, email_claim, username, username_claim, profile, password, roles } = command.clone();
    let started = RegistrationStarted {
        email,
        email_claim: HeldClaim { claim: email_claim, hold: FIRST_HOLD },
        username,
        username_claim: HeldClaim { claim: username_claim, hold: FIRST_HOLD },
        profile,
        password,
        roles,
        claims_expire_at: claims_expire_at(at),
        answer_by: answer_by(at),
    };
    Some(started.into())
}

pub(super) fn started(life: Life, event: &RegistrationStarted) -> Life {
    match life {
        Life::NotRegistered => {
            let claims = [event.email_claim.clone(), event.username_claim.clone()];
            Life::Reserving(Arc::new(event.clone()), Wait::for_all(&claims, event.answer_by))
        }
        life @ (Life::Reserving(..)
        | Life::Confirming(..)
        | Life::Failed(..)
        | Life::Active(_)
        | Life::Suspended(_)
        | Life::Erased { .. }) => life,
    }
}

pub(super) fn activated(life: Life, event: &Activated) -> Life {
    match life {
        Life::Confirming(started, _) => Life::Active(Arc::new(account(&started, event.epoch))),
        life @ (Life::NotRegistered
        | Life::Reserving(..)
        | Life::Failed(..)
        | Life::Active(_)
        | Life::Suspended(_)
        | Life::Erased { .. }) => life,
    }
}

pub(super) fn failed(life: Life, event: &RegistrationFailed) -> Life {
    match life {
        Life::Reserving(..) | Life::Confirming(..) => {
            Life::Failed(event.failure, Wait::for_any(&event.releases, event.answer_by))
        }
        life
        @ (Life::NotRegistered | Life::Failed(..) | Life::Active(_) | Life::Suspended(_) | Life::Erased { .. }) => life,
    }
}

fn account(started: &RegistrationStarted, epoch: u64) -> Account {
    let RegistrationStarted { email, email_claim, username, username_claim, profile, password, roles, .. } =
        started.clone();
    Account {
        email,
        email_claim,
        email_verified: false,
        username,
        username_claim,
        profile,
        roles,
        password,
        epoch,
        holds: FIRST_HOLD,
        change: Change::None,
        change_failed: None,
        reset: None,
        verification: None,
    }
}
