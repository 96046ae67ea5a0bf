//! Password, and the single-use tokens that go to the address: to set a password, and to verify the address. A token
//! is good once, before its time is up, and only the one that was sent last.

use super::wait::later;
use super::{Account, Life, Pending, UserRejection};
use tillroll_schemas::user::{
    ChangePassword, ConfirmEmailVerification, EmailVerificationRequested, EmailVerified, PasswordChanged,
    PasswordProof, PasswordRehashed, PasswordResetRequested, RehashPassword, RequestEmailVerification,
    RequestPasswordReset, ResetPassword, TokenExpired, TokenPurpose, UserEvent,
};
use tillroll_schemas::{SecretHash, Timestamp};

/// A token for setting a password is good for an hour.
const RESET_WITHIN_S: i64 = 60 * 60;
/// One for verifying an address is good for a day.
const VERIFY_WITHIN_S: i64 = 24 * 60 * 60;

type Decision = Result<Option<UserEvent>, UserRejection>;

pub(super) fn change_password(life: &Life, command: &ChangePassword) -> Decision {
    let account = life.an_active_account()?;
    if command.epoch != account.epoch {
        return Err(UserRejection::CredentialsChanged);
    }
    Ok(Some(another_password(account, command.password.clone(), PasswordProof::Password)))
}

pub(super) fn rehash_password(life: &Life, command: &RehashPassword) -> Decision {
    let account = life.an_active_account()?;
    let RehashPassword { password, epoch } = command.clone();
    let is_news = epoch == account.epoch && password != account.password;
    Ok(is_news.then(|| PasswordRehashed { password }.into()))
}

pub(super) fn request_reset(life: &Life, command: &RequestPasswordReset, at: Timestamp) -> Decision {
    life.an_active_account()?;
    let RequestPasswordReset { request_id, token } = command.clone();
    Ok(Some(PasswordResetRequested { request_id, token, expires_at: later(at, RESET_WITHIN_S) }.into()))
}

pub(super) fn reset_password(life: &Life, command: &ResetPassword, at: Timestamp) -> Decision {
    let account = life.an_active_account()?;
    is_good(account.reset.as_ref(), &command.token, at)?;
    Ok(Some(another_password(account, command.password.clone(), PasswordProof::ResetToken)))
}

pub(super) fn request_verification(life: &Life, command: &RequestEmailVerification, at: Timestamp) -> Decision {
    let account = life.an_active_account()?;
    let RequestEmailVerification { request_id, token } = command.clone();
    let expires_at = later(at, VERIFY_WITHIN_S);
    Ok((!account.email_verified).then(|| EmailVerificationRequested { request_id, token, expires_at }.into()))
}

pub(super) fn confirm_verification(life: &Life, command: &ConfirmEmailVerification, at: Timestamp) -> Decision {
    let account = life.an_active_account()?;
    is_good(account.verification.as_ref(), &command.token, at)?;
    Ok(Some(EmailVerified {}.into()))
}

pub(super) fn expired(purpose: TokenPurpose) -> UserEvent {
    TokenExpired { purpose }.into()
}

/// Hashes of random secrets: comparing them tells nothing of the secrets, so it needs no constant time. A deadline may fire
/// late, after a downtime for instance: a token that is too old is refused before it has.
fn is_good(pending: Option<&Pending>, token: &SecretHash, at: Timestamp) -> Result<(), UserRejection> {
    match pending {
        Some(pending) if pending.token == *token && at < pending.expires_at => Ok(()),
        Some(_) | None => Err(UserRejection::TokenInvalid),
    }
}

fn another_password(account: &Account, password: tillroll_schemas::PasswordHash, proof: PasswordProof) -> UserEvent {
    PasswordChanged { password, proof, epoch: account.next_epoch() }.into()
}

/// A token that was sent for the password before is good for nothing any more.
pub(super) fn changed(account: &mut Account, event: &PasswordChanged) {
    account.password = event.password.clone();
    account.epoch = event.epoch;
    account.reset = None;
}

pub(super) fn verified(account: &mut Account) {
    account.email_verified = true;
    account.verification = None;
}

pub(super) fn forget(account: &mut Account, purpose: TokenPurpose) {
    match purpose {
        TokenPurpose::PasswordReset => account.reset = None,
        TokenPurpose::EmailVerification => account.verification = None,
    }
}
