//! The way of one assigned partition's records from the thread to the owner: a bounded channel, one batch of overflow,
//! and a pause until there is room.
//! What must hold: no record is skipped or repeated by a pause, and a full channel is always noticed when it drains.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::{Command, Line};
use crate::{Batch, Offset, PartitionId, ReadError, Topic};

#[cfg(test)]
mod tests;

/// Batches that may wait for the owner; one has 512 records at most.
const BATCHES: usize = 8;

type Item = Result<Batch, ReadError>;

/// The records of an assigned partition, in order.
pub struct PartitionRecords {
    topic: Topic,
    partition: PartitionId,
    items: mpsc::Receiver<Item>,
    full: Arc<AtomicBool>,
    line: Line,
}

impl PartitionRecords {
    /// The next records; none once the partition is no longer assigned. After an error, which is that of a position
    /// outside of the partition, nothing comes until it is read from another position. Cancelling loses nothing.
    pub async fn next(&mut self) -> Option<Result<Batch, ReadError>> {
        let item = self.items.recv().await;
        if self.full.swap(false, Ordering::AcqRel) {
            self.line.tell(Command::Drained(Arc::clone(&self.topic), self.partition));
        }
        item
    }
}

/// The thread's side.
pub(super) struct Flow {
    items: mpsc::Sender<Item>,
    full: Arc<AtomicBool>,
    /// What did not fit; at most one batch, and an error after it.
    overflow: VecDeque<Item>,
    /// Where to go on, as soon as the client lets us.
    pub(super) seek: Option<Offset>,
    /// Whether the owner wants to read and nothing is wrong.
    pub(super) reading: bool,
    /// Whether the client has the partition; it gets it with the first position.
    pub(super) started: bool,
    /// Whether the client fetches it, as it has been told last.
    pub(super) running: bool,
}

impl Flow {
    pub(super) fn open(line: &Line, topic: &Topic, partition: PartitionId) -> (Flow, PartitionRecords) {
        let (send, items) = mpsc::channel(BATCHES);
        let full = Arc::new(AtomicBool::new(false));
        let records = PartitionRecords {
            topic: Arc::clone(topic),
            partition,
            items,
            full: Arc::clone(&full),
            line: line.clone(),
        };
        let flow = Flow {
            items: send,
            full,
            overflow: VecDeque::new(),
            seek: None,
            reading: false,
            started: false,
            running: false,
        };
        (flow, records)
    }

    /// Whether the client should fetch now.
    pub(super) fn wants_records(&self) -> bool {
        self.overflow.is_empty()
    }

    /// Begins again at another position.
    pub(super) fn restart(&mut self, offset: Offset) {
        self.overflow.clear();
        self.go_on(offset);
    }

    /// Goes on from here, after an interruption or an error.
    pub(super) fn go_on(&mut self, offset: Offset) {
        self.seek = Some(offset);
        self.reading = true;
    }

    /// Hands over, or keeps what does not fit.
    pub(super) fn offer(&mut self, item: Item) {
        match (self.overflow.back_mut(), item) {
            // Fetched before the pause took hold.
            (Some(Ok(held)), Ok(more)) => {
                held.records.extend(more.records);
                held.next = more.next;
            }
            (_, item) => self.overflow.push_back(item),
        }
        self.drain();
    }

    /// Hands over what did not fit before, as far as there is room.
    pub(super) fn drain(&mut self) {
        while let Some(item) = self.overflow.pop_front() {
            let Err(TrySendError::Full(item)) = self.items.try_send(item) else { continue };
            // The owner looks at the flag after each item that it takes. If it took the last one before the flag was
            // set, there is room now.
            self.full.store(true, Ordering::Release);
            if let Err(TrySendError::Full(item)) = self.items.try_send(item) {
                self.overflow.push_front(item);
                return;
            }
        }
    }
}
