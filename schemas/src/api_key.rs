//! `api-key`: a key for machines: importers, partners. Key: the key's id.

pub mod secret;

use crate::{SecretHash, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What a caller may do: `orders:read`. A subject and a verb, each of 1 to 32 characters a-z and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

/// The text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is a subject and a verb, as in orders:read")]
pub struct InvalidScope;

impl Scope {
    /// The scope with this text.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let plain =
            |part: &str| (1..=32).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        match text.split_once(':') {
            Some((subject, verb)) if plain(subject) && plain(verb) => Ok(Self(text.to_owned())),
            Some(_) | None => Err(InvalidScope),
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;
    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user who was logged in, and his security epoch then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maker {
    /// Who.
    pub user: UserId,
    /// The epoch of the log-in.
    pub epoch: u64,
}

/// The key was made. Its secret was told once and is nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// What is kept of the secret.
    pub hash: SecretHash,
    /// In whose name it acts.
    pub owner: UserId,
    /// What it is for, for people; no personal data.
    pub label: String,
    /// What it may do, as far as its owner may.
    pub scopes: BTreeSet<Scope>,
    /// The owner's security epoch when it was made. One that does not say counts as older than any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// By whose log-in it was made, if by one. Whoever stole that may have made it for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<Maker>,
}

/// The key is good for nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {}

tillroll_log::bodies! {
    /// What happened to a key for machines.
    pub enum ApiKeyEvent {
        Created(Created) = "api-key.created.v1",
        Revoked(Revoked) = "api-key.revoked.v1",
    }
}

/// Makes a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateApiKey {
    /// What is kept of the secret.
    pub hash: SecretHash,
    /// In whose name it acts.
    pub owner: UserId,
    /// What it is for, for people; no personal data.
    pub label: String,
    /// What it may do, as far as its owner may; at least one.
    pub scopes: BTreeSet<Scope>,
    /// The owner's security epoch, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// By whose log-in it is made, if by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<Maker>,
}

/// Ends a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeApiKey {}

tillroll_log::bodies! {
    /// What can be asked of a key for machines.
    pub enum ApiKeyCommand {
        Create(CreateApiKey) = "api-key.create",
        Revoke(RevokeApiKey) = "api-key.revoke",
    }
}
