//! Passwords: hashing and verifying by argon2id (RFC 9106), as plain functions of their arguments. The hash says under
//! which cost it was made; one that was made under another cost than today's is made anew at the next log-in.

pub mod policy;
pub mod pool;

use argon2::password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt;
use tillroll_schemas::PasswordHash;

/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// What a hash costs, and so a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes that could be computed at once.
    pub lanes: u32,
}

impl Cost {
    /// 19 MiB, two passes, one lane: the least that OWASP's password storage cheat sheet recommends.
    pub const RECOMMENDED: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    fn params(self) -> Result<Params, HashError> {
        Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(HashError::Cost)
    }
}

/// A password as somebody typed it. Never stored, never shown.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// As it was typed: no character is left out or taken for another.
    pub fn typed(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password cannot be hashed, or what is kept of one cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// No hash has such a cost.
    #[error("no argon2 hash has this cost: {0}")]
    Cost(#[source] argon2::Error),
    /// Hashing failed.
    #[error("hashing a password: {0}")]
    Hashing(#[source] argon2::password_hash::Error),
    /// What is kept is no hash of a password.
    #[error("reading the hash of a password: {0}")]
    Malformed(#[source] argon2::password_hash::Error),
}

/// The hash of the password, as a PHC string. The salt has to be random and used once.
pub fn hash(password: &Password, salt: [u8; SALT_BYTES], cost: Cost) -> Result<PasswordHash, HashError> {
    let salt = SaltString::encode_b64(&salt).map_err(HashError::Hashing)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?);
    let hash = argon2.hash_password(password.0.as_bytes(), &salt).map_err(HashError::Hashing)?;
    Ok(PasswordHash(hash.to_string()))
}

/// Whether the hash is one of the password, at the cost that the hash names. Compared in constant time.
pub fn verify(password: &Password, hash: &PasswordHash) -> Result<bool, HashError> {
    let hash = Phc::new(&hash.0).map_err(HashError::Malformed)?;
    if hash.hash.is_none() {
        return Err(HashError::Malformed(argon2::password_hash::Error::PhcStringField));
    }
    match Argon2::default().verify_password(password.0.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(why) => Err(HashError::Malformed(why)),
    }
}

/// Whether the hash was made under another cost, or by another algorithm, than it would be now.
pub fn needs_rehash(hash: &PasswordHash, cost: Cost) -> Result<bool, HashError> {
    let hash = Phc::new(&hash.0).map_err(HashError::Malformed)?;
    let params = Params::try_from(&hash).map_err(HashError::Malformed)?;
    let made_under = Cost { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
    let by_another = hash.algorithm != Algorithm::Argon2id.ident() || hash.version != Some(Version::V0x13.into());
    Ok(by_another || made_under != cost)
}

#[cfg(test)]
mod tests;
