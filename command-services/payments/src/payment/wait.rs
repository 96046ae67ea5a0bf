//! One wait for the provider: when the call is made again, with exponential back-off and jitter, and when it is given
//! up. All of it is data in events; the jitter is made of the payment's id, so that a fold gives the same.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tillroll_schemas::payment::{Ask, Call, Requested, payment_of};
use tillroll_schemas::{OrderId, Timestamp};
use uuid::Uuid;

/// The first wait: longer than one call to the provider may take, so that a call and its repeat do not overlap.
const FIRST_MS: i64 = 10_000;
/// No wait is longer (without jitter).
const LONGEST_MS: i64 = 600_000;
/// How often a call is repeated before it is given up.
pub(super) const REPEATS: u32 = 7;
/// Jitter is up to a quarter of the wait: payments that failed together do not come back together.
const JITTER_PARTS: i64 = 4;

/// A wait for the outcome of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Wait {
    /// Until then; the call is repeated after that.
    Until(Ask),
    /// For ever, because of this; a late report still counts.
    Stuck {
        /// The last call.
        ask: Ask,
        /// Stable, snake case.
        code: String,
        /// For people.
        detail: String,
    },
}

impl Wait {
    /// The last call.
    pub fn ask(&self) -> &Ask {
        match self {
            Self::Until(ask) | Self::Stuck { ask, .. } => ask,
        }
    }

    /// When the call is made again; none if the wait lasts for ever.
    pub fn repeat_at(&self) -> Option<Timestamp> {
        match self {
            Self::Until(ask) => Some(ask.repeat_at),
            Self::Stuck { .. } => None,
        }
    }

    /// Why it lasts for ever, if it does: code and detail.
    pub fn stuck(&self) -> Option<(&str, &str)> {
        match self {
            Self::Until(_) => None,
            Self::Stuck { code, detail, .. } => Some((code, detail)),
        }
    }

    /// Whether this deadline ends it.
    pub(super) fn is_over(&self, deadline: Timestamp) -> bool {
        self.repeat_at().is_some_and(|repeat_at| repeat_at <= deadline)
    }
}

/// Makes the asks of one payment, each with its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    order: OrderId,
    /// The number of the next call.
    nth: u32,
    /// Deadlines are later than this, whatever the clock says.
    after: Timestamp,
}

impl Asking {
    pub(super) fn new(order: OrderId, calls: u32, after: Timestamp) -> Self {
        Self { order, nth: calls.saturating_add(1), after }
    }

    /// A call that was not asked for before.
    pub(super) fn first(self) -> Ask {
        self.ask(0, 0)
    }

    /// The same, once more; none when it was repeated often enough.
    pub(super) fn again(self, last: &Ask) -> Option<Ask> {
        (last.attempt < REPEATS).then(|| self.ask(last.attempt + 1, last.round))
    }

    /// The same, from the beginning, because an operator says so.
    pub(super) fn anew(self, last: &Ask) -> Ask {
        self.ask(0, last.round.saturating_add(1))
    }

    fn ask(self, attempt: u32, round: u32) -> Ask {
        let patience = patience_ms(attempt);
        let jitter = patience * i64::from(self.die()) / 256 / JITTER_PARTS;
        let repeat_at = later(self.after, patience + jitter);
        Ask { nth: self.nth, attempt, round, repeat_at }
    }

    /// 0 to 255, by payment and call.
    fn die(self) -> u8 {
        let drawn = Uuid::new_v5(&payment_of(self.order).0, &self.nth.to_be_bytes());
        drawn.as_bytes()[0]
    }
}

/// What is to be authorised by a time is not waited for any longer than that.
pub(super) fn by_then(ask: Ask, request: &Requested) -> Ask {
    Ask { repeat_at: ask.repeat_at.min(request.answer_by), ..ask }
}

/// The name of the step that makes the call.
pub(super) fn step(call: &Call) -> &'static str {
    match call {
        Call::Create { .. } => "create",
        Call::Confirm { .. } => "confirm",
        Call::Look { .. } => "look",
        Call::Capture { .. } => "capture",
        Call::Void { .. } => "void",
        Call::Refund { .. } => "refund",
    }
}

/// How long one wait lasts, without jitter: 10 s, 20 s, 40 s, … 10 min.
fn patience_ms(attempt: u32) -> i64 {
    (FIRST_MS << attempt.min(20)).min(LONGEST_MS)
}

/// How long a call is waited for at most, in seconds, all repeats and the greatest jitter together.
pub fn longest_wait_s() -> i64 {
    let waits: i64 = (0..=REPEATS).map(patience_ms).sum();
    (waits + waits / JITTER_PARTS) / 1_000
}

fn later(at: Timestamp, milliseconds: i64) -> Timestamp {
    at.checked_add_signed(TimeDelta::milliseconds(milliseconds)).unwrap_or(Timestamp::MAX_UTC)
}
