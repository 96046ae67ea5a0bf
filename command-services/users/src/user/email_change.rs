//! The change of an address: the new one is reserved, then confirmed and in use, then the old one is released. If the
//! new one cannot be had, the old one stays.

use super::claims::{answer_by, claims_expire_at};
use super::wait::Wait;
use super::{Account, Change, Life, NewEmail, UserRejection};
use tillroll_schemas::Timestamp;
use tillroll_schemas::user::{ChangeEmail, EmailChangeFailed, EmailChangeStarted, EmailChanged, HeldClaim, UserEvent};

pub(super) fn start(life: &Life, command: &ChangeEmail, at: Timestamp) -> Result<Option<UserEvent>, UserRejection> {
    let account = life.an_active_account()?;
    let ChangeEmail { epoch, email, claim } = command.clone();
    match &account.change {
        Change::Reserving(new, _) | Change::Confirming(new, _) if new.claim.claim == claim => Ok(None),
        Change::Reserving(..) | Change::Confirming(..) => Err(UserRejection::EmailChangeInProgress),
        // The same address, be it in another spelling.
        Change::None | Change::Releasing(_) if account.email_claim.claim == claim => Ok(None),
        Change::Releasing(_) => Err(UserRejection::EmailChangeInProgress),
        Change::None if epoch != account.epoch => Err(UserRejection::CredentialsChanged),
        Change::None => {
            let claim = HeldClaim { claim, hold: account.holds.saturating_add(1) };
            let (claims_expire_at, answer_by) = (claims_expire_at(at), answer_by(at));
            Ok(Some(EmailChangeStarted { email, claim, claims_expire_at, answer_by }.into()))
        }
    }
}

pub(super) fn started(account: &mut Account, event: &EmailChangeStarted) {
    let new = NewEmail { email: event.email.clone(), claim: event.claim.clone(), epoch: account.epoch };
    let wait = Wait::for_all(std::slice::from_ref(&event.claim), event.answer_by);
    account.holds = event.claim.hold;
    account.change = Change::Reserving(new, wait);
    account.change_failed = None;
}

/// Nobody has verified the new address, and what was sent to the old one is good for nothing any more.
pub(super) fn changed(account: &mut Account, event: &EmailChanged) {
    account.email = event.email.clone();
    account.email_claim = event.claim.clone();
    account.email_verified = false;
    (account.reset, account.verification) = (None, None);
    account.change = releasing(&event.releases, event.answer_by);
}

pub(super) fn failed(account: &mut Account, event: &EmailChangeFailed) {
    account.change = releasing(&event.releases, event.answer_by);
    account.change_failed = Some(event.failure);
}

fn releasing(claims: &[HeldClaim], answer_by: Timestamp) -> Change {
    Wait::for_any(claims, answer_by).map_or(Change::None, Change::Releasing)
}
