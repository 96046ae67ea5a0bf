//! Opened keys, a bounded number of them, each for a bounded time. A tombstone is held for as long as there is room,
//! since it never changes.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::unsync::Cache;

use crate::KeyName;
use crate::person_key::PersonKey;

/// How much is held, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// Keys at most.
    pub entries: usize,
    /// How long a key is used before it is read again. What another process erased may be opened here for this long,
    /// unless `Vault::forget` or `entomb` comes first.
    pub longest: Duration,
}

/// 8,192 keys, some 0.75 KiB each, for ten seconds.
impl Default for Caching {
    fn default() -> Self {
        Self { entries: 8_192, longest: Duration::from_secs(10) }
    }
}

/// What the vault has under a name.
#[derive(Clone)]
pub(crate) enum Held {
    Key(Arc<PersonKey>),
    Erased,
}

/// A moment between two forgettings, taken before the database is asked.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    at: Instant,
    forgettings: u64,
}

pub(crate) struct KeyCache {
    longest: Duration,
    inside: Mutex<Inside>,
}

struct Inside {
    /// Each with the moment at which the database was asked for it.
    held: Cache<KeyName, (Held, Instant)>,
    forgettings: u64,
}

impl KeyCache {
    pub(crate) fn new(caching: Caching) -> Self {
        let held = Cache::new(caching.entries.max(1));
        Self { longest: caching.longest, inside: Mutex::new(Inside { held, forgettings: 0 }) }
    }

    pub(crate) fn get(&self, name: &KeyName) -> Option<Held> {
        let mut inside = self.inside();
        let (held, read_at) = inside.held.get(name)?;
        let is_fresh = matches!(held, Held::Erased) || read_at.elapsed() < self.longest;
        let held = is_fresh.then(|| held.clone());
        if held.is_none() {
            inside.held.remove(name);
        }
        held
    }

    pub(crate) fn now(&self) -> Moment {
        Moment { at: Instant::now(), forgettings: self.inside().forgettings }
    }

    /// Keeps what was read since `asked`, unless something was forgotten meanwhile: it may be what was read.
    pub(crate) fn put(&self, name: KeyName, held: Held, asked: Moment) {
        let mut inside = self.inside();
        // Whoever asked before an erasure may come after somebody who asked after it.
        let is_over = matches!(inside.held.peek(&name), Some((Held::Erased, _)));
        if matches!(held, Held::Erased) || (!is_over && inside.forgettings == asked.forgettings) {
            inside.held.insert(name, (held, asked.at));
        }
    }

    pub(crate) fn forget(&self, concerned: impl Fn(&KeyName) -> bool) {
        let mut inside = self.inside();
        inside.forgettings += 1;
        inside.held.retain(|name, (held, _)| !concerned(name) || matches!(held, Held::Erased));
    }

    pub(crate) fn forget_one(&self, name: &KeyName) {
        let mut inside = self.inside();
        inside.forgettings += 1;
        inside.held.remove(name);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCache").field("longest", &self.longest).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
