//! What is refused for now is asked again until it is not, as long as there is time; everything else is told at once.

use std::cell::Cell;
use std::time::Duration;

use tillroll_log::ExecuteError;
use tokio::time::Instant;

use super::until_it_may;

const NOW: &str = "in_progress";
const NEVER: &str = "too_much";

type Said = Result<u32, ExecuteError<&'static str>>;

/// What the last of them says, how often it was asked, and how long that took; the last is said for ever.
async fn asked(within: Duration, says: &[Said]) -> (Said, usize, Duration) {
    let (times, since) = (Cell::new(0), Instant::now());
    let said = until_it_may(
        within,
        |rejection| *rejection == NOW,
        || {
            let said = says[times.get().min(says.len() - 1)];
            times.set(times.get() + 1);
            async move { said }
        },
    );
    (said.await, times.get(), since.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_may_be_done_a_moment_later_is_done_then() {
    let for_now = Err(ExecuteError::Rejected(NOW));
    let (said, times, took) = asked(Duration::from_secs(2), &[for_now, for_now, for_now, Ok(7)]).await;
    assert_eq!((said, times), (Ok(7), 4));
    assert_eq!(took, Duration::from_millis(20 + 40 + 80));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_all_the_time_is_refused_when_the_time_is_over_and_was_not_asked_all_the_time() {
    let for_now = Err(ExecuteError::Rejected(NOW));
    let (said, times, took) = asked(Duration::from_secs(30), &[for_now]).await;
    assert_eq!((said, took), (for_now, Duration::from_secs(30)));
    assert!((30..40).contains(&times), "{times}");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_who_wishes_not_to() {
    let for_now = Err(ExecuteError::Rejected(NOW));
    assert_eq!(asked(Duration::ZERO, &[for_now]).await, (for_now, 1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn any_other_answer_is_told_at_once() {
    for said in [Ok(7), Err(ExecuteError::Rejected(NEVER)), Err(ExecuteError::Unavailable)] {
        assert_eq!(asked(Duration::from_secs(30), &[said]).await, (said, 1, Duration::ZERO));
    }
}
