//! The one home of the clock.

use crate::Timestamp;

/// The time now, cut to milliseconds: what is decided with is what is stored.
#[expect(clippy::disallowed_methods, reason = "this is the clock's one home")]
pub fn now() -> Timestamp {
    let now = chrono::Utc::now();
    Timestamp::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}
