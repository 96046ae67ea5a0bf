//! Waiting for a condition, with a deadline.

use crate::Outcome;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Asks until there is an answer. Fails with what was waited for if there is none in time.
pub async fn until<T, F>(what: &str, within: Duration, mut ask: impl FnMut() -> F) -> Outcome<T>
where
    F: Future<Output = Outcome<Option<T>>>,
{
    let began = Instant::now();
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if began.elapsed() > within {
            return Err(format!("not within {} s: {what}", within.as_secs()).into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
