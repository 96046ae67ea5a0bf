//! Reading a topic through the arbiter, claims included, which other readers have no use for.

use std::collections::HashMap;
use std::sync::Arc;
use tillroll_kafka::{Offset, PartitionId, ReadError, Record, Tail, Topic};
use tillroll_log::record::{Entry, EnvelopeError, header, read_entry};
use tillroll_log::{StoredPosition, Verdict};
use tokio::sync::mpsc;

/// Why reading ended.
#[derive(Debug, thiserror::Error)]
pub enum ReadFailed {
    /// Kafka cannot give the records.
    #[error(transparent)]
    Kafka(#[from] ReadError),
    /// An admitted record is not of this build's protocol.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

/// What came of one partition, or why nothing comes any more.
pub type Arrived = Result<Part, ReadFailed>;

/// Consecutive admitted records of one partition, maybe none.
pub struct Part {
    /// Which topic.
    pub topic: Topic,
    /// Which partition.
    pub partition: PartitionId,
    /// They.
    pub records: Vec<Admitted>,
    /// The offset after them, and after void records.
    pub next: Offset,
}

/// An admitted record.
pub struct Admitted {
    /// As it was read.
    pub record: Arc<Record>,
    /// What it says; nothing for a claim.
    pub entry: Option<Entry>,
}

impl Admitted {
    /// `order.placed.v1`
    pub fn type_name(&self) -> &str {
        self.record.headers.get_str(header::TYPE).unwrap_or_default()
    }

    /// The aggregate's id; empty if it is of none.
    pub fn key(&self) -> &str {
        let key = self.record.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        key.filter(|_| self.entry.is_some()).unwrap_or_default()
    }

    /// Whether something happened to an aggregate.
    pub fn is_event(&self) -> bool {
        matches!(self.entry, Some(Entry::Event(_)))
    }
}

/// Reads these partitions from their beginnings for ever, or until nobody listens.
pub async fn read(tail: Tail, topic: Topic, partitions: Vec<PartitionId>, to: mpsc::Sender<Arrived>) {
    let from = partitions.iter().map(|partition| (*partition, Offset(0))).collect();
    let mut subscription = tail.subscribe(topic.clone(), from);
    let mut positions: HashMap<PartitionId, StoredPosition> = HashMap::new();
    loop {
        let part = match subscription.next().await {
            Ok(batch) => {
                let position = positions.entry(batch.partition).or_default();
                judged(position, batch.records).map(|records| Part {
                    topic: topic.clone(),
                    partition: batch.partition,
                    records,
                    next: batch.next,
                })
            }
            Err(error) => Err(error.into()),
        };
        let over = part.is_err();
        if to.send(part).await.is_err() || over {
            return;
        }
    }
}

fn judged(position: &mut StoredPosition, records: Vec<Arc<Record>>) -> Result<Vec<Admitted>, ReadFailed> {
    let mut admitted = Vec::with_capacity(records.len());
    for record in records {
        match position.pass(&record) {
            Verdict::Admitted => {
                let entry = Some(read_entry(&record)?);
                admitted.push(Admitted { record, entry });
            }
            Verdict::Claimed => admitted.push(Admitted { record, entry: None }),
            Verdict::Void(_) => {}
        }
    }
    Ok(admitted)
}
