//! Reading ahead: a task of its own reads and decodes while rows are being written, within a budget of memory.

use crate::{Feed, Projection, Segment, SourceError, Undecodable};
use std::sync::Arc;
use tillroll_log::record::Envelope;
use tillroll_log::{Coordinates, PartitionId, StoredPosition, Timestamp};
use tillroll_telemetry::spawn;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// KiB of values that a lane reads ahead.
const BUDGET: u32 = 16 * 1024;
/// A batch takes no more once it has so many events, or so many KiB of them.
const BATCH: (usize, usize) = (5_000, 8 * 1024);

/// A run of one partition, decoded.
pub(super) struct Part<P: Projection> {
    pub(super) partition: PartitionId,
    pub(super) events: Vec<(Envelope, P::Event)>,
    pub(super) position: StoredPosition,
    pub(super) recorded_at: Option<Timestamp>,
    /// The first event of the run that could not be read, and why; then nothing of the run counts.
    pub(super) undecodable: Option<(Coordinates, Undecodable)>,
    /// Gives the memory back to the budget.
    permit: Option<OwnedSemaphorePermit>,
}

impl<P: Projection> Part<P> {
    fn decode(segment: Segment) -> Self {
        let mut events = Vec::with_capacity(segment.events.len());
        let mut undecodable = None;
        for (envelope, value) in segment.events {
            match P::decode(&envelope, &value) {
                Ok(event) => events.push((envelope, event)),
                Err(error) => {
                    undecodable = Some((envelope.at, error));
                    break;
                }
            }
        }
        let Segment { partition, position, recorded_at, .. } = segment;
        Self { partition, events, position, recorded_at, undecodable, permit: None }
    }

    fn weight(&self) -> usize {
        self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

/// Parts as they come in. Dropping it ends the reading.
pub(super) struct Ahead<P: Projection> {
    parts: UnboundedReceiver<Result<Part<P>, SourceError>>,
    reader: JoinHandle<()>,
    /// Met behind parts that had to be written first.
    failed: Option<SourceError>,
}

impl<P: Projection> Ahead<P> {
    /// Reads on from where the feed is.
    pub(super) fn of(feed: impl Feed) -> Self {
        let (sender, parts) = unbounded_channel();
        Self { parts, reader: spawn("projector-reader", read(feed, sender)), failed: None }
    }

    /// What is there; waits only if nothing is.
    pub(super) async fn batch(&mut self) -> Result<Vec<Part<P>>, SourceError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let closed = || SourceError::new("its reader stopped");
        let first = self.parts.recv().await.ok_or_else(closed)??;
        let (mut events, mut weight) = (first.events.len(), first.weight());
        let mut batch = vec![first];
        while events < BATCH.0 && weight < BATCH.1 {
            match self.parts.try_recv() {
                Ok(Ok(part)) => {
                    events += part.events.len();
                    weight += part.weight();
                    batch.push(part);
                }
                Ok(Err(error)) => {
                    self.failed = Some(error);
                    break;
                }
                Err(_) => break,
            }
        }
        Ok(batch)
    }
}

impl<P: Projection> Drop for Ahead<P> {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn read<P: Projection>(mut feed: impl Feed, parts: UnboundedSender<Result<Part<P>, SourceError>>) {
    let budget = Arc::new(Semaphore::new(BUDGET as usize));
    loop {
        let part = match feed.next().await {
            Ok(segment) => {
                let bytes: usize = segment.events.iter().map(|(_, value)| value.len()).sum();
                let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(BUDGET).min(BUDGET);
                let Ok(permit) = budget.clone().acquire_many_owned(kib).await else { return };
                Ok(Part { permit: Some(permit), ..Part::decode(segment) })
            }
            Err(error) => Err(error),
        };
        let over = part.is_err();
        if parts.send(part).is_err() || over {
            return;
        }
    }
}
