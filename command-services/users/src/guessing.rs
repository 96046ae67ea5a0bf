//! Delays against guessing: who fails again and again has to wait, each time twice as long. In memory, bounded, and a
//! function of the times that it is given; none of it is an event.
//!
//! An attempt counts as failed from its beginning, so that a thousand at once are not one.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How patient the shop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// So many attempts cost nothing: people mistype.
    pub free: u32,
    /// The first wait; each one after it is twice as long.
    pub first_wait: Duration,
    /// No wait is longer.
    pub longest_wait: Duration,
    /// Who has not tried for so long begins anew. Longer than the longest wait.
    pub forgotten_after: Duration,
    /// So many are remembered; of more, those who have not tried for longest are forgotten.
    pub most_remembered: usize,
}

impl Patience {
    /// With one account, whoever tries it.
    pub const ACCOUNT: Self = Self {
        free: 5,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(15 * 60),
        forgotten_after: Duration::from_secs(60 * 60),
        most_remembered: 100_000,
    };
    /// With one address, whichever accounts it tries. Many people may share one.
    pub const ADDRESS: Self = Self { free: 30, ..Self::ACCOUNT };
}

/// Not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: try again in {} s", .retry_after.as_secs())]
pub struct TooManyAttempts {
    /// When an attempt is taken again, if nobody makes one before; rounded up to whole seconds.
    pub retry_after: Duration,
}

/// The attempts of each of many.
#[derive(Debug)]
pub struct Attempts<K> {
    patience: Patience,
    tried: HashMap<K, Tried>,
    by_age: BTreeSet<(Instant, u64)>,
    /// Who has which number: ages are unique by it.
    numbers: HashMap<u64, K>,
    next_number: u64,
}

#[derive(Clone, Copy, Debug)]
struct Tried {
    attempts: u32,
    last: Instant,
    not_before: Instant,
    number: u64,
}

impl<K: Clone + Eq + Hash> Attempts<K> {
    /// Nobody has tried anything.
    pub fn new(patience: Patience) -> Self {
        let (tried, by_age, numbers) = (HashMap::new(), BTreeSet::new(), HashMap::new());
        Self { patience, tried, by_age, numbers, next_number: 0 }
    }

    /// Somebody wants to try. If he may, it counts as failed until [`Self::succeeded`] says otherwise; if he may not,
    /// it counts for nothing.
    pub fn begin(&mut self, who: &K, now: Instant) -> Result<(), TooManyAttempts> {
        self.may(who, now)?;
        let attempts = self.remembered(who, now).map_or(0, |tried| tried.attempts).saturating_add(1);
        self.forget(who);
        let number = self.next_number;
        self.next_number += 1;
        let not_before = now.checked_add(self.wait_after(attempts)).unwrap_or(now);
        self.tried.insert(who.clone(), Tried { attempts, last: now, not_before, number });
        self.by_age.insert((now, number));
        self.numbers.insert(number, who.clone());
        self.forget_the_oldest();
        Ok(())
    }

    /// Whether somebody may try now.
    pub fn may(&self, who: &K, now: Instant) -> Result<(), TooManyAttempts> {
        match self.remembered(who, now) {
            Some(tried) if tried.not_before > now => {
                let left = tried.not_before.duration_since(now);
                Err(TooManyAttempts { retry_after: Duration::from_secs(left.as_millis().div_ceil(1_000) as u64) })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// He knew the password: he begins anew.
    pub fn succeeded(&mut self, who: &K) {
        self.forget(who);
    }

    /// How many are remembered.
    pub fn remembers(&self) -> usize {
        self.tried.len()
    }

    fn remembered(&self, who: &K, now: Instant) -> Option<Tried> {
        let tried = *self.tried.get(who)?;
        (now.saturating_duration_since(tried.last) < self.patience.forgotten_after).then_some(tried)
    }

    fn wait_after(&self, attempts: u32) -> Duration {
        match attempts.checked_sub(self.patience.free) {
            None | Some(0) => Duration::ZERO,
            Some(over) => {
                let factor = 1_u32.checked_shl(over - 1).unwrap_or(u32::MAX);
                self.patience.first_wait.saturating_mul(factor).min(self.patience.longest_wait)
            }
        }
    }

    fn forget(&mut self, who: &K) {
        if let Some(tried) = self.tried.remove(who) {
            self.by_age.remove(&(tried.last, tried.number));
            self.numbers.remove(&tried.number);
        }
    }

    fn forget_the_oldest(&mut self) {
        while self.tried.len() > self.patience.most_remembered {
            let Some((_, number)) = self.by_age.pop_first() else { return };
            if let Some(who) = self.numbers.remove(&number) {
                self.tried.remove(&who);
            }
        }
    }
}

/// Attempts to log in: each is one with an account, and one from an address.
#[derive(Debug)]
pub struct Guesses<A, P> {
    accounts: Attempts<A>,
    addresses: Attempts<P>,
}

impl<A: Clone + Eq + Hash, P: Clone + Eq + Hash> Guesses<A, P> {
    /// Nobody has tried anything.
    pub fn new(account: Patience, address: Patience) -> Self {
        Self { accounts: Attempts::new(account), addresses: Attempts::new(address) }
    }

    /// Somebody wants to log in. An account is named by what was typed, whether there is one or not.
    pub fn begin(&mut self, account: &A, address: &P, now: Instant) -> Result<(), TooManyAttempts> {
        self.addresses.may(address, now)?;
        self.accounts.begin(account, now)?;
        self.addresses.begin(address, now)
    }

    /// He knew the password. His address is not forgiven what it tried with other accounts: it could pay for each
    /// guess with a log-in of its own.
    pub fn succeeded(&mut self, account: &A) {
        self.accounts.succeeded(account);
    }
}

#[cfg(test)]
mod tests;
