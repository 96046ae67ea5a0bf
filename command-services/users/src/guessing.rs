//! Delays against guessing: who fails again and again has to wait, each time twice as long. In memory, bounded, and a
//! function of the times that it is given; none of it is an event.
//!
//! An attempt counts as failed once it has failed. As many may be under way at once as may fail without a wait, so that a
//! thousand guesses at once are not one; whoever comes then waits for one of them to end ([`turns`]).

mod lately;
pub mod turns;

use lately::Lately;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How patient the shop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// So many failures cost nothing: people mistype.
    pub free: u32,
    /// The first wait; each one after it is twice as long.
    pub first_wait: Duration,
    /// No wait is longer.
    pub longest_wait: Duration,
    /// Who has not failed for so long begins anew. Longer than the longest wait.
    pub forgotten_after: Duration,
    /// So many are remembered; of more, those who have not failed for longest are forgotten.
    pub most_remembered: usize,
}

impl Patience {
    /// With one account, from one address.
    pub const ACCOUNT: Self = Self {
        free: 5,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(15 * 60),
        forgotten_after: Duration::from_secs(60 * 60),
        most_remembered: 100_000,
    };
    /// With one account, from wherever it is tried: a guess every half minute gets nowhere.
    pub const ACCOUNT_FROM_ANYWHERE: Self = Self { free: 100, longest_wait: Duration::from_secs(30), ..Self::ACCOUNT };
    /// With one address, whichever accounts it tries. Many people may share one.
    pub const ADDRESS: Self = Self { free: 30, ..Self::ACCOUNT };
    /// With one address from which people register: a company's, or that of a network of telephones. None of them has failed,
    /// so that no wait is long; what they cost is kept for ever, so that there is one.
    pub const NEWCOMERS: Self = Self { free: 1_000, longest_wait: Duration::from_secs(60), ..Self::ACCOUNT };
}

/// Not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: try again in {} s", .retry_after.as_secs())]
pub struct TooManyAttempts {
    /// When an attempt is taken again, if nobody makes one before; rounded up to whole seconds.
    pub retry_after: Duration,
}

/// Why an attempt is not taken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// He has failed too often.
    #[error(transparent)]
    TooMany(#[from] TooManyAttempts),
    /// As many are under way as may fail: whether one more is taken is known when one of them has ended.
    #[error("as many attempts are under way as may fail")]
    Undecided,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// He knew the password.
    Right,
    /// He did not, or left before he was told.
    Wrong,
    /// Nobody has looked at the password.
    Untried,
}

/// The attempts of each of many.
#[derive(Debug)]
pub struct Attempts<K> {
    patience: Patience,
    tried: HashMap<K, Tried>,
    /// How many attempts of each have begun and not ended: each is a request that is being answered.
    under_way: HashMap<K, u32>,
    by_age: BTreeSet<(Instant, u64)>,
    /// Who has which number: ages are unique by it.
    numbers: HashMap<u64, K>,
    next_number: u64,
}

#[derive(Clone, Copy, Debug)]
struct Tried {
    failures: u32,
    /// The last failure.
    last: Instant,
    not_before: Instant,
    number: u64,
}

impl<K: Clone + Eq + Hash> Attempts<K> {
    /// Nobody has tried anything.
    pub fn new(patience: Patience) -> Self {
        let (tried, under_way) = (HashMap::new(), HashMap::new());
        let (by_age, numbers) = (BTreeSet::new(), HashMap::new());
        Self { patience, tried, under_way, by_age, numbers, next_number: 0 }
    }

    /// Somebody wants to try. If he may, his attempt is under way until [`Self::end`] is told how it ended; if he may
    /// not, it counts for nothing.
    pub fn begin(&mut self, who: &K, now: Instant) -> Result<(), NotNow> {
        self.may(who, now)?;
        self.is_under_way(who);
        Ok(())
    }

    fn is_under_way(&mut self, who: &K) {
        *self.under_way.entry(who.clone()).or_default() += 1;
    }

    /// Whether somebody may try now: if all that are under way fail, this one has to have been allowed all the same.
    pub fn may(&self, who: &K, now: Instant) -> Result<(), NotNow> {
        let tried = self.remembered(who, now);
        if let Some(tried) = tried.filter(|tried| tried.not_before > now) {
            let left = tried.not_before.duration_since(now);
            let retry_after = Duration::from_secs(left.as_nanos().div_ceil(1_000_000_000) as u64);
            return Err(TooManyAttempts { retry_after }.into());
        }
        // One more than is free: the last is what the wait is for.
        let failures = tried.map_or(0, |tried| tried.failures);
        let may_fail = self.patience.free.saturating_sub(failures).saturating_add(1);
        if self.under_way_of(who) < may_fail { Ok(()) } else { Err(NotNow::Undecided) }
    }

    /// One of his attempts has ended. Who knew the password begins anew.
    pub fn end(&mut self, who: &K, ended: Ended, now: Instant) {
        match self.under_way_of(who) {
            0 | 1 => drop(self.under_way.remove(who)),
            many => drop(self.under_way.insert(who.clone(), many - 1)),
        }
        match ended {
            Ended::Right => self.forget(who),
            Ended::Wrong => self.failed(who, now),
            Ended::Untried => {}
        }
    }

    /// Somebody does what counts like a failure whatever comes of it.
    pub fn count(&mut self, who: &K, now: Instant) -> Result<(), NotNow> {
        self.begin(who, now)?;
        self.end(who, Ended::Wrong, now);
        Ok(())
    }

    /// How many are remembered.
    pub fn remembers(&self) -> usize {
        self.tried.len()
    }

    fn under_way_of(&self, who: &K) -> u32 {
        self.under_way.get(who).copied().unwrap_or_default()
    }

    fn failed(&mut self, who: &K, now: Instant) {
        let failures = self.remembered(who, now).map_or(0, |tried| tried.failures).saturating_add(1);
        self.forget(who);
        let number = self.next_number;
        self.next_number += 1;
        let not_before = now.checked_add(self.wait_after(failures)).unwrap_or(now);
        self.tried.insert(who.clone(), Tried { failures, last: now, not_before, number });
        self.by_age.insert((now, number));
        self.numbers.insert(number, who.clone());
        self.forget_the_oldest();
    }

    fn remembered(&self, who: &K, now: Instant) -> Option<Tried> {
        let tried = *self.tried.get(who)?;
        (now.saturating_duration_since(tried.last) < self.patience.forgotten_after).then_some(tried)
    }

    fn wait_after(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.patience.free) {
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

/// So many accounts with an address from which somebody has logged in are remembered.
const MOST_KNOWN: usize = 100_000;

/// Attempts to log in: each is one with an account from an address, one with the account, and one from the address. An
/// account is locked for half a minute at a time, and whoever takes each first attempt after that keeps it locked: but for
/// where somebody has logged in to it lately, for guesses from elsewhere keep nobody out there.
#[derive(Debug)]
pub struct Guesses<A, P> {
    pairs: Attempts<(A, P)>,
    accounts: Attempts<A>,
    addresses: Attempts<P>,
    known: Lately<(A, P)>,
}

impl<A: Clone + Eq + Hash, P: Clone + Eq + Hash> Guesses<A, P> {
    /// Nobody has tried anything. `pair` is the patience with one account from one address.
    pub fn new(pair: Patience, address: Patience) -> Self {
        let accounts = Attempts::new(Patience::ACCOUNT_FROM_ANYWHERE);
        Self { pairs: Attempts::new(pair), accounts, addresses: Attempts::new(address), known: Lately::new(MOST_KNOWN) }
    }

    /// Somebody wants to log in. An account is named by what was typed, whether there is one or not. If he may, his
    /// attempt is under way until [`Self::end`].
    pub fn begin(&mut self, account: &A, address: &P, now: Instant) -> Result<(), NotNow> {
        let pair = (account.clone(), address.clone());
        self.addresses.may(address, now)?;
        if !self.known.has(&pair) {
            self.accounts.may(account, now)?;
        }
        self.pairs.begin(&pair, now)?;
        self.accounts.is_under_way(account);
        self.addresses.begin(address, now)
    }

    /// His attempt has ended. What his address tried with other accounts is not forgiven to who knew a password: it
    /// could pay for each guess with a log-in of its own.
    pub fn end(&mut self, account: &A, address: &P, ended: Ended, now: Instant) {
        let pair = (account.clone(), address.clone());
        self.pairs.end(&pair, ended, now);
        if ended == Ended::Right {
            self.known.remember(pair);
        }
        let unforgiven = if ended == Ended::Right { Ended::Untried } else { ended };
        self.accounts.end(account, unforgiven, now);
        self.addresses.end(address, unforgiven, now);
    }

    /// Somebody has logged in from there, to the same account by another of its names.
    pub fn remember(&mut self, account: A, address: P) {
        self.known.remember((account, address));
    }

    /// Somebody does what counts like a wrong guess whatever comes of it.
    pub fn count(&mut self, account: &A, address: &P, now: Instant) -> Result<(), NotNow> {
        self.begin(account, address, now)?;
        self.end(account, address, Ended::Wrong, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
