//! What is done with an account: what the person says of himself, what he is to the shop, locking it, forgetting him.

use super::claims::answer_by;
use super::wait::Wait;
use super::{Account, Change, Life, UserRejection};
use std::collections::BTreeSet;
use tillroll_schemas::Timestamp;
use tillroll_schemas::user::{
    ChangeProfile, ChangeRoles, Erased, HeldClaim, ProfileChanged, Reinstated, RolesChanged, SuspendUser, Suspended,
    UserEvent,
};

type Decision = Result<Option<UserEvent>, UserRejection>;

pub(super) fn change_profile(life: &Life, command: &ChangeProfile) -> Decision {
    let account = life.an_account()?;
    let profile = command.profile.clone();
    Ok((profile != account.profile).then(|| ProfileChanged { profile }.into()))
}

/// Who may less than before has to log in again: what his tokens say is too much.
pub(super) fn change_roles(life: &Life, command: &ChangeRoles) -> Decision {
    let account = life.an_account()?;
    let roles = command.roles.clone();
    if roles.is_empty() {
        return Err(UserRejection::NoRoles);
    }
    let epoch = if roles.is_superset(&account.roles) { account.epoch } else { account.next_epoch() };
    Ok((roles != account.roles).then(|| RolesChanged { roles, epoch }.into()))
}

pub(super) fn suspend(life: &Life, command: &SuspendUser) -> Decision {
    let account = life.an_account()?;
    let suspended = Suspended { reason: command.reason.clone(), epoch: account.next_epoch() };
    Ok((!is_suspended(life)).then(|| suspended.into()))
}

pub(super) fn reinstate(life: &Life) -> Decision {
    life.an_account()?;
    Ok(is_suspended(life).then(|| Reinstated {}.into()))
}

fn is_suspended(life: &Life) -> bool {
    matches!(life, Life::Suspended(_))
}

/// Forgets the person, and lets go of all that he holds, wants to hold or is letting go of.
pub(super) fn erase(life: &Life, at: Timestamp) -> Decision {
    if let Life::Erased { .. } = life {
        return Ok(None);
    }
    let account = life.an_account()?;
    let releases = held_by(account).into_iter().collect();
    Ok(Some(Erased { epoch: account.next_epoch(), releases, answer_by: answer_by(at) }.into()))
}

fn held_by(account: &Account) -> BTreeSet<HeldClaim> {
    let mut held = BTreeSet::from([account.email_claim.clone(), account.username_claim.clone()]);
    match &account.change {
        Change::Reserving(new, _) | Change::Confirming(new, _) => drop(held.insert(new.claim.clone())),
        Change::Releasing(wait) => held.extend(wait.open().cloned()),
        Change::None => {}
    }
    held
}

pub(super) fn suspended(life: Life, event: &Suspended) -> Life {
    match life.map_account(|account| account.raise(event.epoch)) {
        Life::Active(account) => Life::Suspended(account),
        life @ (Life::NotRegistered
        | Life::Reserving(..)
        | Life::Confirming(..)
        | Life::Failed(..)
        | Life::Suspended(_)
        | Life::Erased { .. }) => life,
    }
}

pub(super) fn reinstated(life: Life) -> Life {
    match life {
        Life::Suspended(account) => Life::Active(account),
        life @ (Life::NotRegistered
        | Life::Reserving(..)
        | Life::Confirming(..)
        | Life::Failed(..)
        | Life::Active(_)
        | Life::Erased { .. }) => life,
    }
}

pub(super) fn erased(life: Life, event: &Erased) -> Life {
    match life {
        Life::Active(_) | Life::Suspended(_) => {
            Life::Erased { epoch: event.epoch, wait: Wait::for_any(&event.releases, event.answer_by) }
        }
        life @ (Life::NotRegistered
        | Life::Reserving(..)
        | Life::Confirming(..)
        | Life::Failed(..)
        | Life::Erased { .. }) => life,
    }
}
