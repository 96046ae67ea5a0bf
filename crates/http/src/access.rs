//! Access tokens: JWTs signed with Ed25519. The algorithm is pinned, keys come from the local set only, and what a
//! token's own header says about keys is not followed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderValue;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bounded::BoundedCache;
use crate::identity::{Identity, IdentityKey, MAX_IDENTITY_AGE};
use crate::problem::Problem;
use crate::problems;
use crate::random::random_id;

/// Who issues access tokens, and for whom.
pub const ISSUER: &str = "tillroll";
/// RFC 9068: says what kind of JWT this is, so that no other kind passes for one.
const KIND: &str = "at+jwt";
/// Seconds by which the clocks of issuer and verifier may differ.
pub const LEEWAY: u64 = 30;
const MAX_TEXT: usize = 4096;
const CACHED: usize = 4096;

/// The keys for access tokens: one signs; it and the previous one verify.
#[derive(Clone)]
pub struct AccessKeys(Arc<Inner>);

struct Inner {
    signing: EncodingKey,
    kid: String,
    verifying: HashMap<String, DecodingKey>,
    public: Vec<Jwk>,
    validation: Validation,
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
}

impl AccessKeys {
    /// Keys from Ed25519 private keys in PKCS#8 PEM: the one that signs, and one that is on its way out.
    pub fn from_pem(signing: &[u8], previous: Option<&[u8]>) -> Result<Self, AccessKeyError> {
        let (signing, jwk, kid) = read(signing)?;
        let mut public = vec![jwk];
        if let Some(previous) = previous {
            public.push(read(previous)?.1);
        }
        let mut verifying = HashMap::new();
        for jwk in &public {
            let key = DecodingKey::from_jwk(jwk).map_err(failed("use"))?;
            verifying.extend(jwk.common.key_id.clone().map(|kid| (kid, key)));
        }
        let verified = BoundedCache::new(CACHED);
        Ok(Self(Arc::new(Inner { signing, kid, verifying, public, validation: validation(), verified })))
    }

    /// A token for `identity`, good from `now` (seconds since 1970) for `ttl`.
    pub fn mint(&self, identity: &Identity, ttl: Duration, now: u64) -> Result<String, AccessKeyError> {
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
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(KIND.to_owned());
        header.kid = Some(self.0.kid.clone());
        encode(&header, &claims, &self.0.signing).map_err(failed("sign with"))
    }

    /// What the token allows at `now`. A token that was verified before is not verified again, its times are.
    pub fn verify(&self, token: &str, now: u64) -> Result<Arc<Access>, AccessRefused> {
        if let Some(access) = self.0.verified.get(token) {
            return match access.check(now) {
                Ok(()) => Ok(access),
                Err(refused) => {
                    self.0.verified.remove(token);
                    Err(refused)
                }
            };
        }
        let access = Arc::new(self.verify_new(token)?);
        access.check(now)?;
        self.0.verified.put(token, access.clone());
        Ok(access)
    }

    /// The public keys, for `/.well-known/jwks.json`.
    pub fn public(&self) -> &[Jwk] {
        &self.0.public
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
        let key = header.kid.and_then(|kid| self.0.verifying.get(&kid)).ok_or(AccessRefused::Invalid)?;
        let claims: Claims = decode(token, key, &self.0.validation).map_err(|_| AccessRefused::Invalid)?.claims;
        let scopes = claims.scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        Ok(Access {
            identity: Identity { subject: claims.sub, roles: claims.roles, scopes },
            not_before: claims.nbf,
            expires_at: claims.exp,
            sealed: RwLock::new(None),
        })
    }
}

impl Access {
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

/// The private key, its public half, and the id that both have: the public half's thumbprint (RFC 7638).
fn read(pem: &[u8]) -> Result<(EncodingKey, Jwk, String), AccessKeyError> {
    let signing = EncodingKey::from_ed_pem(pem).map_err(failed("read"))?;
    let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::EdDSA).map_err(failed("read"))?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(failed("name"))?;
    jwk.common.key_id = Some(kid.clone());
    Ok((signing, jwk, kid))
}

fn failed(doing: &'static str) -> impl FnOnce(jsonwebtoken::errors::Error) -> AccessKeyError {
    move |source| AccessKeyError { doing, source }
}

#[cfg(test)]
mod tests;
