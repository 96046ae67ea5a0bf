//! The single-use tokens that go to an address: `<user id>.<request id>.<MAC>`. The log keeps the SHA-256 alone; whoever
//! has the key makes the token of user and request again, when the mail is written.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use tillroll_schemas::user::TokenPurpose;
use tillroll_schemas::{SecretHash, UserId};
use uuid::Uuid;

/// Longer than any token.
const MOST_CHARACTERS: usize = 128;

/// The key of these tokens.
#[derive(Clone)]
pub struct MailTokenKey(Hmac<Sha256>);

/// The text is no token that was made under this key for this purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this installation")]
pub struct InvalidMailToken;

impl MailTokenKey {
    /// The key with these secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        // RFC 2104 pads a short key with zeros to the block size; doing it here leaves no length to be wrong.
        let mut block = [0; 64];
        block[..32].copy_from_slice(secret);
        Self(Hmac::new(&block.into()))
    }

    /// The token of a request: always the same text. A secret.
    pub fn issue(&self, purpose: TokenPurpose, user: UserId, request: Uuid) -> String {
        let mac = URL_SAFE_NO_PAD.encode(self.mac(purpose, user, request).finalize().into_bytes());
        format!("{}.{}.{mac}", user.0.as_simple(), request.as_simple())
    }

    /// What the log keeps of it.
    pub fn hash(&self, purpose: TokenPurpose, user: UserId, request: Uuid) -> SecretHash {
        hash_of(&self.issue(purpose, user, request))
    }

    /// Whose token this is, and what the log has of it, if it was made under this key. One token is one text.
    pub fn read(&self, purpose: TokenPurpose, text: &str) -> Result<(UserId, SecretHash), InvalidMailToken> {
        let (user, request, mac) = parse(text).ok_or(InvalidMailToken)?;
        self.mac(purpose, user, request).verify_slice(&mac).map_err(|_| InvalidMailToken)?;
        if self.issue(purpose, user, request) == text { Ok((user, hash_of(text))) } else { Err(InvalidMailToken) }
    }

    fn mac(&self, purpose: TokenPurpose, user: UserId, request: Uuid) -> Hmac<Sha256> {
        let purpose: &[u8] = match purpose {
            TokenPurpose::PasswordReset => b"password reset\0",
            TokenPurpose::EmailVerification => b"email verification\0",
        };
        self.0.clone().chain_update(purpose).chain_update(user.0.as_bytes()).chain_update(request.as_bytes())
    }
}

fn hash_of(text: &str) -> SecretHash {
    SecretHash::of_digest(&Sha256::digest(text.as_bytes()).into())
}

fn parse(text: &str) -> Option<(UserId, Uuid, Vec<u8>)> {
    if text.len() > MOST_CHARACTERS {
        return None;
    }
    let mut parts = text.split('.');
    let (user, request, mac) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    Some((UserId(Uuid::try_parse(user).ok()?), Uuid::try_parse(request).ok()?, mac))
}

impl fmt::Debug for MailTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailTokenKey(…)")
    }
}

#[cfg(test)]
mod tests {
    //! Which texts are taken for tokens.

    use super::*;

    const ANN: UserId = UserId(Uuid::from_u128(0xa));
    const REQUEST: Uuid = Uuid::from_u128(7);

    fn key(number: u8) -> MailTokenKey {
        MailTokenKey::new(&[number; 32])
    }

    #[test]
    fn a_token_says_whose_it_is_and_the_log_knows_its_hash() {
        let token = key(1).issue(TokenPurpose::PasswordReset, ANN, REQUEST);
        assert_eq!(token, key(1).issue(TokenPurpose::PasswordReset, ANN, REQUEST), "the mail can make it again");
        let (user, hash) = key(1).read(TokenPurpose::PasswordReset, &token).unwrap();
        assert_eq!((user, hash), (ANN, key(1).hash(TokenPurpose::PasswordReset, ANN, REQUEST)));
    }

    #[test]
    fn another_purpose_another_key_and_another_spelling_are_refused() {
        let token = key(1).issue(TokenPurpose::PasswordReset, ANN, REQUEST);
        assert!(key(1).read(TokenPurpose::EmailVerification, &token).is_err());
        assert!(key(2).read(TokenPurpose::PasswordReset, &token).is_err());
        let other = key(1).issue(TokenPurpose::PasswordReset, UserId(Uuid::from_u128(0xb)), REQUEST);
        let mixed = format!("{}.{}", token.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
        for wrong in [mixed, token.to_uppercase(), format!("{token}."), format!("{token}A"), String::new()] {
            assert!(key(1).read(TokenPurpose::PasswordReset, &wrong).is_err(), "{wrong}");
        }
    }
}
