//! Turns to guess: whoever cannot be told yet whether he may try waits until one of those under way has ended. First
//! come, first served; so many may wait, and for so long.

use super::{Ended, Guesses, NotNow, TooManyAttempts};
use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What accounts and addresses are named by.
pub trait Name: Clone + Debug + Eq + Hash {}

impl<T: Clone + Debug + Eq + Hash> Name for T {}

/// Gives turns. Clones share them.
#[derive(Clone, Debug)]
pub struct Turns<A: Name, P: Name> {
    line: Arc<Mutex<Line<A, P>>>,
    most_waiting: usize,
    within: Duration,
}

#[derive(Debug)]
struct Line<A: Name, P: Name> {
    guesses: Guesses<A, P>,
    /// Each of them waits for somebody who is under way: what could be decided was when the last one ended.
    waiting: VecDeque<Waiting<A, P>>,
}

#[derive(Debug)]
struct Waiting<A: Name, P: Name> {
    account: A,
    address: P,
    told: oneshot::Sender<Result<Turn<A, P>, TooManyAttempts>>,
}

type Hears<A, P> = oneshot::Receiver<Result<Turn<A, P>, TooManyAttempts>>;

/// An attempt that is under way. Dropped it was wrong, also if nobody has stayed to hear it: otherwise whoever leaves at
/// once guesses for nothing.
#[derive(Debug)]
pub struct Turn<A: Name, P: Name> {
    turns: Turns<A, P>,
    account: A,
    address: P,
    ends: Ended,
}

impl<A: Name, P: Name> Turns<A, P> {
    /// So many may wait, each for so long.
    pub fn new(guesses: Guesses<A, P>, most_waiting: usize, within: Duration) -> Self {
        let line = Line { guesses, waiting: VecDeque::new() };
        Self { line: Arc::new(Mutex::new(line)), most_waiting, within }
    }

    /// A turn for somebody who wants to log in, perhaps after others have ended. [`NotNow::Undecided`] if too many wait,
    /// or for too long.
    pub async fn turn(&self, account: &A, address: &P) -> Result<Turn<A, P>, NotNow> {
        let told = {
            let mut line = self.line();
            match line.guesses.begin(account, address, Instant::now()) {
                Ok(()) => return Ok(self.given(account.clone(), address.clone()).taken()),
                Err(NotNow::Undecided) => line.join(account, address, self.most_waiting)?,
                Err(not_now) => return Err(not_now),
            }
        };
        match timeout(self.within, told).await {
            Ok(Ok(told)) => Ok(told?.taken()),
            Ok(Err(_)) | Err(_) => Err(NotNow::Undecided),
        }
    }

    /// Somebody has logged in from there, to the same account by another of its names.
    pub fn remember(&self, account: A, address: P) {
        self.line().guesses.remember(account, address);
    }

    /// A turn that has begun and that nobody has taken yet.
    fn given(&self, account: A, address: P) -> Turn<A, P> {
        Turn { turns: self.clone(), account, address, ends: Ended::Untried }
    }

    fn end(&self, account: &A, address: &P, ended: Ended) {
        let decided = {
            let mut line = self.line();
            let now = Instant::now();
            line.guesses.end(account, address, ended, now);
            line.decide(now)
        };
        // Outside of the lock: a turn whose owner has just left is dropped here, and ends.
        for (Waiting { account, address, told }, decision) in decided {
            drop(told.send(decision.map(|()| self.given(account, address))));
        }
    }

    fn line(&self) -> MutexGuard<'_, Line<A, P>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who waited, and whether he may try.
type Decided<A, P> = (Waiting<A, P>, Result<(), TooManyAttempts>);

impl<A: Name, P: Name> Line<A, P> {
    fn join(&mut self, account: &A, address: &P, most: usize) -> Result<Hears<A, P>, NotNow> {
        // Whoever has left makes room.
        self.waiting.retain(|waiting| !waiting.told.is_closed());
        if self.waiting.len() >= most {
            return Err(NotNow::Undecided);
        }
        let (told, hears) = oneshot::channel();
        self.waiting.push_back(Waiting { account: account.clone(), address: address.clone(), told });
        Ok(hears)
    }

    /// Those of whom it is known by now. Turns begin here, for whoever has not left.
    fn decide(&mut self, now: Instant) -> Vec<Decided<A, P>> {
        let mut decided = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.told.is_closed() {
                continue;
            }
            match self.guesses.begin(&waiting.account, &waiting.address, now) {
                Ok(()) => decided.push((waiting, Ok(()))),
                Err(NotNow::TooMany(too_many)) => decided.push((waiting, Err(too_many))),
                Err(NotNow::Undecided) => self.waiting.push_back(waiting),
            }
        }
        decided
    }
}

impl<A: Name, P: Name> Turn<A, P> {
    /// It ended so.
    pub fn end(mut self, ended: Ended) {
        self.ends = ended;
    }

    fn taken(mut self) -> Self {
        self.ends = Ended::Wrong;
        self
    }
}

impl<A: Name, P: Name> Drop for Turn<A, P> {
    fn drop(&mut self) {
        self.turns.end(&self.account, &self.address, self.ends);
    }
}

#[cfg(test)]
mod tests;
