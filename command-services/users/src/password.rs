//! Passwords: hashing and verifying by argon2id (RFC 9106), as plain functions of their arguments. The hash says under
//! which cost it was made; one that was made under another cost than today's is made anew at the next log-in.

pub mod policy;
pub mod pool;

use argon2::password_hash::{Output, ParamsString, PasswordHash as Phc, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::fmt;
use std::str::FromStr;
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

    /// No installation's is higher: a hash has to end within a log-in's patience, and each thread has its memory.
    pub const HIGHEST: Self = Self { memory_kib: 1024 * 1024, passes: 100, lanes: 1 };

    fn params(self) -> Result<Params, HashError> {
        Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(HashError::Cost)
    }
}

/// A text that is no cost of an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not KiB of memory and passes, from 19456,2 to 1048576,100")]
pub struct NoCost;

/// KiB of memory and passes: `19456,2`. Neither is less than is recommended.
impl FromStr for Cost {
    type Err = NoCost;

    fn from_str(text: &str) -> Result<Self, NoCost> {
        let (memory, passes) = text.split_once(',').ok_or(NoCost)?;
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| NoCost);
        let (memory_kib, passes) = (number(memory)?, number(passes)?);
        let (least, most) = (Self::RECOMMENDED, Self::HIGHEST);
        let known = (least.memory_kib..=most.memory_kib).contains(&memory_kib);
        if known && (least.passes..=most.passes).contains(&passes) {
            Ok(Self { memory_kib, passes, lanes: least.lanes })
        } else {
            Err(NoCost)
        }
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

/// What a hash is computed in: megabytes that are used again. Allocated anew for each hash they would stay with the
/// allocator, once for each thread that ever hashed.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    fn of(&mut self, params: &Params) -> &mut [Block] {
        self.0.resize(params.block_count(), Block::default());
        &mut self.0
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} KiB)", self.0.len())
    }
}

/// The hash of the password, as a PHC string. The salt has to be random and used once.
pub fn hash(password: &Password, salt: [u8; SALT_BYTES], cost: Cost) -> Result<PasswordHash, HashError> {
    hash_in(&mut Memory::default(), password, salt, cost)
}

/// The same in memory that is used again.
pub fn hash_in(
    memory: &mut Memory,
    password: &Password,
    salt: [u8; SALT_BYTES],
    cost: Cost,
) -> Result<PasswordHash, HashError> {
    let params = cost.params()?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    let computed = argon2.hash_password_into_with_memory(password.0.as_bytes(), &salt, &mut output, memory.of(&params));
    computed.map_err(|why| HashError::Hashing(why.into()))?;
    let text = SaltString::encode_b64(&salt).map_err(HashError::Hashing)?;
    let phc = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(HashError::Hashing)?,
        salt: Some(text.as_salt()),
        hash: Some(Output::new(&output).map_err(HashError::Hashing)?),
    };
    Ok(PasswordHash(phc.to_string()))
}

/// Whether the hash is one of the password, at the cost that the hash names. Compared in constant time.
pub fn verify(password: &Password, hash: &PasswordHash) -> Result<bool, HashError> {
    verify_in(&mut Memory::default(), password, hash)
}

/// The same in memory that is used again.
pub fn verify_in(memory: &mut Memory, password: &Password, hash: &PasswordHash) -> Result<bool, HashError> {
    let missing = || HashError::Malformed(argon2::password_hash::Error::PhcStringField);
    let kept = Phc::new(&hash.0).map_err(HashError::Malformed)?;
    let (salt, expected) = (kept.salt.ok_or_else(missing)?, kept.hash.ok_or_else(missing)?);
    let params = Params::try_from(&kept).map_err(HashError::Malformed)?;
    let algorithm = Algorithm::try_from(kept.algorithm).map_err(HashError::Malformed)?;
    let version = kept.version.map(Version::try_from).transpose().map_err(|why| HashError::Malformed(why.into()))?;
    let mut decoded = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut decoded).map_err(HashError::Malformed)?;
    let mut output = vec![0; expected.len()];
    let argon2 = Argon2::new(algorithm, version.unwrap_or_default(), params.clone());
    let computed = argon2.hash_password_into_with_memory(password.0.as_bytes(), salt, &mut output, memory.of(&params));
    computed.map_err(|why| HashError::Malformed(why.into()))?;
    Ok(Output::new(&output).map_err(HashError::Hashing)? == expected)
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
