//! The secrets of an installation, each in its own file that only its owner can read, made at the first start.
//! Every process of an installation needs the same directory, or copies of it.

mod files;
pub mod rotation;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tillroll_telemetry::Shutdown;

use crate::access::{AccessKeyError, AccessKeys};
use crate::clock::unix_now;
use crate::identity::{IdentityKey, Role};
use crate::mac::MacKey;
use crate::token::TokenKey;

pub use files::KeyFileError;

/// The file of the Ed25519 key that signs access tokens, PKCS#8 PEM.
pub const ACCESS_TOKEN: &str = "access-token.pem";
/// The file of the key that takes its place: it says from when on it signs. Optional.
pub const ACCESS_TOKEN_NEXT: &str = "access-token-next.pem";
/// The file of the key under which the gateway tells services who calls; 64 hexadecimal digits, as the next two.
pub const INTERNAL: &str = "internal.key";
/// The file of the key for command hashes.
pub const COMMAND_HASH: &str = "command-hash.key";
/// The file of the key for consistency tokens.
pub const CONSISTENCY_TOKEN: &str = "consistency-token.key";

/// PKCS#8 of an Ed25519 private key is this and the 32 secret bytes (RFC 8410, section 7).
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// All keys of an installation.
#[derive(Clone)]
pub struct Keys {
    /// Sign and verify access tokens.
    pub access: AccessKeys,
    /// Seals identities for the services.
    pub identity: IdentityKey,
    /// Hashes commands.
    pub command_hash: CommandHashKey,
    /// Makes consistency tokens.
    pub consistency: TokenKey,
}

/// The key under which commands are hashed, so that a hash in the log says nothing about a body that can be guessed.
#[derive(Debug, Clone)]
pub struct CommandHashKey(MacKey);

/// Why the keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read or made.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// A file is there but holds no key of its kind.
    #[error("{file} is not 64 hexadecimal digits")]
    Malformed {
        /// The file's name.
        file: &'static str,
    },
    /// The access-token key cannot be used.
    #[error(transparent)]
    Access(#[from] AccessKeyError),
}

impl Keys {
    /// Reads the keys from `dir`, after making those that are missing. Several processes may do so at once.
    pub fn open_or_create(dir: &Path) -> Result<Self, KeysError> {
        files::ensure_dir(dir)?;
        files::create_missing(dir, ACCESS_TOKEN, || new_secret().map(|secret| pem(&secret)))?;
        for file in [INTERNAL, COMMAND_HASH, CONSISTENCY_TOKEN] {
            files::create_missing(dir, file, || new_secret().map(|secret| hex(&secret)))?;
        }
        Self::open(dir)
    }

    /// Reads the keys from `dir`, and makes none: a key that was lost must come back from the backup.
    pub fn open(dir: &Path) -> Result<Self, KeysError> {
        Ok(Self {
            access: rotation::KeyTexts::read(dir)?.keys()?,
            identity: IdentityKey::new(&secret(dir, INTERNAL)?),
            command_hash: CommandHashKey::new(&secret(dir, COMMAND_HASH)?),
            consistency: TokenKey::new(&secret(dir, CONSISTENCY_TOKEN)?),
        })
    }

    /// Takes over, within [`rotation::LOOK_EVERY`], whatever the access-token keys in `dir` become, until the shutdown.
    pub fn follow_files(&self, dir: PathBuf, shutdown: Shutdown) {
        rotation::follow(self.access.clone(), dir, shutdown);
    }

    /// An access token for `subject` in this role, good from now on for `ttl`.
    pub fn mint(&self, subject: &str, role: Role, ttl: Duration) -> Result<String, AccessKeyError> {
        self.access.mint(&role.held_by(subject), ttl, unix_now())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(secret)")
    }
}

impl CommandHashKey {
    /// The key from its secret bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(MacKey::new(secret))
    }

    /// The hash of a body's canonical form: HMAC-SHA256, base64url, 43 characters.
    pub fn hash(&self, canonical: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.0.tag(canonical))
    }

    /// A key of its own for another use, which `label` names for ever. Like this key it is never made anew while the
    /// log lives. A body in its canonical form is no label: those begin with a letter.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        self.0.tag(label.as_bytes())
    }
}

fn secret(dir: &Path, file: &'static str) -> Result<[u8; 32], KeysError> {
    let text = files::read_existing(dir, file)?;
    from_hex(text.trim()).ok_or(KeysError::Malformed { file })
}

fn new_secret() -> Result<[u8; 32], KeyFileError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(KeyFileError::Random)?;
    Ok(secret)
}

fn pem(secret: &[u8; 32]) -> String {
    let der = [&PKCS8_ED25519[..], secret].concat();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut secret = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in secret.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(secret)
}

#[cfg(test)]
mod tests;
