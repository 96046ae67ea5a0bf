//! The owner's local store (rule 8): restored at the start, met in the log, written off the hot path, wiped when it is
//! not to be relied on. What the owner answers never waits for the disk.

use super::{Control, Partition};
use crate::caught::caught;
use crate::fold::{Changes, Distrust, Fold};
use crate::owner::Alarm;
use crate::rereading::{Reread, RereadFault, Rereading};
use crate::runtime::node::Node;
use crate::runtime::store::{Kept, StoreError};
use crate::{Aggregate, LogId, Offset, PartitionId, Reactions, StoredPosition};
use std::sync::Arc;
use tillroll_kafka::{ReadError, Record};
use tokio::task::JoinHandle;

/// The store is written once in so many ticks: once a second.
const TICKS: u32 = 5;
/// Wiped more often in one life, the store itself is at fault, and the owner goes on without.
const MOST_WIPES: u32 = 2;

/// What a partition's task has to do with its store.
pub(super) struct Keeping {
    kept: Option<Arc<Kept>>,
    /// The log that was served here before.
    served: Option<LogId>,
    cache: usize,
    rereading: Option<Rereading>,
    storing: Option<JoinHandle<bool>>,
    /// Which part of the store is written; another one after each wipe.
    part: u64,
    wipes: u32,
    ticks: u32,
    begins_anew: bool,
}

impl Keeping {
    /// Opens the partition's part of the store: what is kept, the fold as it was, and where reading begins.
    pub(super) fn open<A: Aggregate>(
        node: &Node,
        partition: PartitionId,
        end: Offset,
        reacted: &StoredPosition,
    ) -> (Self, Fold<A>, Offset) {
        let cache = node.store().map_or(0, |store| store.cache());
        let (kept, rereading, storing) = (kept_of::<A>(node, partition), None, None);
        // What cannot be read is wiped next.
        let served = kept.as_ref().and_then(|kept| kept.log().ok().flatten());
        let mut keeping =
            Self { kept, served, cache, rereading, storing, part: 0, wipes: 0, ticks: 0, begins_anew: false };
        let place = format!("{}/{partition}", A::TOPICS.events);
        let fold = keeping.restore(end).unwrap_or_else(|why| {
            keeping.wipe(&place, &why);
            keeping.fold_from_the_beginning()
        });
        if fold.is_restored() {
            let rereading = Rereading::new(fold.position.clone(), reacted.clone());
            let begin = rereading.begin();
            tracing::debug!(
                place,
                kafka.offset = begin.0,
                stored = fold.position.next.0,
                aggregates = fold.len(),
                "fold restored"
            );
            keeping.rereading = Some(rereading);
            return (keeping, fold, begin);
        }
        (keeping, fold, Offset(0))
    }

    fn restore<A: Aggregate>(&self, end: Offset) -> Result<Fold<A>, Distrust> {
        let Some(kept) = &self.kept else { return Ok(Fold::default()) };
        let Some((head, deadlines)) = kept.load()? else { return Ok(self.fold_from_the_beginning()) };
        let next = head.position.next;
        if next > end {
            return Err(Distrust::BeyondEnd { next, end });
        }
        match head.position.last {
            Some(_) => Ok(Fold::restored(head, deadlines, kept.clone(), self.cache)),
            // Before the first claim there is nothing to meet, and nothing to keep.
            None => Ok(Fold::default()),
        }
    }

    fn fold_from_the_beginning<A: Aggregate>(&self) -> Fold<A> {
        match &self.kept {
            Some(kept) => Fold::over(kept.clone(), self.cache),
            None => Fold::default(),
        }
    }

    fn wipe(&mut self, place: &str, why: &Distrust) {
        tracing::warn!(place, %why, "the local store is wiped, the partition is folded from its beginning");
        self.part += 1;
        self.wipes += 1;
        (self.rereading, self.storing) = (None, None);
        let wiped = self.kept.take().map(|kept| kept.wipe());
        self.kept = match wiped {
            Some(Ok(kept)) if self.wipes <= MOST_WIPES => Some(Arc::new(kept)),
            Some(Err(error)) => {
                tracing::warn!(place, %error, "the local store cannot be wiped: the owner keeps all in memory");
                None
            }
            Some(Ok(_)) | None => None,
        };
    }

    /// The log that was served here before, if any was.
    pub(super) fn served(&self) -> Option<LogId> {
        self.served
    }

    /// This log is served from now on.
    pub(super) fn serves(&mut self, log: Option<LogId>) {
        let (Some(kept), Some(log)) = (&self.kept, log.filter(|log| self.served != Some(*log))) else { return };
        if let Err(error) = kept.serves(log) {
            tracing::warn!(%error, "the local store cannot be written");
        }
        self.served = Some(log);
    }

    /// Whether what the store holds is still being read again.
    pub(super) fn rereads(&self) -> bool {
        self.rereading.is_some()
    }

    /// Whether the log is to be read from its beginning since this was last asked.
    pub(super) fn begins_anew(&mut self) -> bool {
        std::mem::take(&mut self.begins_anew)
    }
}

/// Whatever happens in there, the partition hears of it.
fn written<A: Aggregate>(kept: &Kept, changes: &Changes<A>) -> Result<(), StoreError> {
    caught("the local store", || kept.write(changes))?
}

fn kept_of<A: Aggregate>(node: &Node, partition: PartitionId) -> Option<Arc<Kept>> {
    let said: Result<_, StoreError> = node.store()?.partition::<A>(partition);
    match said {
        Ok(Some(kept)) => Some(Arc::new(kept)),
        Ok(None) => {
            tracing::warn!(
                kafka.topic = A::TOPICS.events,
                kafka.partition = partition.0,
                "an earlier owner still writes its local store: this one keeps all in memory"
            );
            None
        }
        Err(error) => {
            tracing::warn!(kafka.topic = A::TOPICS.events, kafka.partition = partition.0, %error,
                "no local store: the owner keeps all in memory");
            None
        }
    }
}

impl<A: Aggregate, R: Reactions<A>> Partition<A, R> {
    /// Whether the record is one that the restored fold holds already: then only the reactor may have to see it.
    pub(super) fn reread(&mut self, record: &Record) -> bool {
        let Some(rereading) = &mut self.keeping.rereading else { return false };
        let reread = match rereading.covers(record) {
            true => rereading.record::<A>(record),
            false => Err(Distrust::from(rereading.missing()).into()),
        };
        if rereading.is_over(record.offset) {
            self.keeping.rereading = None;
        }
        match reread {
            Ok(Reread::Known) => {}
            Ok(Reread::Passed(position)) => self.pass(record.offset, position),
            Ok(Reread::Admitted(cause, caused, position)) => self.react(&cause, &caused, position),
            Err(RereadFault::Distrust(why)) => self.owner.fold_anew(why),
            Err(RereadFault::Fold(error)) => self.owner.fault(Alarm::from(error)),
        }
        true
    }

    /// The store is not relied on: wiped, and the log is read from its beginning.
    pub(super) fn fold_anew(&mut self, why: &Distrust) {
        self.keeping.wipe(&format!("{}/{}", self.topic, self.partition), why);
        if let Some(kept) = &self.keeping.kept {
            self.owner.keep(kept.clone(), self.keeping.cache);
        }
        self.subscription = self.node.tail().subscribe(self.topic.clone(), vec![(self.partition, Offset(0))]);
        self.keeping.begins_anew = true;
    }

    /// Whether the log cannot be read where the store would read on, so that it is read from its beginning instead.
    pub(super) fn store_is_elsewhere(&mut self, error: &ReadError) -> bool {
        let (ReadError::OffsetOutOfRange { .. }, Some(rereading)) = (error, &self.keeping.rereading) else {
            return false;
        };
        self.owner.fold_anew(rereading.missing().into());
        self.perform();
        self.keeping.begins_anew()
    }

    /// At each tick: stores what changed, if nothing is being stored, and forgets what need not be held.
    pub(super) fn keep(&mut self) {
        self.owner.trim();
        self.keeping.ticks += 1;
        if self.keeping.ticks >= TICKS && self.keeping.storing.is_none() {
            self.keeping.ticks = 0;
            self.store();
        }
    }

    fn store(&mut self) {
        let Some(kept) = self.keeping.kept.clone() else { return };
        let Some(changes) = self.owner.changes() else { return };
        let (part, control) = (self.keeping.part, self.to_control.clone());
        let place = format!("{}/{}", self.topic, self.partition);
        self.keeping.storing = Some(tokio::task::spawn_blocking(move || {
            let stored = written(&kept, &changes);
            if let Err(error) = &stored {
                tracing::warn!(place, %error, "the local store could not be written");
            }
            let _ = control.send(Control::Stored(part, stored.is_ok()));
            stored.is_ok()
        }));
    }

    /// What was given to the store stands there, or does not.
    pub(super) fn stored(&mut self, part: u64, stands: bool) {
        if part == self.keeping.part {
            self.keeping.storing = None;
            self.owner.stored(stands);
        }
    }

    /// Before the partition is let go: the next owner reads on from here.
    pub(super) async fn store_last(&mut self) {
        for _ in 0..2 {
            if let Some(storing) = self.keeping.storing.take() {
                let stands = storing.await.unwrap_or(false);
                self.owner.stored(stands);
            }
            self.store();
        }
        if let Some(storing) = self.keeping.storing.take() {
            let _ = storing.await;
        }
    }
}

#[cfg(test)]
mod tests;
