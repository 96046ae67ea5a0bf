//! The keys for access tokens at one time: at most two. Both verify; the newer signs from its time on, which others have
//! been told before.

use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use super::{AccessKeyError, failed};

/// One key, private half and public half.
pub(super) struct SigningKey {
    /// The public half's thumbprint (RFC 7638).
    pub(super) kid: String,
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    pub(super) public: Jwk,
}

pub(super) struct Ring {
    older: SigningKey,
    /// With the time from which it signs, in seconds since 1970.
    newer: Option<(SigningKey, u64)>,
}

/// What a key is good for at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It signs, and verifies.
    Signs,
    /// It is published and verifies; it signs from then on, in seconds since 1970.
    SignsFrom(u64),
    /// It verifies what it signed before.
    Verifies,
}

impl SigningKey {
    fn read(pem: &[u8]) -> Result<Self, AccessKeyError> {
        let signing = EncodingKey::from_ed_pem(pem).map_err(failed("read"))?;
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA).map_err(failed("read"))?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(failed("name"))?;
        public.common.key_id = Some(kid.clone());
        let verifying = DecodingKey::from_jwk(&public).map_err(failed("use"))?;
        Ok(Self { kid, signing, verifying, public })
    }
}

impl Ring {
    pub(super) fn read(older: &[u8], newer: Option<(&[u8], u64)>) -> Result<Self, AccessKeyError> {
        let newer = newer.map(|(pem, from)| SigningKey::read(pem).map(|key| (key, from))).transpose()?;
        let older = SigningKey::read(older)?;
        // Read while the older one was retired, both are the same.
        let newer = newer.filter(|(key, _)| key.kid != older.kid);
        Ok(Self { older, newer })
    }

    pub(super) fn signing(&self, now: u64) -> &SigningKey {
        match &self.newer {
            Some((newer, from)) if *from <= now => newer,
            Some(_) | None => &self.older,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.older).chain(self.newer.iter().map(|(key, _)| key))
    }

    pub(super) fn states(&self, now: u64) -> Vec<(String, KeyState)> {
        let (older, newer) = match &self.newer {
            None => (KeyState::Signs, None),
            Some((key, from)) if *from <= now => (KeyState::Verifies, Some((key, KeyState::Signs))),
            Some((key, from)) => (KeyState::Signs, Some((key, KeyState::SignsFrom(*from)))),
        };
        let mut states = vec![(self.older.kid.clone(), older)];
        states.extend(newer.map(|(key, state)| (key.kid.clone(), state)));
        states
    }
}
