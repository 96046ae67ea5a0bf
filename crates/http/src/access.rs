//! Access tokens: JWTs signed with Ed25519. The algorithm is pinned, keys come from the local set only, and what a
//! token's own header says about keys is not followed.

mod ring;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderValue;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bounded::BoundedCache;
use crate::identity::{Identity, IdentityKey, Login, MAX_IDENTITY_AGE};
use crate::problem::Problem;
use crate::problems;
use crate::random::random_id;
use ring::Ring;

pub use ring::KeyState;

/// Who issues access tokens, and for whom.
pub const ISSUER: &str = "tillroll";
/// RFC 9068: says what kind of JWT this is, so that no other kind passes for one.
const KIND: &str = "at+jwt";
/// Seconds by which the clocks of issuer and verifier may differ.
pub const LEEWAY: u64 = 30;
/// How long a token may be good that rests on a log-in. The door remembers for as long what was revoked.
pub const LOGIN_TOKEN_LIFE: Duration = Duration::from_secs(900);
const MAX_TEXT: usize = 4096;
const CACHED: usize = 4096;

/// The keys for access tokens: at most two at a time, of which one signs. Clones share them.
#[derive(Clone)]
pub struct AccessKeys(Arc<RwLock<Arc<Inner>>>);

struct Inner {
    ring: Ring,
    validation: Validation,
    /// Goes with the keys: what a retired key signed is not good because it was good once.
    verified: BoundedCache<Arc<Access>>,
}

/// What a verified access token allows.
pub struct Access {
    /// Who calls.
    pub identity: Identity,
    not_before: u64,
    expires_at: u64,
    sealed: RwLock<Option<(HeaderValue, u64)>>,
}

/// Why an access token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefused {
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the access token is not valid yet")]
    TooEarly,
    /// It was never good here.
    #[error("the access token is malformed, forged or not meant for this installation")]
    Invalid,
}

impl From<AccessRefused> for Problem {
    fn from(refused: AccessRefused) -> Self {
        let kind = match refused {
            AccessRefused::Expired => &problems::TOKEN_EXPIRED,
            AccessRefused::TooEarly | AccessRefused::Invalid => &problems::UNAUTHENTICATED,
        };
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        Self::new(kind).detail(refused.to_string()).header(axum::http::header::WWW_AUTHENTICATE, challenge)
    }
}

/// A key that cannot be used, or a token that could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} the access-token key")]
pub struct AccessKeyError {
    doing: &'static str,
    #[source]
    source: jsonwebtoken::errors::Error,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: u64,
    nbf: u64,
    iat: u64,
    jti: Uuid,
    roles: Vec<String>,
    /// RFC 9068, section 2.2.3: separated by spaces.
    scope: String,
    /// The session that a user logged in by, and his security epoch then: both or neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
}

impl Claims {
    fn login(&self) -> Result<Option<Login>, AccessRefused> {
        match (self.sid, self.epoch) {
            // The door would have forgotten by then what was revoked.
            (Some(_), Some(_)) if self.exp.saturating_sub(self.nbf) > LOGIN_TOKEN_LIFE.as_secs() => {
                Err(AccessRefused::Invalid)
            }
            (Some(sid), Some(epoch)) => Ok(Some(Login { sid, epoch })),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err(AccessRefused::Invalid),
        }
    }
}

impl AccessKeys {
    /// Keys from Ed25519 private keys in PKCS#8 PEM: the older, and if there are two the newer with the time from which
    /// it signs, in seconds since 1970.
    pub fn from_pem(older: &[u8], newer: Option<(&[u8], u64)>) -> Result<Self, AccessKeyError> {
        let (ring, verified) = (Ring::read(older, newer)?, BoundedCache::new(CACHED));
        Ok(Self(Arc::new(RwLock::new(Arc::new(Inner { ring, validation: validation(), verified })))))
    }

    /// Makes these keys, and all clones, the others.
    pub fn replace(&self, by: &Self) {
        let by = by.inner();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = by;
    }

    fn inner(&self) -> Arc<Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A token for `identity`, good from `now` (seconds since 1970) for `ttl`; if it rests on a log-in, for
    /// [`LOGIN_TOKEN_LIFE`] at most.
    pub fn mint(&self, identity: &Identity, ttl: Duration, now: u64) -> Result<String, AccessKeyError> {
        let ttl = if identity.login.is_some() { ttl.min(LOGIN_TOKEN_LIFE) } else { ttl };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: identity.subject.clone(),
            exp: now.saturating_add(ttl.as_secs()),
            nbf: now,
            iat: now,
            jti: random_id(),
            roles: identity.roles.clone(),
            scope: identity.scopes.join(" "),
            sid: identity.login.map(|login| login.sid),
            epoch: identity.login.map(|login| login.epoch),
        };
        let inner = self.inner();
        let key = inner.ring.signing(now);
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(KIND.to_owned());
        header.kid = Some(key.kid.clone());
        encode(&header, &claims, &key.signing).map_err(failed("sign with"))
    }

    /// What the token allows at `now`. A token that was verified before is not verified again, its times are.
    pub fn verify(&self, token: &str, now: u64) -> Result<Arc<Access>, AccessRefused> {
        self.inner().verify(token, now)
    }

    /// The public keys, for `/.well-known/jwks.json` (RFC 7517): also the one that does not sign yet.
    pub fn public(&self) -> Vec<Jwk> {
        self.inner().ring.all().map(|key| key.public.clone()).collect()
    }

    /// What each key is good for at `now`, by its id; the older first.
    pub fn states(&self, now: u64) -> Vec<(String, KeyState)> {
        self.inner().ring.states(now)
    }
}

impl Inner {
    fn verify(&self, token: &str, now: u64) -> Result<Arc<Access>, AccessRefused> {
        if let Some(access) = self.verified.get(token) {
            return match access.check(now) {
                Ok(()) => Ok(access),
                Err(refused) => {
                    self.verified.remove(token);
                    Err(refused)
                }
            };
        }
        let access = Arc::new(self.verify_new(token)?);
        access.check(now)?;
        self.verified.put(token, access.clone());
        Ok(access)
    }

    fn verify_new(&self, token: &str) -> Result<Access, AccessRefused> {
        if token.len() > MAX_TEXT {
            return Err(AccessRefused::Invalid);
        }
        let header = decode_header(token).map_err(|_| AccessRefused::Invalid)?;
        // A critical extension must be understood or the token refused (RFC 7515, 4.1.11); none is understood here.
        if header.typ.as_deref() != Some(KIND) || header.crit.is_some() {
            return Err(AccessRefused::Invalid);
        }
        let kid = header.kid.ok_or(AccessRefused::Invalid)?;
        let key = self.ring.all().find(|key| key.kid == kid).ok_or(AccessRefused::Invalid)?;
        let claims: Claims =
            decode(token, &key.verifying, &self.validation).map_err(|_| AccessRefused::Invalid)?.claims;
        let scopes = claims.scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        Ok(Access {
            identity: Identity {
                login: claims.login()?,
                subject: claims.sub,
                roles: claims.roles,
                scopes,
                owner: None,
            },
            not_before: claims.nbf,
            expires_at: claims.exp,
            sealed: RwLock::new(None),
        })
    }
}

impl Access {
    /// What something allows that is no access token and has no end of its own.
    pub fn of(identity: Identity) -> Self {
        Self { identity, not_before: 0, expires_at: u64::MAX, sealed: RwLock::new(None) }
    }

    /// The header that tells services who calls. Sealed anew when half its time has passed.
    pub fn sealed(&self, key: &IdentityKey, now: u64) -> Option<HeaderValue> {
        if let Some((header, at)) = &*self.sealed.read().unwrap_or_else(PoisonError::into_inner)
            && now.abs_diff(*at) < MAX_IDENTITY_AGE / 2
        {
            return Some(header.clone());
        }
        let header = key.seal(&self.identity, now)?;
        *self.sealed.write().unwrap_or_else(PoisonError::into_inner) = Some((header.clone(), now));
        Some(header)
    }

    fn check(&self, now: u64) -> Result<(), AccessRefused> {
        if now > self.expires_at.saturating_add(LEEWAY) {
            return Err(AccessRefused::Expired);
        }
        if now.saturating_add(LEEWAY) < self.not_before {
            return Err(AccessRefused::TooEarly);
        }
        Ok(())
    }
}

/// Times are checked by `Access::check`, because they must be checked again when the cache answers.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[ISSUER]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
    validation
}

fn failed(doing: &'static str) -> impl FnOnce(jsonwebtoken::errors::Error) -> AccessKeyError {
    move |source| AccessKeyError { doing, source }
}

#[cfg(test)]
mod tests;
