//! Records of a partition go out in waves: what is sent while a wave is under way waits for the wave's last answer, and
//! is the next. librdkafka waits as well, since an idempotent producer has only five records of a partition under way,
//! but without a linger its thread spins while more records wait: a quarter of the processor time of a command.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::OnDelivery;
use crate::{DeliveryError, NewRecord, PartitionId, Topic};

#[cfg(test)]
mod tests;

/// A wave takes no more records once it has so many bytes: less than one request of librdkafka may have.
const MOST_BYTES: usize = 512 * 1024;

/// The waves of every partition that was ever sent to.
#[derive(Default)]
pub(super) struct Waves {
    partitions: RwLock<HashMap<(Topic, PartitionId), Arc<Wave>>>,
}

impl Waves {
    pub(super) fn of(&self, topic: &Topic, partition: PartitionId) -> Arc<Wave> {
        let place = (Arc::clone(topic), partition);
        let known = self.partitions.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        known.unwrap_or_else(|| {
            Arc::clone(self.partitions.write().unwrap_or_else(PoisonError::into_inner).entry(place).or_default())
        })
    }
}

/// What one partition has under way, and what waits behind it.
#[derive(Default)]
pub(super) struct Wave(Mutex<Line>);

#[derive(Default)]
struct Line {
    under_way: usize,
    /// Why a record under way may be missing: what waits behind it must not be stored without it.
    lost: Option<DeliveryError>,
    waiting: VecDeque<Waiting>,
}

/// An accepted record that librdkafka does not have yet.
pub(super) struct Waiting {
    pub(super) record: NewRecord,
    pub(super) on_delivery: OnDelivery,
}

/// What follows a wave, in order; all of it is under way now.
pub(super) struct Following {
    pub(super) records: VecDeque<Waiting>,
    /// Then none of it is to be sent, and each is answered with this.
    pub(super) lost: Option<DeliveryError>,
}

impl Wave {
    /// Gives the record back if nothing is under way: then it is now, and is to be sent.
    pub(super) fn enter(&self, waiting: Waiting) -> Option<Waiting> {
        let mut line = self.line();
        if line.under_way > 0 {
            line.waiting.push_back(waiting);
            return None;
        }
        line.under_way = 1;
        Some(waiting)
    }

    /// A record under way was answered, and may not be stored if `lost` says why. Gives what is under way next if it
    /// was the last.
    pub(super) fn answered(&self, lost: Option<DeliveryError>) -> Option<Following> {
        let mut line = self.line();
        line.under_way -= 1;
        line.lost = line.lost.take().or(lost);
        if line.under_way > 0 || line.waiting.is_empty() {
            // A wave behind which nothing waits leaves nothing behind.
            line.lost = line.lost.take().filter(|_| line.under_way > 0);
            return None;
        }
        let following = match line.lost.take() {
            Some(lost) => Following { records: std::mem::take(&mut line.waiting), lost: Some(lost) },
            None => Following { records: next_of(&mut line.waiting), lost: None },
        };
        line.under_way = following.records.len();
        Some(following)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many as a wave takes, and at least one.
fn next_of(waiting: &mut VecDeque<Waiting>) -> VecDeque<Waiting> {
    let mut bytes = 0;
    let fits = |next: &&Waiting| {
        let before = bytes;
        bytes += next.record.size();
        before < MOST_BYTES
    };
    let count = waiting.iter().take_while(fits).count();
    if count == waiting.len() {
        return std::mem::take(waiting);
    }
    waiting.drain(..count).collect()
}
