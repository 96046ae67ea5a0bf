//! A person's key, open and ready: what seals and opens texts. Pure but for the random numbers.

use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroize;

use crate::cipher::{Cipher, Secret, random_secret};
use crate::label::Label;
use crate::sealed::{Parts, Sealed};
use crate::{Error, KeyName, Plaintext};

/// Bytes of a mark.
pub(crate) const MARK: usize = 4;

/// The beginning of a hash of the key. It tells a key that took the place of a lost one from the lost one, and nothing
/// of either.
pub(crate) type Mark = [u8; MARK];

/// What is authenticated besides the label: it tells sealed texts of this form from everything else under GCM.
const SEALED: &[u8] = b"tillroll sealed text 1\0";

/// One key of one person.
pub(crate) struct PersonKey {
    name: KeyName,
    mark: Mark,
    cipher: Cipher,
}

impl PersonKey {
    pub(crate) fn new(name: KeyName, secret: &[u8; 32]) -> Self {
        let hash = Sha256::new().chain_update(b"tillroll person key\0").chain_update(secret).finalize();
        let mut mark = Mark::default();
        mark.copy_from_slice(&hash[..MARK]);
        Self { name, mark, cipher: Cipher::new(secret) }
    }

    /// The secret of a new key.
    pub(crate) fn fresh() -> Result<Secret, Error> {
        random_secret().map_err(Error::Random)
    }

    pub(crate) fn seal(&self, command_id: Uuid, field: &str, text: &str) -> Result<Sealed, Error> {
        let label = Label::new(self.name, self.mark, command_id, field)?.to_bytes();
        let body = self.cipher.seal(&[SEALED, &label].concat(), text.as_bytes())?;
        Ok(Sealed::join(&label, &body))
    }

    pub(crate) fn open(&self, parts: &Parts) -> Result<Plaintext, Error> {
        let key = parts.label.key;
        if parts.label.mark != self.mark {
            return Err(Error::KeyReplaced { key });
        }
        let label = parts.label.to_bytes();
        let text = self.cipher.open(&[SEALED, &label].concat(), &parts.body).ok_or(Error::Unreadable { key })?;
        String::from_utf8(text).map(Plaintext::from).map_err(|error| {
            error.into_bytes().zeroize();
            Error::Unreadable { key }
        })
    }
}
