//! What became of a saga that a command began: waiting for its end, as long as the client wishes.

use std::time::Duration;

use tillroll_log::{Aggregate, Answered, Commands, Key, Version};

/// The aggregate as soon as nothing of it is under way, and whether that came in time; else as it was answered first.
/// `version` is that of the answer, if there is one: a repeat is answered with the aggregate as it is now.
pub async fn outcome<A: Aggregate>(
    commands: &Commands<A>,
    key: &Key,
    first: Answered<A>,
    wait: Option<Duration>,
    version: impl Fn(&A::Answer) -> Option<u64>,
) -> (Answered<A>, bool) {
    let as_now = |answered: Answered<A>| {
        let version = version(&answered.answer).map_or(answered.version, Version);
        Answered { version, ..answered }
    };
    let first = as_now(first);
    let Some(wait) = wait else { return (first, false) };
    // The command's event is durable, so whatever keeps its end from being told is no failure of the command.
    match commands.settled(key, wait).await {
        Ok(Some(settled)) => {
            let Answered { at, repeat, timing, .. } = first;
            (as_now(Answered { at, repeat, timing, ..settled }), true)
        }
        Ok(None) | Err(_) => (first, false),
    }
}
