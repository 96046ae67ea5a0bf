//! Master keys: they wrap persons' keys, and are kept apart from the database that holds these.

mod file;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::cipher::{Cipher, Secret, random_secret};
use crate::{Error, KeyName};

/// What is authenticated besides a key's name when it is wrapped.
const WRAPPED: &[u8] = b"tillroll wrapped key 1\0";

/// Takes base64 with padding or without.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Tells master keys apart: the first 8 bytes of a hash of the key, shown as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MasterId([u8; 8]);

/// A master key. Clones share it; it is wiped when the last is dropped.
#[derive(Clone)]
pub struct MasterKey {
    id: MasterId,
    cipher: Arc<Cipher>,
}

/// The master keys that a process has: the one that wraps, and others that are still read while keys are rotated.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    current: MasterKey,
    others: Vec<MasterKey>,
}

/// Why a master key cannot be had. No variant carries anything of a key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// It is not 32 bytes in one of the forms that are read.
    #[error("a master key is 32 bytes, as 64 hexadecimal digits or as base64")]
    Malformed,
    /// Others may read the file.
    #[error("the master key file {path} has mode {mode:o}: only its owner may have access to it (0600)")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file system says no.
    #[error("cannot {doing} the master key file {path}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The system gives no random bytes.
    #[error("cannot get random bytes for a master key")]
    Random(#[source] getrandom::Error),
}

impl MasterKey {
    /// From 64 hexadecimal digits, or base64 of either alphabet, with padding or without; white space around it is
    /// nothing.
    pub fn from_text(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let secret = if text.len() == 64 { from_hex(text) } else { from_base64(text) };
        Ok(Self::new(&secret.ok_or(MasterKeyError::Malformed)?))
    }

    /// From a file that only its owner has access to.
    pub fn open(path: &Path) -> Result<Self, MasterKeyError> {
        Self::from_text(&file::read(path)?)
    }

    /// From a file, after making it if it is missing: for development. Who runs an installation brings a key of his
    /// own, and keeps a copy of it away from the database's backups. Several processes may do so at once.
    pub fn open_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        if !path.exists() {
            file::create(path, &random_text()?)?;
        }
        Self::open(path)
    }

    fn new(secret: &Secret) -> Self {
        let hash = Sha256::new().chain_update(b"tillroll master key\0").chain_update(secret).finalize();
        let mut id = MasterId([0; 8]);
        id.0.copy_from_slice(&hash[..8]);
        Self { id, cipher: Arc::new(Cipher::new(secret)) }
    }

    /// Which one it is.
    pub fn id(&self) -> MasterId {
        self.id
    }

    pub(crate) fn wrap(&self, name: KeyName, secret: &Secret) -> Result<Vec<u8>, Error> {
        self.cipher.seal(&associated(name), secret.as_slice())
    }

    fn unwrap(&self, name: KeyName, wrapped: &[u8]) -> Result<Secret, Error> {
        self.cipher.open_secret(&associated(name), wrapped).ok_or(Error::DamagedKey { key: name })
    }
}

impl MasterKeys {
    /// One that wraps and reads.
    pub fn new(current: MasterKey) -> Self {
        Self { current, others: Vec::new() }
    }

    /// Another that is read as well.
    pub fn also(mut self, other: MasterKey) -> Self {
        self.others.push(other);
        self
    }

    pub(crate) fn current(&self) -> &MasterKey {
        &self.current
    }

    pub(crate) fn knows(&self, id: MasterId) -> bool {
        self.find(id).is_some()
    }

    pub(crate) fn unwrap(&self, name: KeyName, master: MasterId, wrapped: &[u8]) -> Result<Secret, Error> {
        self.find(master).ok_or(Error::UnknownMaster { master })?.unwrap(name, wrapped)
    }

    fn find(&self, id: MasterId) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.others).find(|key| key.id == id)
    }
}

impl MasterId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = u64::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes())).filter(|id| id.to_string() == text)
    }
}

impl fmt::Display for MasterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for MasterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterId({self})")
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, secret)", self.id)
    }
}

/// A wrapped key opens under its own name only.
fn associated(name: KeyName) -> Vec<u8> {
    [WRAPPED, &name.to_bytes()].concat()
}

fn random_text() -> Result<Zeroizing<String>, MasterKeyError> {
    let secret = random_secret().map_err(MasterKeyError::Random)?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in secret.iter() {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text.push('\n');
    Ok(text)
}

fn from_hex(text: &str) -> Option<Secret> {
    let mut secret = Secret::default();
    for (byte, digits) in secret.iter_mut().zip(text.as_bytes().chunks(2)) {
        let [high, low] = digits else { return None };
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(secret)
}

fn from_base64(text: &str) -> Option<Secret> {
    let alphabet = if text.contains(['-', '_']) { alphabet::URL_SAFE } else { alphabet::STANDARD };
    let bytes = Zeroizing::new(GeneralPurpose::new(&alphabet, LENIENT).decode(text).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests;
