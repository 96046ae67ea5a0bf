//! AES-256-GCM (NIST SP 800-38D) with a nonce from the system's random numbers in front of each ciphertext.
//! Under one key 2^32 texts may be sealed that way (section 8.3), more than any person or installation has.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use zeroize::{Zeroize, Zeroizing};

use crate::Error;

const NONCE: usize = 12;

/// The 32 secret bytes of a key, wiped when dropped.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// A key ready for use. Its round keys are wiped when it is dropped.
pub(crate) struct Cipher(Aes256Gcm);

/// Fresh secret bytes.
pub(crate) fn random_secret() -> Result<Secret, getrandom::Error> {
    let mut secret = Secret::default();
    getrandom::fill(secret.as_mut_slice())?;
    Ok(secret)
}

impl Cipher {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(secret.into()))
    }

    /// Nonce, ciphertext and tag.
    pub(crate) fn seal(&self, associated: &[u8], text: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(Error::Random)?;
        let payload = Payload { msg: text, aad: associated };
        let ciphertext = self.0.encrypt(&nonce.into(), payload).map_err(|_| Error::TooLong)?;
        Ok([nonce.as_slice(), &ciphertext].concat())
    }

    /// The text, if it was sealed by this key with the same associated data and nothing was changed.
    pub(crate) fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>()?;
        self.0.decrypt(nonce.into(), Payload { msg: ciphertext, aad: associated }).ok()
    }

    /// Opens a wrapped key.
    pub(crate) fn open_secret(&self, associated: &[u8], sealed: &[u8]) -> Option<Secret> {
        let mut bytes = self.open(associated, sealed)?;
        let secret = <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new);
        bytes.zeroize();
        secret
    }
}
