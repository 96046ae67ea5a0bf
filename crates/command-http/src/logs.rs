//! Which history each partition of an own topic is: made by its first record, a claim, and copied by every later one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tillroll_http::{ConsistencyToken, Problem, problems};
use tillroll_log::record::claim_of;
use tillroll_log::{LogId, Node, Offset, PartitionId};
use tokio::time::timeout;

use crate::REPLICA_WITHIN;

/// The histories of own topics, each read once. Cheap to clone.
#[derive(Clone)]
pub(crate) struct OwnLogs {
    node: Node,
    known: Arc<Mutex<HashMap<(&'static str, PartitionId), LogId>>>,
}

impl OwnLogs {
    pub(crate) fn new(node: Node) -> Self {
        Self { node, known: Arc::default() }
    }

    /// Refuses a token that speaks of another history of this topic. There is nothing to wait for: the topic's owner
    /// has read all of it.
    pub(crate) async fn check(&self, topic: &'static str, seen: &ConsistencyToken) -> Result<(), Problem> {
        for covered in seen.iter().filter(|covered| covered.topic == topic) {
            let partition = PartitionId(covered.partition.0);
            // The number of partitions never changes while the log lives.
            let log = match partition.0 < self.node.config().partitions {
                true => Some(self.of(topic, partition).await?),
                false => None,
            };
            if log != Some(LogId(covered.log)) {
                return Err(Problem::new(&problems::TOKEN_OF_ANOTHER_LOG));
            }
        }
        Ok(())
    }

    async fn of(&self, topic: &'static str, partition: PartitionId) -> Result<LogId, Problem> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&(topic, partition)).copied();
        if let Some(log) = known {
            return Ok(log);
        }
        let unknown = || Problem::new(&problems::UNAVAILABLE).detail("which log this is is not known yet");
        let topic_name = topic.into();
        let first = timeout(REPLICA_WITHIN, self.node.admin().read_at(&topic_name, partition, Offset(0))).await;
        let first = first.ok().and_then(Result::ok).flatten().ok_or_else(unknown)?;
        let log = claim_of(&first).ok_or_else(unknown)?.log;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert((topic, partition), log);
        Ok(log)
    }
}
