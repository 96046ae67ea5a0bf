//! One wait for the provider: when the call is made again, with exponential back-off and jitter, and when it is given
//! up. All of it is data in events: what a wait comes to is decided once, so that a fold gives the same whatever made it.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tillroll_schemas::payment::{Ask, Call, Requested, payment_of};
use tillroll_schemas::{OrderId, Timestamp};
use uuid::Uuid;

/// The first wait: longer than one call to the provider may take, so that a call and its repeat do not overlap.
const FIRST: Duration = Duration::from_secs(10);
/// No wait is longer (without jitter).
const LONGEST: Duration = Duration::from_secs(600);
/// How often a call is repeated before it is given up.
pub(super) const REPEATS: u32 = 7;
/// The crate's jitter is up to the whole of a wait. Only this part of each has some: payments that failed together do not
/// come back together, and still it is known well enough when.
const JITTER_PARTS: u32 = 4;

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
        let steady = back_off(JITTER_PARTS - 1).build();
        let jittered = back_off(1).with_jitter().with_jitter_seed(self.seed()).build();
        let wait = steady.zip(jittered).nth(attempt as usize).map(|(steady, jittered)| steady + jittered);
        let repeat_at = later(self.after, wait.unwrap_or(LONGEST));
        Ask { nth: self.nth, attempt, round, repeat_at }
    }

    /// Of payment and call: whoever decides the same decides the same wait.
    fn seed(self) -> u64 {
        Uuid::new_v5(&payment_of(self.order).0, &self.nth.to_be_bytes()).as_u64_pair().0
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

/// How long a call is waited for at most, all repeats and the greatest jitter together.
pub fn longest_wait() -> Duration {
    back_off(JITTER_PARTS + 1).build().take(REPEATS as usize + 1).sum()
}

/// So many parts of each wait, without jitter: of 10 s, 20 s, 40 s, … 10 min.
fn back_off(parts: u32) -> ExponentialBuilder {
    let part = |whole: Duration| whole / JITTER_PARTS * parts;
    ExponentialBuilder::new().with_min_delay(part(FIRST)).with_max_delay(part(LONGEST)).without_max_times()
}

/// That much later, to the millisecond.
fn later(at: Timestamp, wait: Duration) -> Timestamp {
    let milliseconds = i64::try_from(wait.as_millis()).ok().and_then(TimeDelta::try_milliseconds);
    milliseconds.and_then(|wait| at.checked_add_signed(wait)).unwrap_or(Timestamp::MAX_UTC)
}
