//! The text of a key for machines: `till_<key id>_<secret>`. The id leads to the key, the secret is 256 random bits of
//! which only the SHA-256 is kept.

use crate::{ApiKeyId, SecretHash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

const PREFIX: &str = "till";

/// A key's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiSecret([u8; 32]);

/// The text is no key for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct InvalidApiKey;

impl ApiSecret {
    /// The secret with these bytes, which have to be random.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// What is kept of it. Whoever sees two hashes that differ learns nothing of the secrets, so comparing hashes
    /// needs no constant time.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of_digest(&Sha256::digest(self.0).into())
    }

    /// The text that its owner is told, once.
    pub fn reveal(&self, id: ApiKeyId) -> String {
        format!("{PREFIX}_{}_{}", id.0.as_simple(), URL_SAFE_NO_PAD.encode(self.0))
    }

    /// Whether somebody who presents this text means an API key, good or not.
    pub fn is_meant_by(text: &str) -> bool {
        text.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with('_'))
    }

    /// Id and secret of such a text.
    pub fn read(text: &str) -> Result<(ApiKeyId, Self), InvalidApiKey> {
        let (id, secret) = parse(text).ok_or(InvalidApiKey)?;
        // One key is one text: no other spelling of the id is taken.
        if secret.reveal(id) == text { Ok((id, secret)) } else { Err(InvalidApiKey) }
    }
}

fn parse(text: &str) -> Option<(ApiKeyId, ApiSecret)> {
    // The secret's own alphabet has the underscore, so only the first two part.
    let (prefix, rest) = text.split_once('_')?;
    let (id, secret) = rest.split_once('_')?;
    if prefix != PREFIX || secret.len() != 43 {
        return None;
    }
    let secret = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
    Some((ApiKeyId(Uuid::try_parse(id).ok()?), ApiSecret(secret)))
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiSecret(…)")
    }
}

#[cfg(test)]
mod tests;
