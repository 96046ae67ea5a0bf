//! Reading the topic until the last handle of the follower is gone. What Kafka cannot give is asked for again; what
//! stays as it is (a record that this build cannot read, another log) stops its partition only, with an alarm.

use super::{Progress, Seen, Trouble, Watcher};
use crate::caught::caught;
use crate::record::Entry;
use crate::runtime::{AdmittedBatch, AdmittedReader, ReadFault};
use crate::{Body, PartitionId, StoredPosition};
use std::sync::Arc;
use std::time::Duration;
use tillroll_kafka::ReadError;
use tokio::sync::watch;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Where to begin in each partition.
pub(in crate::runtime) type From = Vec<(PartitionId, Option<StoredPosition>)>;

/// What is followed: the log, or what a test says.
pub(in crate::runtime) trait Feed: Send + 'static {
    fn next(&mut self) -> impl Future<Output = Result<AdmittedBatch, ReadFault>> + Send;
}

impl Feed for AdmittedReader {
    fn next(&mut self) -> impl Future<Output = Result<AdmittedBatch, ReadFault>> + Send {
        self.next()
    }
}

/// The follower as its reader sees it.
pub(in crate::runtime) struct Following<W: Watcher> {
    partitions: i32,
    watcher: Arc<W>,
    progress: watch::Sender<Progress>,
    trouble: Trouble,
    /// Since something was last read.
    failures: u32,
}

/// Each time that it fails it begins again where it stood.
pub(in crate::runtime) async fn follow<W: Watcher, F: Feed>(
    mut following: Following<W>,
    open: impl Fn(From) -> F + Send + 'static,
) {
    loop {
        let from = following.from();
        if from.is_empty() {
            return;
        }
        let mut feed = open(from);
        let wait = loop {
            let next = tokio::select! {
                next = feed.next() => next,
                () = following.progress.closed() => return,
            };
            match next.map(|batch| following.take(batch)) {
                Ok(true) => {}
                Ok(false) => break Duration::ZERO,
                Err(fault) => break following.failed(&fault),
            }
        };
        drop(feed);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = following.progress.closed() => return,
        }
    }
}

impl<W: Watcher> Following<W> {
    pub(super) fn new(partitions: i32, watcher: Arc<W>, progress: watch::Sender<Progress>, trouble: Trouble) -> Self {
        Self { partitions, watcher, progress, trouble, failures: 0 }
    }

    fn from(&self) -> From {
        let known = self.progress.borrow();
        let going = (0..self.partitions).map(PartitionId).filter(|partition| !known.stopped.contains(partition));
        going.map(|partition| (partition, known.positions.get(&partition).cloned())).collect()
    }

    /// Whether the batch could be taken; if not, its partition stands where it stood before.
    fn take(&mut self, batch: AdmittedBatch) -> bool {
        let mut events = Vec::with_capacity(batch.records.len());
        for admitted in &batch.records {
            if let Entry::Event(envelope) = &admitted.entry {
                let value = admitted.record.value.as_deref().unwrap_or_default();
                let (key, version, recorded_at) = (envelope.key.clone(), envelope.version, envelope.recorded_at);
                match W::Event::decode(&envelope.type_name, value) {
                    Ok(event) => events.push(Seen { key, version, recorded_at, event }),
                    Err(error) => return self.stop(batch.partition, &format!("{}: {error}", envelope.at)),
                }
            }
        }
        if !events.is_empty()
            && let Err(panicked) = caught("the fold", || self.watcher.see(events))
        {
            return self.stop(batch.partition, &panicked.to_string());
        }
        self.failures = 0;
        self.trouble.with(|why| why.passing = None);
        self.progress.send_modify(|known| {
            known.positions.insert(batch.partition, batch.position);
        });
        true
    }

    /// How long to wait before it is read on.
    fn failed(&mut self, fault: &ReadFault) -> Duration {
        let stays = match fault {
            ReadFault::Position { partition, .. } => Some(*partition),
            ReadFault::Envelope(envelope) => Some(envelope.at.partition),
            // Events are kept for ever: the log is another one.
            ReadFault::Kafka(ReadError::OffsetOutOfRange { partition, .. }) => Some(*partition),
            ReadFault::Kafka(ReadError::UnknownPartition { .. } | ReadError::Fatal { .. }) => None,
        };
        if let Some(partition) = stays {
            self.stop(partition, &fault.to_string());
            return Duration::ZERO;
        }
        let wait = back_off(self.failures);
        self.failures += 1;
        tracing::warn!(kafka.topic = W::EVENTS, error = %fault, "follower waits");
        let text = format!("the reading of {} waits: {fault}", W::EVENTS);
        self.trouble.with(|why| why.passing = Some(text));
        wait
    }

    fn stop(&self, partition: PartitionId, why: &str) -> bool {
        let text = format!("the reading of {}/{partition} stopped: {why}", W::EVENTS);
        tracing::error!(kafka.topic = W::EVENTS, kafka.partition = partition.0, error = why, "follower stops");
        self.trouble.with(|known| known.stopped.get_or_insert(text).len());
        self.progress.send_modify(|known| {
            known.stopped.insert(partition);
        });
        false
    }
}

fn back_off(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(LONGEST_WAIT)
}
