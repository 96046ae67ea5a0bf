//! HMAC-SHA256 under a key that is set up once: tags, and their comparison in constant time.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret key with the first block already hashed.
#[derive(Clone)]
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        // RFC 2104 pads a short key with zeros to the block size; doing it here leaves no length to be wrong.
        let mut block = [0; 64];
        block[..32].copy_from_slice(secret);
        Self(Hmac::new(&block.into()))
    }

    pub(crate) fn tag(&self, message: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }

    /// Whether `tag` is the beginning of the message's tag; an empty one never is.
    pub(crate) fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        self.0.clone().chain_update(message).verify_truncated_left(tag).is_ok()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(secret)")
    }
}
