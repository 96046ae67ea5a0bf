//! The last records of a tailed partition, kept so that one who joins near the end needs no client of its own.

use std::collections::VecDeque;

use crate::{Batch, Offset};

#[cfg(test)]
mod tests;

/// What is kept of each partition, in bytes of records.
const KEPT_BYTES: usize = 64 * 1024;

/// Everything from `from` to the partition's position.
pub(super) struct Recent {
    from: Offset,
    batches: VecDeque<(Batch, usize)>,
    bytes: usize,
}

impl Recent {
    /// Nothing yet, at a position.
    pub(super) fn at(position: Offset) -> Recent {
        Recent { from: position, batches: VecDeque::new(), bytes: 0 }
    }

    /// Keeps a batch, and forgets the oldest ones.
    pub(super) fn keep(&mut self, batch: &Batch, size: usize) {
        self.batches.push_back((batch.clone(), size));
        self.bytes += size;
        while self.bytes > KEPT_BYTES
            && let Some((forgotten, size)) = self.batches.pop_front()
        {
            self.bytes -= size;
            self.from = forgotten.next;
        }
    }

    /// Everything from that position on, or none if it is not all at hand.
    pub(super) fn since(&self, position: Offset) -> Option<impl Iterator<Item = (Batch, usize)>> {
        if position < self.from {
            return None;
        }
        let newer = self.batches.iter().filter(move |(batch, _)| batch.next > position);
        Some(newer.map(|(batch, size)| (batch.clone(), *size)))
    }
}
