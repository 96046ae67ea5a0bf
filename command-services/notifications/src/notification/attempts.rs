//! When attempts are made: how long one may take, and how long is rested between two. Both double, to an hour and to four.

use chrono::TimeDelta;
use tillroll_schemas::Timestamp;

/// How many attempts a channel has: with the rests below, mail servers may be down for two days.
pub const ATTEMPTS: u32 = 23;
/// How long the first attempt may wait for its turn and for the other side.
const SEND_WITHIN_S: i64 = 60;
/// How long after the last moment of sending its outcome may still come before the next attempt begins. It covers the
/// difference of clocks and the way of the outcome through the log.
const MARGIN_S: i64 = 30;
/// The rest after the first attempt that failed.
const REST_S: i64 = 10;
/// The longest window.
const LONGEST_S: i64 = 3_600;
/// The longest rest.
const LONGEST_REST_S: i64 = 14_400;

/// Until when the attempt may be made, and when it counts as failed without an answer.
pub(super) fn window(attempt: u32, at: Timestamp) -> (Timestamp, Timestamp) {
    let send_by = later(at, doubled(SEND_WITHIN_S, attempt, LONGEST_S));
    (send_by, later(send_by, TimeDelta::seconds(MARGIN_S)))
}

/// When the next attempt is due after this one failed. Up to an eighth is added by the millisecond of the failure, so
/// that messages which failed together do not come back together.
pub(super) fn after_rest(attempt: u32, at: Timestamp) -> Timestamp {
    let rest = doubled(REST_S, attempt, LONGEST_REST_S);
    let spread = rest.num_milliseconds() / 8 * i64::from(at.timestamp_subsec_millis() % 1_000) / 1_000;
    later(at, rest + TimeDelta::milliseconds(spread))
}

fn doubled(first_s: i64, attempt: u32, longest_s: i64) -> TimeDelta {
    let doublings = attempt.saturating_sub(1).min(16);
    TimeDelta::seconds((first_s << doublings).min(longest_s))
}

/// The end of time stays the end of time.
fn later(at: Timestamp, by: TimeDelta) -> Timestamp {
    at.checked_add_signed(by).unwrap_or(at)
}
