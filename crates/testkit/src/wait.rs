//! Waiting for what must come, and no longer than it may take.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until it holds; `what` did not happen if it never does.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "in vain waited for: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}
