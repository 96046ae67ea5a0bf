//! Refresh tokens as text: `<session id>.<generation>.<MAC>`, opaque to clients. The session id leads to the session's
//! partition; nothing of a token is stored but its generation. One token is one text: no other spelling is taken.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use tillroll_schemas::SessionId;
use uuid::Uuid;

/// What the MAC is over besides session and generation, so that no other MAC under the same key is one of these.
const DOMAIN: &[u8] = b"tillroll refresh token v1";
/// Longer than any token.
const MOST_CHARACTERS: usize = 128;

/// The key of refresh tokens.
#[derive(Clone)]
pub struct RefreshTokenKey(Hmac<Sha256>);

/// A token as the client has it. A secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(String);

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Of which session.
    pub session: SessionId,
    /// The how manieth token of it, from 1.
    pub generation: u64,
}

/// The text is no token that was made under this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token of this installation")]
pub struct InvalidRefreshToken;

impl RefreshTokenKey {
    /// The key with these secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        // RFC 2104 pads a short key with zeros to the block size; doing it here leaves no length to be wrong.
        let mut block = [0; 64];
        block[..32].copy_from_slice(secret);
        Self(Hmac::new(&block.into()))
    }

    /// The token of this session and generation: always the same text.
    pub fn issue(&self, token: Presented) -> RefreshToken {
        let mac = URL_SAFE_NO_PAD.encode(self.mac(token).finalize().into_bytes());
        RefreshToken(format!("{}.{}.{mac}", token.session.0.as_simple(), token.generation))
    }

    /// What the text says, if it was made under this key. The MAC is compared in constant time.
    pub fn read(&self, text: &str) -> Result<Presented, InvalidRefreshToken> {
        let (token, mac) = parse(text).ok_or(InvalidRefreshToken)?;
        self.mac(token).verify_slice(&mac).map_err(|_| InvalidRefreshToken)?;
        // Past the MAC nothing is secret any more; other spellings of the same id or number are no tokens.
        if self.issue(token).0 == text { Ok(token) } else { Err(InvalidRefreshToken) }
    }

    fn mac(&self, token: Presented) -> Hmac<Sha256> {
        let mac = self.0.clone().chain_update(DOMAIN).chain_update(token.session.0.as_bytes());
        mac.chain_update(token.generation.to_be_bytes())
    }
}

fn parse(text: &str) -> Option<(Presented, Vec<u8>)> {
    if text.len() > MOST_CHARACTERS {
        return None;
    }
    let mut parts = text.split('.');
    let (session, generation, mac) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let session = SessionId(Uuid::try_parse(session).ok()?);
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    Some((Presented { session, generation: generation.parse().ok()? }, mac))
}

impl RefreshToken {
    /// The text, for the client's eyes only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

impl fmt::Debug for RefreshTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokenKey(…)")
    }
}

#[cfg(test)]
mod tests;
