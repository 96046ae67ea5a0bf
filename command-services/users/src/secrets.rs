//! The users' own secrets, all made of the installation's key that is never made anew: keys under which addresses
//! become claims and tokens are made, and what has to be the same whenever a command is repeated.

use crate::identity::IdentityHmacKey;
use crate::mail_token::MailTokenKey;
use crate::password::SALT_BYTES;
use crate::session::token::RefreshTokenKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use tillroll_http::Keys;
use uuid::Uuid;

/// The users' own secrets. Cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    /// Addresses and usernames become claims under it.
    pub(crate) identity: IdentityHmacKey,
    /// Makes refresh tokens.
    pub(crate) refresh: RefreshTokenKey,
    /// Makes the tokens that go to addresses.
    pub(crate) mail: MailTokenKey,
    /// Makes what only has to be unknown and always the same for one command.
    of_commands: Hmac<Sha256>,
}

impl Secrets {
    /// Those of an installation.
    pub fn new(keys: &Keys) -> Self {
        let key = |label| keys.command_hash.derive(label);
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key("users: secrets of commands"));
        Self {
            identity: IdentityHmacKey::new(&key("users: identity claims")),
            refresh: RefreshTokenKey::new(&key("users: refresh tokens")),
            mail: MailTokenKey::new(&key("users: mail tokens")),
            of_commands: Hmac::new(&block.into()),
        }
    }

    /// Makes the tokens that go to addresses, for whoever writes the mail.
    pub fn mail(&self) -> &MailTokenKey {
        &self.mail
    }

    /// The salt of a command's password: each command has one, and a repeat has the same.
    pub(crate) fn salt(&self, command: Uuid) -> [u8; SALT_BYTES] {
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&self.derive(b"salt", command)[..SALT_BYTES]);
        salt
    }

    /// The secret of the key for machines that a command makes.
    pub(crate) fn api_secret(&self, command: Uuid) -> [u8; 32] {
        self.derive(b"api key", command)
    }

    fn derive(&self, what: &[u8], command: Uuid) -> [u8; 32] {
        self.of_commands.clone().chain_update(what).chain_update(command.as_bytes()).finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}
