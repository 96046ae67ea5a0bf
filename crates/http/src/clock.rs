//! The clock as tokens need it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z; 0 on a machine whose clock is before that, where no token is valid.
#[expect(clippy::disallowed_methods, reason = "the one home of the system's clock as tokens need it")]
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
