//! The header `tillroll-identity`: base64url(JSON with subject, roles, scopes, expiry) `.` base64url(HMAC-SHA256).

use std::sync::Arc;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Identity;
use crate::bounded::BoundedCache;
use crate::mac::MacKey;

/// Seconds for which an identity is good once it is sealed.
pub const MAX_IDENTITY_AGE: u64 = 60;

/// Seconds by which two machines' clocks may differ.
const LEEWAY: u64 = 5;
const MAX_TEXT: usize = 8 * 1024;
const CACHED: usize = 4096;

/// The gateway's side: seals identities.
#[derive(Debug, Clone)]
pub struct IdentityKey(MacKey);

/// The services' side: opens them. Clones share one bounded cache of what was verified.
#[derive(Clone)]
pub struct IdentityVerifier(Arc<Verifying>);

struct Verifying {
    key: MacKey,
    verified: BoundedCache<(Arc<Identity>, u64)>,
}

/// The header was not made by a gateway of this installation, or is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller's identity is forged or out of date")]
pub struct UntrustedIdentity;

#[derive(Serialize)]
struct Sealed<'a> {
    #[serde(flatten)]
    identity: &'a Identity,
    exp: u64,
}

#[derive(Deserialize)]
struct Opened {
    #[serde(flatten)]
    identity: Identity,
    exp: u64,
}

impl IdentityKey {
    /// The key from its secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(MacKey::new(secret))
    }

    /// The header's value, good for `MAX_IDENTITY_AGE` seconds from `now` (seconds since 1970).
    pub fn seal(&self, identity: &Identity, now: u64) -> Option<HeaderValue> {
        self.seal_until(identity, now.saturating_add(MAX_IDENTITY_AGE))
    }

    pub(super) fn seal_until(&self, identity: &Identity, exp: u64) -> Option<HeaderValue> {
        let json = serde_json::to_vec(&Sealed { identity, exp }).ok()?;
        let mut text = URL_SAFE_NO_PAD.encode(json);
        let tag = self.0.tag(text.as_bytes());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(tag, &mut text);
        HeaderValue::from_str(&text).ok()
    }

    /// What services need to open what this key seals.
    pub fn verifier(&self) -> IdentityVerifier {
        IdentityVerifier(Arc::new(Verifying { key: self.0.clone(), verified: BoundedCache::new(CACHED) }))
    }
}

impl IdentityVerifier {
    /// Who the header speaks of, if it was sealed under the same key and is not too old (or too young) at `now`.
    pub fn open(&self, text: &str, now: u64) -> Result<Arc<Identity>, UntrustedIdentity> {
        if let Some((identity, exp)) = self.0.verified.get(text) {
            if is_current(exp, now) {
                return Ok(identity);
            }
            self.0.verified.remove(text);
            return Err(UntrustedIdentity);
        }
        let (identity, exp) = self.open_new(text).ok_or(UntrustedIdentity)?;
        if !is_current(exp, now) {
            return Err(UntrustedIdentity);
        }
        let identity = Arc::new(identity);
        self.0.verified.put(text, (identity.clone(), exp));
        Ok(identity)
    }

    fn open_new(&self, text: &str) -> Option<(Identity, u64)> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let (json, tag) = text.split_once('.')?;
        let tag: [u8; 32] = URL_SAFE_NO_PAD.decode(tag).ok()?.try_into().ok()?;
        if !self.0.key.verifies(json.as_bytes(), &tag) {
            return None;
        }
        let opened: Opened = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(json).ok()?).ok()?;
        Some((opened.identity, opened.exp))
    }
}

fn is_current(exp: u64, now: u64) -> bool {
    now <= exp.saturating_add(LEEWAY) && exp <= now.saturating_add(MAX_IDENTITY_AGE + LEEWAY)
}
