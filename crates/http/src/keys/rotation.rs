//! Replacing the key that signs access tokens, while everything runs: the next one is published, signs from its time on,
//! and takes the place of the older one when no token of that is good any more. Processes look at the files themselves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tillroll_telemetry::{Shutdown, spawn};

use super::files::{self, KeyFileError};
use super::{ACCESS_TOKEN, ACCESS_TOKEN_NEXT, KeysError, new_secret, pem};
use crate::access::{AccessKeys, LEEWAY, LOGIN_TOKEN_LIFE};

/// How often a process looks whether the files have changed.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The least time between the publication of a key and its first signature: everybody has looked twice.
pub const PUBLISHED_FOR: Duration = Duration::from_secs(2 * LOOK_EVERY.as_secs());

const SIGNS_FROM: &str = "Signs-From: ";

/// Why a key cannot be rotated or retired now.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A file cannot be read or made.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// Two keys there are at most.
    #[error("there are two keys already: retire the older one first")]
    TwoKeys,
    /// There is one key, which signs.
    #[error("there is one key only, and it signs: rotate first")]
    OneKey,
    /// The older one still signs.
    #[error("the older key signs until the newer one does, from {0} s since 1970 on")]
    StillSigns(u64),
    /// Tokens that it signed may still be good.
    #[error("tokens of log-ins that the older key signed are good until {0} s since 1970")]
    StillGood(u64),
    /// The file of the newer key does not say from when on it signs.
    #[error("{ACCESS_TOKEN_NEXT} does not begin with `{SIGNS_FROM}<seconds since 1970>`")]
    Malformed,
}

/// Makes the next key, which signs from then on, in seconds since 1970.
pub fn rotate(dir: &Path, signs_from: u64) -> Result<(), RotationError> {
    if dir.join(ACCESS_TOKEN_NEXT).exists() {
        return Err(RotationError::TwoKeys);
    }
    let make = || new_secret().map(|secret| format!("{SIGNS_FROM}{signs_from}\n{}", pem(&secret)));
    Ok(files::create_missing(dir, ACCESS_TOKEN_NEXT, make)?)
}

/// Destroys the older key. Unless it must be `at_once`, as for a stolen key, not before every token of a log-in that it
/// signed has ended.
pub fn retire(dir: &Path, now: u64, at_once: bool) -> Result<(), RotationError> {
    let next = dir.join(ACCESS_TOKEN_NEXT);
    let text = files::read(&next)?.ok_or(RotationError::OneKey)?;
    let from = signs_from(&text).ok_or(RotationError::Malformed)?;
    if from > now {
        return Err(RotationError::StillSigns(from));
    }
    let good_until = from.saturating_add(LOGIN_TOKEN_LIFE.as_secs() + LEEWAY);
    if !at_once && good_until >= now {
        return Err(RotationError::StillGood(good_until));
    }
    Ok(files::replace(&next, &dir.join(ACCESS_TOKEN))?)
}

fn signs_from(text: &str) -> Option<u64> {
    text.lines().next()?.strip_prefix(SIGNS_FROM)?.trim().parse().ok()
}

/// The part of a file that is PEM: what stands before it is for people (RFC 7468, 5.2).
fn key_of(text: &str) -> &[u8] {
    text.find("-----BEGIN").map_or(text, |at| &text[at..]).as_bytes()
}

/// The texts of the key files. The newer is read first: when it has just taken the older one's place, it is read twice
/// and not missed.
#[derive(PartialEq, Eq)]
pub(super) struct KeyTexts {
    newer: Option<String>,
    older: String,
}

impl KeyTexts {
    pub(super) fn read(dir: &Path) -> Result<Self, KeyFileError> {
        let newer = files::read(&dir.join(ACCESS_TOKEN_NEXT))?;
        Ok(Self { newer, older: files::read_existing(dir, ACCESS_TOKEN)? })
    }

    pub(super) fn keys(&self) -> Result<AccessKeys, KeysError> {
        let newer = match &self.newer {
            None => None,
            Some(text) => {
                let from = signs_from(text).ok_or(KeysError::Malformed { file: ACCESS_TOKEN_NEXT })?;
                Some((key_of(text), from))
            }
        };
        Ok(AccessKeys::from_pem(key_of(&self.older), newer)?)
    }
}

/// Takes over whatever the files say, until the shutdown. Files that cannot be used leave the keys as they are.
pub(super) fn follow(keys: AccessKeys, dir: PathBuf, shutdown: Shutdown) {
    spawn("access keys", async move {
        let mut known = None;
        loop {
            let looked = dir.clone();
            match tokio::task::spawn_blocking(move || KeyTexts::read(&looked)).await {
                Ok(Ok(texts)) if known.as_ref() != Some(&texts) => {
                    take(&keys, &texts);
                    known = Some(texts);
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!(%error, "the access-token keys cannot be looked at"),
                Err(_) => return,
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = shutdown.requested() => return,
            }
        }
    });
}

fn take(keys: &AccessKeys, texts: &KeyTexts) {
    match texts.keys() {
        Ok(read) => keys.replace(&read),
        Err(error) => tracing::error!(%error, "the access-token keys stay as they were"),
    }
}

#[cfg(test)]
mod tests;
