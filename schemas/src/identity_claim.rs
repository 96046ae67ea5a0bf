//! `identity-claim`: who has an e-mail address or a username. Key: the HMAC of its normal form, in hexadecimal digits.

use crate::secret::{hex, is_hex_digest};
use crate::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Which address or name: its HMAC under a key that never rotates, as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimKey(Arc<str>);

/// The text is no key of an identity claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of an identity claim is 64 lower-case hexadecimal digits")]
pub struct InvalidClaimKey;

impl ClaimKey {
    /// The key with this HMAC.
    pub fn of_mac(mac: &[u8; 32]) -> Self {
        Self(hex(mac).into())
    }

    /// The digits, as they are the key of the record.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ClaimKey {
    type Err = InvalidClaimKey;
    fn from_str(text: &str) -> Result<Self, InvalidClaimKey> {
        if is_hex_digest(text) { Ok(Self(text.into())) } else { Err(InvalidClaimKey) }
    }
}

impl TryFrom<String> for ClaimKey {
    type Error = InvalidClaimKey;
    fn try_from(text: String) -> Result<Self, InvalidClaimKey> {
        text.parse()
    }
}

impl From<ClaimKey> for String {
    fn from(key: ClaimKey) -> Self {
        key.0.as_ref().to_owned()
    }
}

impl fmt::Display for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClaimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt of a user to have an identity. A user who lets go of an identity and takes it again holds it under
/// another number, so that nothing which was said of the first attempt counts for the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hold {
    /// Who.
    pub user_id: UserId,
    /// His how manieth attempt to have any identity, from 1.
    pub number: u32,
}

/// The identity is held for a user until he confirms it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// For whom.
    #[serde(flatten)]
    pub hold: Hold,
    /// When he is asked what has become of it.
    pub expires_at: Timestamp,
}

/// The user asked for more time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// For whom.
    #[serde(flatten)]
    pub hold: Hold,
    /// When he is asked what has become of it.
    pub expires_at: Timestamp,
}

/// The reservation's time is up. It lapses only when its user says so: he is asked, and asked again later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryAsked {
    /// Who is asked.
    #[serde(flatten)]
    pub hold: Hold,
    /// The how manieth time (from 1).
    pub attempt: u32,
    /// When he is asked again, if he has not answered.
    pub expires_at: Timestamp,
}

/// The identity is the user's, without an expiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// Whose.
    #[serde(flatten)]
    pub hold: Hold,
}

/// The identity is nobody's again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Whose it was, or was to be.
    #[serde(flatten)]
    pub hold: Hold,
}

tillroll_log::bodies! {
    /// What happened to an identity claim.
    pub enum IdentityClaimEvent {
        Reserved(Reserved) = "identity-claim.reserved.v1",
        Extended(Extended) = "identity-claim.extended.v1",
        ExpiryAsked(ExpiryAsked) = "identity-claim.expiry-asked.v1",
        Confirmed(Confirmed) = "identity-claim.confirmed.v1",
        Released(Released) = "identity-claim.released.v1",
    }
}

/// Holds the identity for a user; refused while somebody else has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveIdentity {
    /// For whom.
    #[serde(flatten)]
    pub hold: Hold,
    /// When he is asked what has become of it.
    pub expires_at: Timestamp,
}

/// Gives a reservation more time; nothing once it is confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendIdentity {
    /// Whose reservation.
    #[serde(flatten)]
    pub hold: Hold,
    /// When he is asked what has become of it.
    pub expires_at: Timestamp,
}

/// Makes a reservation final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmIdentity {
    /// Whose reservation.
    #[serde(flatten)]
    pub hold: Hold,
}

/// Lets go of the identity, reserved or confirmed; nothing if it is not held under this hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseIdentity {
    /// Whose.
    #[serde(flatten)]
    pub hold: Hold,
}

/// The timer's command: a reservation's time is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryPassed {
    /// The deadline that fired.
    pub deadline: Timestamp,
}

tillroll_log::bodies! {
    /// What can be asked of an identity claim.
    pub enum IdentityClaimCommand {
        Reserve(ReserveIdentity) = "identity-claim.reserve",
        Extend(ExtendIdentity) = "identity-claim.extend",
        Confirm(ConfirmIdentity) = "identity-claim.confirm",
        Release(ReleaseIdentity) = "identity-claim.release",
        ExpiryPassed(ExpiryPassed) = "identity-claim.expiry-passed",
    }
}
