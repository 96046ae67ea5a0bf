//! Webhooks that are to be delivered. One that is not taken is tried again, later and later; what is told first is not
//! waited for, so they may arrive in any order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The first wait after a delivery that failed; it doubles.
const FIRST: Duration = Duration::from_millis(250);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(30);

/// A webhook on its way.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) nth: u64,
    pub(super) event: Value,
}

#[derive(Default)]
pub(super) struct Outbox {
    letters: BTreeMap<u64, Waiting>,
    last: u64,
}

struct Waiting {
    event: Value,
    attempts: u32,
    /// None while it is being delivered.
    due: Option<Instant>,
}

impl Outbox {
    /// Adds a webhook, due after that long; after a restart at once.
    pub(super) fn add(&mut self, event: Value, delay: Duration) -> Letter {
        let letter = Letter { nth: self.last + 1, event };
        self.put_in(delay, letter.clone());
        letter
    }

    /// Due at once.
    pub(super) fn put(&mut self, letter: Letter) {
        self.put_in(Duration::ZERO, letter);
    }

    fn put_in(&mut self, delay: Duration, Letter { nth, event }: Letter) {
        self.last = self.last.max(nth);
        self.letters.insert(nth, Waiting { event, attempts: 0, due: Some(Instant::now() + delay) });
    }

    /// One that is due, to be delivered by whoever takes it.
    pub(super) fn take_due(&mut self) -> Option<Letter> {
        let now = Instant::now();
        let due = |waiting: &Waiting| waiting.due.is_some_and(|due| due <= now);
        let (nth, waiting) = self.letters.iter_mut().find(|(_, waiting)| due(waiting))?;
        waiting.due = None;
        Some(Letter { nth: *nth, event: waiting.event.clone() })
    }

    /// It was not taken.
    pub(super) fn failed(&mut self, nth: u64) {
        if let Some(waiting) = self.letters.get_mut(&nth) {
            let wait = FIRST.saturating_mul(1 << waiting.attempts.min(10)).min(LONGEST);
            waiting.attempts += 1;
            waiting.due = Some(Instant::now() + wait);
        }
    }

    pub(super) fn delivered(&mut self, nth: u64) {
        self.letters.remove(&nth);
    }

    /// All of them, in the order in which they were told.
    pub(super) fn take_all(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.letters).into_values().map(|waiting| waiting.event).collect()
    }
}
