//! Which answers count, how long to wait before asking again, and when to give up: only when nothing at all has got on
//! for a while, so that a server which restarts, or a slow one, ends no import.

use hyper::StatusCode;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The first pause; doubled with each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// The longest that a server may send a client away for.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_secs(30);
/// While nothing gets on.
const SAY_EVERY: Duration = Duration::from_secs(5);
/// A fault of the server that comes back this often will not pass.
const FAULTS: u32 = 5;

/// What to do after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is done.
    Takes,
    /// It will never be done.
    Refused,
    /// Ask again after that long.
    Again(Duration),
}

/// What an answer of this status means, at this attempt (from 0). `waited`: it came after the wait that was asked for.
pub fn next(status: StatusCode, retry_after: Option<&str>, attempt: u32, waited: bool) -> Next {
    let asked_for = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let doubled = FIRST_PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
    let again = Next::Again(asked_for.map_or(doubled, |asked_for| asked_for.min(LONGEST_ASKED_PAUSE).max(doubled)));
    match status {
        // The wait ran out: the same request goes on waiting. One that was not waited for would come back at once.
        StatusCode::ACCEPTED if waited => Next::Again(Duration::ZERO),
        StatusCode::ACCEPTED => again,
        status if status.is_success() => Next::Takes,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => again,
        StatusCode::INTERNAL_SERVER_ERROR if attempt + 1 < FAULTS => again,
        _ => Next::Refused,
    }
}

/// How long ago anything last succeeded, shared by all requests.
#[derive(Debug)]
pub struct Patience {
    limit: Duration,
    last: Mutex<Instant>,
    said: Mutex<Instant>,
}

impl Patience {
    /// Gives up after `limit` without any progress.
    pub fn new(limit: Duration) -> Self {
        Self { limit, last: Mutex::new(Instant::now()), said: Mutex::new(Instant::now()) }
    }

    /// Something succeeded.
    pub fn progressed(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Since something last succeeded.
    pub fn waited(&self) -> Duration {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Whether it is time to say that nothing gets on: now and then, while nothing does.
    pub fn should_say(&self) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let due = self.waited() >= SAY_EVERY && said.elapsed() >= SAY_EVERY;
        if due {
            *said = Instant::now();
        }
        due
    }

    /// How long that may be.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// The pause, cut at random by up to a half, so that not all come back at once. What makes it random is the key.
    pub fn jittered(&self, pause: Duration, key: Option<&str>, attempt: u32) -> Duration {
        let mut hasher = DefaultHasher::new();
        (key, attempt, std::process::id()).hash(&mut hasher);
        let share = u32::try_from(hasher.finish() % 512).unwrap_or_default();
        pause.saturating_sub(pause / 1024 * share)
    }
}

#[cfg(test)]
mod tests;
