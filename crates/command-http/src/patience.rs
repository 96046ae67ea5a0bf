//! A command that is refused for now and not for good: it is asked again under the same id, with growing pauses, which
//! hold nothing but the request itself. A refusal leaves nothing of the command in the log.

use std::future::Future;
use std::time::Duration;

use tillroll_log::ExecuteError;
use tokio::time::{Instant, sleep};

/// The first pause; each is twice as long as the one before.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// Every refusal costs its owner a round to the log.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What `ask` is answered as soon as it is no rejection that is `for_now`; that rejection if it still stands when so much
/// time has passed. Asked once at least.
pub async fn until_it_may<T, R, F: Future<Output = Result<T, ExecuteError<R>>>>(
    within: Duration,
    for_now: impl Fn(&R) -> bool,
    ask: impl Fn() -> F,
) -> Result<T, ExecuteError<R>> {
    let deadline = Instant::now() + within;
    let mut pause = SHORTEST_PAUSE;
    loop {
        let said = ask().await;
        let left = deadline.saturating_duration_since(Instant::now());
        match &said {
            Err(ExecuteError::Rejected(rejection)) if for_now(rejection) && !left.is_zero() => {}
            Ok(_) | Err(_) => return said,
        }
        sleep(pause.min(left)).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

#[cfg(test)]
mod tests;
