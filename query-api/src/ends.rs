//! Where the log ends: what the read models are measured against.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tillroll_log::{Node, Offset, PartitionId};

/// Where topics end.
pub trait EndOffsets: Send + Sync + 'static {
    /// Each partition of the topic with the next offset to be written; nothing if the log does not answer.
    fn end_offsets(&self, topic: &'static str) -> impl Future<Output = Option<Vec<(PartitionId, Offset)>>> + Send;
}

/// The ends as the broker tells them.
pub struct NodeEnds {
    node: Node,
    /// Partitions of a topic; their number never changes.
    partitions: Mutex<HashMap<&'static str, Vec<PartitionId>>>,
}

impl NodeEnds {
    /// Asks through this node.
    pub fn new(node: Node) -> Self {
        Self { node, partitions: Mutex::default() }
    }

    async fn partitions(&self, topic: &'static str) -> Option<Vec<PartitionId>> {
        let known = self.partitions.lock().unwrap_or_else(PoisonError::into_inner).get(topic).cloned();
        if known.is_some() {
            return known;
        }
        let count = self.node.partitions(topic).await.ok()?;
        let partitions: Vec<PartitionId> = (0..count).map(PartitionId).collect();
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner).insert(topic, partitions.clone());
        Some(partitions)
    }
}

impl EndOffsets for NodeEnds {
    async fn end_offsets(&self, topic: &'static str) -> Option<Vec<(PartitionId, Offset)>> {
        let partitions = self.partitions(topic).await?;
        match self.node.admin().end_offsets(&topic.into(), &partitions).await {
            Ok(ends) => Some(ends.into_iter().map(|(partition, _, end)| (partition, end)).collect()),
            Err(error) => {
                // Answers then say how long ago the read models were last known to be up to date.
                tracing::debug!(%error, kafka.topic = topic, "end of topic unknown");
                None
            }
        }
    }
}
