//! What a read model has to be for the runner to keep it: a decoder, a pure fold over a batch, and one write.

use tillroll_log::DecodeError;
use tillroll_log::record::Envelope;
use tillroll_postgres::{Error, Transaction};

/// A function from events to rows.
///
/// Its rows depend on the events alone: no clock, no randomness, no serial. However the log is cut into batches, the
/// same rows come out, byte for byte; so each column has one source topic, and rows that several partitions feed
/// change only by sums, minima or maxima.
pub trait Projection: Send + Sync + 'static {
    /// Stands in the checkpoints and never changes.
    const NAME: &'static str;
    /// The topics that it reads, each with a task of its own.
    const TOPICS: &'static [&'static str];
    /// An event that was understood.
    type Event: Send + Sync + 'static;
    /// The changes of rows that a batch of events makes.
    type Batch: Default + Send + Sync;

    /// Reads an event. Every admitted event is understood, or the build is too old for the log.
    fn decode(envelope: &Envelope, value: &[u8]) -> Result<Self::Event, Undecodable>;

    /// Takes the next event of a partition into the batch.
    fn fold(batch: &mut Self::Batch, envelope: &Envelope, event: &Self::Event);

    /// Writes the changes: a few statements for any number of events, rows in the order of their keys.
    fn write(batch: &Self::Batch, transaction: &Transaction<'_>) -> impl Future<Output = Result<(), Error>> + Send;
}

/// An admitted event cannot be read: not a bad record but a bad deploy.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    /// Its type or its shape is unknown to this build.
    #[error(transparent)]
    Body(#[from] DecodeError),
    /// Its key is not of the form that the aggregate's keys have.
    #[error("key {0:?} is not of the aggregate's form")]
    Key(String),
}
