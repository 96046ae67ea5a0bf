//! What one listener grants.

use std::time::Duration;

/// Limits of one listener. `Limits::default()` is for clients of any kind, `Limits::internal()` for other roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once; more wait in the system's queue.
    pub connections: u32,
    /// Requests answered at once; more get 503 `overloaded`.
    pub concurrency: usize,
    /// How long a connection may take to send the next request's head, from the end of the one before: so idle ones
    /// end.
    pub idle: Duration,
    /// Bytes of a request's line and headers; more get 431.
    pub header_bytes: usize,
    /// Bytes of a request's target; more get 414.
    pub uri_bytes: usize,
    /// How long an answer may take, beyond what `Prefer: wait=N` asks for; then 504 `timed_out`, or 503
    /// `unavailable` to a command, whose outcome is not known.
    pub request: Duration,
    /// How long a client may take no byte of its answer before it is cut off.
    pub stall: Duration,
    /// How long requests may go on after shutdown was requested.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            concurrency: 4096,
            idle: Duration::from_secs(20),
            header_bytes: 32 * 1024,
            uri_bytes: 8 * 1024,
            request: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            drain: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// For listeners that only other roles reach: idle connections are kept longer than their clients keep them.
    pub fn internal() -> Self {
        Self { idle: Duration::from_secs(90), ..Self::default() }
    }
}
