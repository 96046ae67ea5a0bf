//! Request ids: taken over from the client if they are harmless, else made here without asking the system each time.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::headers::REQUEST_ID;
use crate::random::random_id;
use axum::http::HeaderMap;

const MAX_LENGTH: usize = 64;

/// The request's id if its headers carry a harmless one, else a new one.
pub(crate) fn of(headers: &HeaderMap) -> String {
    given(headers).map_or_else(generate, str::to_owned)
}

/// The id that the headers carry, if it is safe to repeat in logs and answers.
pub(crate) fn given(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(&REQUEST_ID)?.to_str().ok()?;
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    ((1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(harmless)).then_some(text)
}

/// A UUID that is unique, not secret: random per process, then counted.
pub(crate) fn generate() -> String {
    static PROCESS: LazyLock<(u64, u64)> = LazyLock::new(|| random_id().as_u64_pair());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let (high, low) = *PROCESS;
    // An odd factor makes a permutation of all counts: no two are equal, and neighbours look different.
    let count = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bytes = (u128::from(high) << 64 | u128::from(low.wrapping_add(count))).to_be_bytes();
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
