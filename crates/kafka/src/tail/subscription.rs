//! A subscriber's own view: one stream, whether it comes from the tail or from a catch-up reader.
//! What must hold: within a partition every record once and in order; the position only moves forward.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::catch_up::{self, CaughtUp};
use super::{Live, Tail};
use crate::{Batch, KafkaError, Offset, PartitionId, ReadError, Topic};

/// All records of some partitions of one topic, from the positions it was given on. Dropping it unsubscribes.
pub struct Subscription {
    tail: Tail,
    topic: Topic,
    positions: BTreeMap<PartitionId, Offset>,
    source: Source,
}

enum Source {
    CatchUp(mpsc::Receiver<CaughtUp>),
    Live(Live),
    Failed(ReadError),
}

impl Subscription {
    pub(super) fn new(tail: Tail, topic: Topic, from: Vec<(PartitionId, Offset)>) -> Subscription {
        let positions = from.into_iter().collect();
        let source = start(&tail, &topic, &positions);
        Subscription { tail, topic, positions, source }
    }

    /// The next records of one of the partitions. It waits as long as there are none, also while the broker is away.
    /// An error is final and is given again by later calls. Cancelling the call loses nothing.
    pub async fn next(&mut self) -> Result<Batch, ReadError> {
        loop {
            match &mut self.source {
                Source::CatchUp(caught_up) => match caught_up.recv().await {
                    Some(CaughtUp::Batch(batch)) => {
                        if let Some(batch) = self.admit(batch) {
                            return Ok(batch);
                        }
                    }
                    Some(CaughtUp::Live(live)) => self.source = Source::Live(live),
                    Some(CaughtUp::Failed(error)) => self.source = Source::Failed(error),
                    None => self.source = Source::Failed(self.closed()),
                },
                Source::Live(live) => match live.next().await {
                    Some(batch) => {
                        if let Some(batch) = self.admit(batch) {
                            return Ok(batch);
                        }
                    }
                    None => self.source = start(&self.tail, &self.topic, &self.positions),
                },
                Source::Failed(error) => return Err(error.clone()),
            }
        }
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The position of each partition: everything before it has been returned by [`next`](Self::next).
    pub fn positions(&self) -> impl Iterator<Item = (PartitionId, Offset)> {
        self.positions.iter().map(|(partition, offset)| (*partition, *offset))
    }

    /// Whether the records come from the tail now, not from a catch-up reader.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.source, Source::Live(_))
    }

    /// Drops what has been returned before and moves the position.
    fn admit(&mut self, mut batch: Batch) -> Option<Batch> {
        let position = self.positions.get_mut(&batch.partition)?;
        if !batch.trim(*position) {
            return None;
        }
        *position = batch.next;
        Some(batch)
    }

    fn closed(&self) -> ReadError {
        ReadError::Fatal { topic: Arc::clone(&self.topic), source: KafkaError::Closed { doing: "catching up" } }
    }
}

fn start(tail: &Tail, topic: &Topic, positions: &BTreeMap<PartitionId, Offset>) -> Source {
    let from = positions.iter().map(|(partition, offset)| (*partition, *offset)).collect();
    match catch_up::spawn(tail.clone(), Arc::clone(topic), from) {
        Ok(caught_up) => Source::CatchUp(caught_up),
        Err(source) => Source::Failed(ReadError::Fatal { topic: Arc::clone(topic), source }),
    }
}
