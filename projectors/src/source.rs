//! Where admitted records come from: the log or, in tests, anything that behaves like it.

use bytes::Bytes;
use std::error::Error;
use tillroll_log::record::{Entry, Envelope};
use tillroll_log::{AdmittedReader, Node, PartitionId, ReadFault, StoredPosition, Timestamp};

/// A log that can be read from stored positions.
pub trait Source: Clone + Send + Sync + 'static {
    /// A reading of one topic.
    type Feed: Feed;

    /// How many partitions the topic has.
    fn partitions(&self, topic: &'static str) -> impl Future<Output = Result<i32, SourceError>> + Send;

    /// Reads all partitions of the topic, each from its position, or from the beginning.
    fn open(
        &self,
        topic: &'static str,
        from: Vec<(PartitionId, Option<StoredPosition>)>,
    ) -> impl Future<Output = Result<Self::Feed, SourceError>> + Send;
}

/// A reading of one topic.
pub trait Feed: Send + 'static {
    /// What comes next, as soon as there is anything.
    fn next(&mut self) -> impl Future<Output = Result<Segment, SourceError>> + Send;
}

/// A run of one partition, as the arbiter admitted it.
#[derive(Debug)]
pub struct Segment {
    /// Which partition.
    pub partition: PartitionId,
    /// The events of the run, in the order of their offsets; there may be none.
    pub events: Vec<(Envelope, Bytes)>,
    /// Where the run ends; it moves over marks, settled and void records too.
    pub position: StoredPosition,
    /// Kafka's time of the last admitted record, if there is one.
    pub recorded_at: Option<Timestamp>,
}

/// The log could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the log cannot be read")]
pub struct SourceError(#[source] pub Box<dyn Error + Send + Sync>);

impl SourceError {
    /// Wraps what the log says.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Going on from the checkpoint would leave out what the log holds now, or take account of something twice.
#[derive(Debug, thiserror::Error)]
#[error(
    "the topic was cut short, restored or made again behind the checkpoint: restore it as it was, or make the read \
     models again from what it holds now (start the projectors once with --rebuild)"
)]
struct AnotherLog(#[source] ReadFault);

/// What the log says, and how to mend what does not mend itself.
fn unreadable(fault: ReadFault) -> SourceError {
    if fault.is_another_log() { SourceError::new(AnotherLog(fault)) } else { SourceError::new(fault) }
}

impl Source for Node {
    type Feed = AdmittedReader;

    async fn partitions(&self, topic: &'static str) -> Result<i32, SourceError> {
        Self::partitions(self, topic).await.map_err(SourceError::new)
    }

    async fn open(
        &self,
        topic: &'static str,
        from: Vec<(PartitionId, Option<StoredPosition>)>,
    ) -> Result<AdmittedReader, SourceError> {
        Ok(self.reader(topic, from))
    }
}

impl Feed for AdmittedReader {
    async fn next(&mut self) -> Result<Segment, SourceError> {
        let batch = Self::next(self).await.map_err(unreadable)?;
        let recorded_at = batch.records.last().map(|admitted| admitted.entry.envelope().recorded_at);
        let events = batch.records.into_iter().filter_map(|admitted| match admitted.entry {
            Entry::Event(envelope) => Some((envelope, admitted.record.value.clone().unwrap_or_default())),
            Entry::Settled(..) | Entry::Mark(_) => None,
        });
        Ok(Segment { partition: batch.partition, events: events.collect(), position: batch.position, recorded_at })
    }
}
