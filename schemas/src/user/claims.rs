//! What users and identity claims say to each other, and what comes of it.

use crate::Timestamp;
use crate::identity_claim::ClaimKey;
use serde::{Deserialize, Serialize};

/// An identity that a user has or wants to have, and under which of his holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HeldClaim {
    /// Which.
    pub claim: ClaimKey,
    /// The number of his hold on it.
    pub hold: u32,
}

/// What an identity claim answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ClaimOutcome {
    /// It is held for the user.
    Reserved,
    /// It cannot be held.
    ReservationRefused {
        /// Why: `identity_taken`, `conflict`.
        code: String,
    },
    /// It is the user's.
    Confirmed,
    /// It cannot be the user's.
    ConfirmationRefused {
        /// Why: `identity_not_held`, `conflict`.
        code: String,
    },
    /// It is not the user's any more.
    Released,
    /// The release was not carried out.
    ReleaseRefused {
        /// Why.
        code: String,
    },
}

/// An identity claim's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimAnswer {
    /// Whose, and to which hold.
    #[serde(flatten)]
    pub of: HeldClaim,
    /// What.
    #[serde(flatten)]
    pub outcome: ClaimOutcome,
}

/// A step of a user's sagas: what he waits for identity claims to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStep {
    /// To hold what he wants.
    Reserve,
    /// To make it his.
    Confirm,
    /// To let go of it.
    Release,
}

impl ClaimStep {
    /// Every one, in the order of the saga.
    pub const ALL: [Self; 3] = [Self::Reserve, Self::Confirm, Self::Release];
}

/// Why a user could not have what he wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimFailure {
    /// Somebody else has the e-mail address.
    EmailTaken,
    /// Somebody else has the username.
    UsernameTaken,
    /// An identity claim did not answer in time, or could not decide.
    IdentityUnanswered,
    /// Meanwhile the password was changed, a role taken away, or the account locked: whoever asked may not be the owner.
    CredentialsChanged,
}

impl ClaimFailure {
    /// Every one.
    pub const ALL: [Self; 4] =
        [Self::EmailTaken, Self::UsernameTaken, Self::IdentityUnanswered, Self::CredentialsChanged];

    /// Stable, snake case: the code of the problem that a client gets.
    pub fn code(self) -> &'static str {
        match self {
            Self::EmailTaken => "email_taken",
            Self::UsernameTaken => "username_taken",
            Self::IdentityUnanswered => "identity_unanswered",
            Self::CredentialsChanged => "credentials_changed",
        }
    }
}

/// What a user says to a claim that asks whether it may lapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum ExpiryVerdict {
    /// It is his, or is to be.
    Confirm,
    /// He does not know yet.
    Extend {
        /// When to ask again.
        expires_at: Timestamp,
    },
    /// He has no use for it.
    Release,
}
