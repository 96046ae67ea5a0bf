//! What can be asked of a user: by himself and by staff, by identity claims, by his own timers.

use super::{ClaimAnswer, HeldClaim, Profile, Role};
use crate::identity_claim::ClaimKey;
use crate::{PasswordHash, Sealed, SecretHash, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Starts a registration. Everything was checked and sealed by the handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterUser {
    /// The address.
    pub email: Sealed,
    /// What keeps it unique.
    pub email_claim: ClaimKey,
    /// The name for logging in.
    pub username: Sealed,
    /// What keeps it unique.
    pub username_claim: ClaimKey,
    /// What the person says of himself.
    pub profile: Profile,
    /// What is kept of the password.
    pub password: PasswordHash,
    /// What he is to the shop.
    pub roles: BTreeSet<Role>,
}

/// Identity claims answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordClaimAnswers {
    /// Who, and what.
    pub answers: Vec<ClaimAnswer>,
}

/// A claim whose time is up asks whether it may lapse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskClaimExpiry {
    /// Which, and which hold.
    #[serde(flatten)]
    pub of: HeldClaim,
    /// When it would ask again.
    pub expires_at: Timestamp,
}

/// Replaces what a person says of himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeProfile {
    /// All of it.
    pub profile: Profile,
}

/// Makes him something else to the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRoles {
    /// All of them; at least one.
    pub roles: BTreeSet<Role>,
}

/// Sets another password, after the one before was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    /// What is kept of it.
    pub password: PasswordHash,
    /// The security epoch at which the password before was verified: refused if it was raised since.
    pub epoch: u64,
}

/// Keeps a better hash of the same password, after it was verified; nothing if the epoch was raised since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehashPassword {
    /// What is kept of it.
    pub password: PasswordHash,
    /// The security epoch at which it was verified.
    pub epoch: u64,
}

/// Has a token sent with which a password can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestPasswordReset {
    /// Which request: the token is made of it.
    pub request_id: Uuid,
    /// What is kept of the token.
    pub token: SecretHash,
}

/// Sets another password by a token that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetPassword {
    /// The hash of the token.
    pub token: SecretHash,
    /// What is kept of the password.
    pub password: PasswordHash,
}

/// Has a token sent with which the address can be verified; nothing if it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestEmailVerification {
    /// Which request: the token is made of it.
    pub request_id: Uuid,
    /// What is kept of the token.
    pub token: SecretHash,
}

/// Verifies the address by a token that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmEmailVerification {
    /// The hash of the token.
    pub token: SecretHash,
}

/// Changes the address, after the password was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeEmail {
    /// The security epoch at which it was: refused if it was raised since.
    pub epoch: u64,
    /// The address.
    pub email: Sealed,
    /// What keeps it unique.
    pub claim: ClaimKey,
}

/// Locks the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspendUser {
    /// Why; no personal data.
    pub reason: String,
}

/// Unlocks the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReinstateUser {}

/// Forgets the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseUser {}

/// The timer's command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDeadlinePassed {
    /// The deadline that fired.
    pub deadline: Timestamp,
}

tillroll_log::bodies! {
    /// What can be asked of a user.
    pub enum UserCommand {
        Register(RegisterUser) = "user.register",
        RecordClaimAnswers(RecordClaimAnswers) = "user.record-claim-answers",
        AskClaimExpiry(AskClaimExpiry) = "user.ask-claim-expiry",
        ChangeProfile(ChangeProfile) = "user.change-profile",
        ChangeRoles(ChangeRoles) = "user.change-roles",
        ChangePassword(ChangePassword) = "user.change-password",
        RehashPassword(RehashPassword) = "user.rehash-password",
        RequestPasswordReset(RequestPasswordReset) = "user.request-password-reset",
        ResetPassword(ResetPassword) = "user.reset-password",
        RequestEmailVerification(RequestEmailVerification) = "user.request-email-verification",
        ConfirmEmailVerification(ConfirmEmailVerification) = "user.confirm-email-verification",
        ChangeEmail(ChangeEmail) = "user.change-email",
        Suspend(SuspendUser) = "user.suspend",
        Reinstate(ReinstateUser) = "user.reinstate",
        Erase(EraseUser) = "user.erase",
        DeadlinePassed(UserDeadlinePassed) = "user.deadline-passed",
    }
}
