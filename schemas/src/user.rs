//! `user`: a person with an account, and the sagas by which he comes to have an e-mail address and a username that
//! nobody else has. Key: the user id. Personal data is sealed; what is sealed here is only ever carried.

mod claims;
mod commands;

pub use claims::*;
pub use commands::*;

use crate::{PasswordHash, Sealed, SecretHash, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What somebody may be to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys.
    Customer,
    /// Works for the shop.
    Staff,
    /// Runs the system.
    Operator,
}

/// What a person says of himself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// As he wants to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Sealed>,
    /// His first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Sealed>,
    /// His last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Sealed>,
    /// What he wants others to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<Sealed>,
    /// Where text messages reach him, as E.164 writes it. Nobody has proved that it is his.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Sealed>,
    /// Where he lives and where he has things sent, each sealed as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Sealed>,
    /// The language that he reads, as a BCP 47 tag: `en-GB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// Somebody wants an account; his e-mail address and his username are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationStarted {
    /// His address.
    pub email: Sealed,
    /// What keeps it unique.
    pub email_claim: HeldClaim,
    /// His name for logging in.
    pub username: Sealed,
    /// What keeps it unique.
    pub username_claim: HeldClaim,
    /// What he says of himself.
    pub profile: Profile,
    /// What is kept of his password.
    pub password: PasswordHash,
    /// What he is to the shop.
    pub roles: BTreeSet<Role>,
    /// When the claims ask what has become of him.
    pub claims_expire_at: Timestamp,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// Some identity claims answered; others are still awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsAnswered {
    /// Who, and what.
    pub answers: Vec<ClaimAnswer>,
}

/// Everything that the user wants is held for him; he asks for it to be his.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsReserved {
    /// The answers that completed it.
    pub answers: Vec<ClaimAnswer>,
    /// What has to be confirmed.
    pub claims: Vec<HeldClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// Address and username are his: he has an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activated {
    /// The answers that completed it.
    pub answers: Vec<ClaimAnswer>,
    /// His first security epoch.
    pub epoch: u64,
}

/// He cannot have an account; what he may hold is asked back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationFailed {
    /// Why.
    pub failure: ClaimFailure,
    /// The answers that caused it, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<ClaimAnswer>,
    /// What has to be released.
    pub releases: Vec<HeldClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// An answer did not come in time; the wait goes on, longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOverdue {
    /// Which wait.
    pub step: ClaimStep,
    /// How many times now (from 1).
    pub attempt: u32,
    /// What is asked once more; only releases are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<HeldClaim>,
    /// When the wait is over.
    pub answer_by: Timestamp,
}

/// Everything that the user had to let go of is let go of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsReleased {
    /// The answers that completed it.
    pub answers: Vec<ClaimAnswer>,
}

/// A claim whose time is up asked, and was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimExpiryAnswered {
    /// Which, and which hold.
    #[serde(flatten)]
    pub of: HeldClaim,
    /// What it was told.
    #[serde(flatten)]
    pub verdict: ExpiryVerdict,
}

/// The person says other things of himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileChanged {
    /// All of it.
    pub profile: Profile,
}

/// Staff made him something else to the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolesChanged {
    /// All of them.
    pub roles: BTreeSet<Role>,
    /// The security epoch afterwards: raised if a role was taken away.
    pub epoch: u64,
}

/// How somebody proved that he may set a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordProof {
    /// He knew the one before.
    Password,
    /// He had the token that was sent to his address.
    ResetToken,
}

/// There is another password; every session before it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// What is kept of it.
    pub password: PasswordHash,
    /// How he proved that he may.
    pub proof: PasswordProof,
    /// The security epoch afterwards.
    pub epoch: u64,
}

/// The same password, hashed with today's parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRehashed {
    /// What is kept of it.
    pub password: PasswordHash,
}

/// Somebody says that he forgot his password; a token goes to the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordResetRequested {
    /// Which request: who knows the key of such tokens makes the token of user and request again.
    pub request_id: Uuid,
    /// What is kept of the token. It replaces one that was sent before.
    pub token: SecretHash,
    /// When it is good for nothing any more.
    pub expires_at: Timestamp,
}

/// A token goes to the address, to see whether the person reads what comes there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailVerificationRequested {
    /// Which request: who knows the key of such tokens makes the token of user and request again.
    pub request_id: Uuid,
    /// What is kept of the token. It replaces one that was sent before.
    pub token: SecretHash,
    /// When it is good for nothing any more.
    pub expires_at: Timestamp,
}

/// The person reads what comes to his address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailVerified {}

/// What a single-use token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPurpose {
    /// Setting a password.
    PasswordReset,
    /// Verifying an address.
    EmailVerification,
}

/// A token was not used in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenExpired {
    /// What it was good for.
    pub purpose: TokenPurpose,
}

/// The person wants another address; it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChangeStarted {
    /// The address.
    pub email: Sealed,
    /// What keeps it unique.
    pub claim: HeldClaim,
    /// When the claim asks what has become of it.
    pub claims_expire_at: Timestamp,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// The other address is his, and is not verified; the one before is asked back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChanged {
    /// The address.
    pub email: Sealed,
    /// What keeps it unique.
    pub claim: HeldClaim,
    /// The answers that completed it.
    pub answers: Vec<ClaimAnswer>,
    /// What has to be released.
    pub releases: Vec<HeldClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// He keeps the address that he has; what he may hold of the other is asked back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChangeFailed {
    /// Why.
    pub failure: ClaimFailure,
    /// The answers that caused it, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<ClaimAnswer>,
    /// What has to be released.
    pub releases: Vec<HeldClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// Staff locked the account; every session is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// Why; no personal data.
    pub reason: String,
    /// The security epoch afterwards.
    pub epoch: u64,
}

/// Staff unlocked the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstated {}

/// The person is forgotten, for ever; what he holds is asked back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The security epoch afterwards.
    pub epoch: u64,
    /// What has to be released.
    pub releases: Vec<HeldClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

tillroll_log::bodies! {
    /// What happened to a user.
    pub enum UserEvent {
        RegistrationStarted(RegistrationStarted) = "user.registration-started.v1",
        ClaimsAnswered(ClaimsAnswered) = "user.claims-answered.v1",
        ClaimsReserved(ClaimsReserved) = "user.claims-reserved.v1",
        Activated(Activated) = "user.activated.v1",
        RegistrationFailed(RegistrationFailed) = "user.registration-failed.v1",
        StepOverdue(StepOverdue) = "user.step-overdue.v1",
        ClaimsReleased(ClaimsReleased) = "user.claims-released.v1",
        ClaimExpiryAnswered(ClaimExpiryAnswered) = "user.claim-expiry-answered.v1",
        ProfileChanged(ProfileChanged) = "user.profile-changed.v1",
        RolesChanged(RolesChanged) = "user.roles-changed.v1",
        PasswordChanged(PasswordChanged) = "user.password-changed.v1",
        PasswordRehashed(PasswordRehashed) = "user.password-rehashed.v1",
        PasswordResetRequested(PasswordResetRequested) = "user.password-reset-requested.v1",
        EmailVerificationRequested(EmailVerificationRequested) = "user.email-verification-requested.v1",
        EmailVerified(EmailVerified) = "user.email-verified.v1",
        TokenExpired(TokenExpired) = "user.token-expired.v1",
        EmailChangeStarted(EmailChangeStarted) = "user.email-change-started.v1",
        EmailChanged(EmailChanged) = "user.email-changed.v1",
        EmailChangeFailed(EmailChangeFailed) = "user.email-change-failed.v1",
        Suspended(Suspended) = "user.suspended.v1",
        Reinstated(Reinstated) = "user.reinstated.v1",
        Erased(Erased) = "user.erased.v1",
    }
}
