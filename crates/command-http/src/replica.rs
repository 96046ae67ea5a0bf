//! How far a replica has to have come before a handler may judge by it.

use tillroll_http::{ConsistencyToken, Problem, problems};
use tillroll_log::{Behind, Coordinates, LogId, Offset, PartitionId, Replica, Replicated};

use crate::REPLICA_WITHIN;

/// Waits until the replica shows everything of its topic that the client has seen.
pub async fn reach_tokens<R: Replicated>(replica: &Replica<R>, seen: &ConsistencyToken) -> Result<(), Problem> {
    for covered in seen.iter().filter(|covered| covered.topic == R::EVENTS) {
        let partition = PartitionId(covered.partition.0);
        let at = Coordinates { topic: R::EVENTS.into(), partition, offset: Offset(covered.offset.0) };
        replica.reach(LogId(covered.log), &at, REPLICA_WITHIN).await.map_err(problem_of)?;
    }
    Ok(())
}

/// Waits until the replica has read to an end that was asked for just now: only then may it cause a refusal.
pub async fn refresh<R: Replicated>(replica: &Replica<R>) -> Result<(), Problem> {
    replica.refresh(REPLICA_WITHIN).await.map_err(problem_of)
}

fn problem_of(behind: Behind) -> Problem {
    match behind {
        Behind::Late => Problem::new(&problems::UNAVAILABLE).detail("what the decision has to know is not here yet"),
        Behind::OtherLog => Problem::new(&problems::TOKEN_OF_ANOTHER_LOG),
    }
}
