//! Reading a topic as everybody does: through the arbiter, admitted records only.

use crate::record::{Entry, EnvelopeError, read_entry};
use crate::{PartitionId, PositionMismatch, StoredPosition, Topic, Verdict};
use std::collections::HashMap;
use std::sync::Arc;
use tillroll_kafka::{ReadError, Record, Subscription, Tail};

/// Reading cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// Kafka cannot give the records.
    #[error(transparent)]
    Kafka(#[from] ReadError),
    /// The log is another one than that which the position was stored for.
    #[error("{topic}/{partition}: {source}")]
    Position {
        /// Which topic.
        topic: Topic,
        /// Which partition.
        partition: PartitionId,
        /// What is wrong.
        #[source]
        source: PositionMismatch,
    },
    /// An admitted record is not of this build's protocol.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl ReadFault {
    /// Whether the log is not the one that the position was stored for: cut short, restored or made again. It does not
    /// pass by itself.
    pub fn is_another_log(&self) -> bool {
        matches!(self, Self::Position { .. } | Self::Kafka(ReadError::OffsetOutOfRange { .. }))
    }
}

/// An admitted record.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// As it was read.
    pub record: Arc<Record>,
    /// What it says.
    pub entry: Entry,
}

/// Admitted records of one partition, in order, maybe none.
#[derive(Clone, Debug)]
pub struct AdmittedBatch {
    /// Which partition.
    pub partition: PartitionId,
    /// They.
    pub records: Vec<Admitted>,
    /// The position after them, and after void records.
    pub position: StoredPosition,
}

/// Admitted records of a topic, for ever.
pub struct AdmittedReader {
    subscription: Subscription,
    topic: Topic,
    positions: HashMap<PartitionId, (StoredPosition, bool)>,
}

impl AdmittedReader {
    pub(super) fn start(tail: &Tail, topic: Topic, from: Vec<(PartitionId, Option<StoredPosition>)>) -> Self {
        let mut positions = HashMap::new();
        let mut offsets = Vec::new();
        for (partition, position) in from {
            let position = position.unwrap_or_default();
            offsets.push((partition, position.begin()));
            let met = position.last.is_none();
            positions.insert(partition, (position, met));
        }
        Self { subscription: tail.subscribe(topic.clone(), offsets), topic, positions }
    }

    /// The next batch. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<AdmittedBatch, ReadFault> {
        let batch = self.subscription.next().await?;
        let (position, met) = self.positions.entry(batch.partition).or_default();
        let mut records = Vec::with_capacity(batch.records.len());
        for record in batch.records {
            if !*met {
                let (topic, partition) = (self.topic.clone(), batch.partition);
                position.meet(&record).map_err(|source| ReadFault::Position { topic, partition, source })?;
                *met = true;
            }
            if record.offset < position.next {
                continue;
            }
            if position.pass(&record) == Verdict::Admitted {
                let entry = read_entry(&record)?;
                records.push(Admitted { record, entry });
            }
        }
        if *met {
            position.next = position.next.max(batch.next);
        }
        Ok(AdmittedBatch { partition: batch.partition, records, position: position.clone() })
    }
}
