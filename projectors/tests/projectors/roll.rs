//! A log in memory: what the runner sees of the real one, cut into runs at random.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Coordinates, EventId, LogId, Offset, PartitionId, StoredPosition, Timestamp, Version};
use tillroll_projectors::{Feed, Segment, Source, SourceError};
use tokio::sync::watch;
use uuid::Uuid;

pub const PARTITIONS: i32 = 3;
const LOG: LogId = LogId(Uuid::from_u128(1));

/// A record; none for a mark or a void record.
type Entry = Option<(Envelope, Bytes)>;
type Topics = BTreeMap<&'static str, Vec<Vec<Entry>>>;

/// The log. Clones are the same.
#[derive(Clone)]
pub struct Roll {
    topics: Arc<Mutex<Topics>>,
    appended: watch::Sender<()>,
    /// Readings break off once they have given so many runs more.
    patience: Arc<AtomicU64>,
    /// How runs are cut: up to so many records, from this seed.
    cut: (usize, u64),
    opened: Arc<Mutex<BTreeMap<&'static str, u32>>>,
}

impl Roll {
    pub fn new(longest_run: usize, seed: u64) -> Self {
        Self {
            topics: Arc::default(),
            appended: watch::Sender::new(()),
            patience: Arc::new(AtomicU64::new(u64::MAX)),
            cut: (longest_run, seed),
            opened: Arc::default(),
        }
    }

    /// The same records, cut otherwise.
    pub fn cut(&self, longest_run: usize, seed: u64) -> Self {
        Self { cut: (longest_run, seed), ..self.clone() }
    }

    /// Lets every reading break off after so many runs in all.
    pub fn break_after(&self, runs: u64) {
        self.patience.store(runs, Ordering::SeqCst);
    }

    pub fn append(&self, topic: &'static str, key: &str, version: u64, event: &impl Body) {
        self.append_raw(topic, key, version, event.type_name(), event.encode().unwrap());
    }

    pub fn append_raw(&self, topic: &'static str, key: &str, version: u64, type_name: &str, value: Vec<u8>) {
        let place = partition_of(key);
        let mut topics = self.topics.lock().unwrap();
        let partition = &mut partitions(&mut topics, topic)[place];
        let offset = Offset(i64::try_from(partition.len()).unwrap());
        let at = Coordinates { topic: topic.into(), partition: PartitionId(place.try_into().unwrap()), offset };
        let recorded_at = Timestamp::from_timestamp_millis(1_600_000_000_000 + offset.0).unwrap();
        let envelope = Envelope {
            id: EventId(Uuid::new_v5(&Uuid::NAMESPACE_OID, at.to_string().as_bytes())),
            type_name: type_name.into(),
            key: key.into(),
            version: Version(version),
            occurred_at: recorded_at,
            recorded_at,
            actor: Some("staff".into()),
            correlation: None,
            causation: None,
            ends: Vec::new(),
            inbox: None,
            at,
        };
        partition.push(Some((envelope, value.into())));
        drop(topics);
        self.appended.send_replace(());
    }

    /// A record that is no event.
    pub fn append_mark(&self, topic: &'static str, key: &str) {
        partitions(&mut self.topics.lock().unwrap(), topic)[partition_of(key)].push(None);
        self.appended.send_replace(());
    }

    /// How often a reading of the topic was begun.
    pub fn opened(&self, topic: &'static str) -> u32 {
        self.opened.lock().unwrap().get(topic).copied().unwrap_or(0)
    }

    pub fn end(&self, topic: &'static str, partition: i32) -> i64 {
        let partition = usize::try_from(partition).unwrap();
        partitions(&mut self.topics.lock().unwrap(), topic)[partition].len().try_into().unwrap()
    }
}

pub fn partition_of(key: &str) -> usize {
    key.bytes().map(usize::from).sum::<usize>() % usize::try_from(PARTITIONS).unwrap()
}

fn partitions<'a>(topics: &'a mut Topics, topic: &'static str) -> &'a mut Vec<Vec<Entry>> {
    topics.entry(topic).or_insert_with(|| vec![Vec::new(); PARTITIONS.try_into().unwrap()])
}

/// A reading of one topic.
pub struct Reading {
    roll: Roll,
    topic: &'static str,
    positions: BTreeMap<PartitionId, StoredPosition>,
    appended: watch::Receiver<()>,
    state: u64,
}

impl Source for Roll {
    type Feed = Reading;

    async fn partitions(&self, _: &'static str) -> Result<i32, SourceError> {
        Ok(PARTITIONS)
    }

    async fn open(
        &self,
        topic: &'static str,
        from: Vec<(PartitionId, Option<StoredPosition>)>,
    ) -> Result<Reading, SourceError> {
        let positions = from.into_iter().map(|(partition, position)| (partition, position.unwrap_or_default()));
        *self.opened.lock().unwrap().entry(topic).or_default() += 1;
        let (roll, appended) = (self.clone(), self.appended.subscribe());
        Ok(Reading { roll, topic, positions: positions.collect(), appended, state: self.cut.1 | 1 })
    }
}

impl Feed for Reading {
    async fn next(&mut self) -> Result<Segment, SourceError> {
        let broken = |left: u64| left.checked_sub(u64::from(left != u64::MAX));
        if self.roll.patience.fetch_update(Ordering::SeqCst, Ordering::SeqCst, broken).is_err() {
            return Err(SourceError::new("the reading broke off"));
        }
        loop {
            self.appended.mark_unchanged();
            if let Some(segment) = self.run() {
                // What is there at once goes into one batch: let it not always be.
                if self.random(3) == 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                return Ok(segment);
            }
            self.appended.changed().await.map_err(SourceError::new)?;
        }
    }
}

impl Reading {
    fn random(&mut self, below: usize) -> usize {
        // xorshift64: enough to cut at random, and the same for the same seed.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % below
    }

    fn run(&mut self) -> Option<Segment> {
        let first = self.random(self.positions.len());
        let longest = 1 + self.random(self.roll.cut.0);
        let mut topics = self.roll.topics.lock().unwrap();
        let partitions = partitions(&mut topics, self.topic);
        let order = self.positions.iter_mut().cycle_from(first);
        for (partition, position) in order {
            let records = &partitions[usize::try_from(partition.0).unwrap()];
            let begin = usize::try_from(position.next.0).unwrap();
            let end = records.len().min(begin + longest);
            if begin < end {
                let events: Vec<_> = records[begin..end].iter().flatten().cloned().collect();
                let recorded_at = events.last().map(|(envelope, _)| envelope.recorded_at);
                *position =
                    StoredPosition { next: Offset(end.try_into().unwrap()), log: Some(LOG), ..position.clone() };
                return Some(Segment { partition: *partition, events, position: position.clone(), recorded_at });
            }
        }
        None
    }
}

trait CycleFrom<T> {
    fn cycle_from(self, first: usize) -> impl Iterator<Item = T>;
}

impl<T, I: Iterator<Item = T>> CycleFrom<T> for I {
    fn cycle_from(self, first: usize) -> impl Iterator<Item = T> {
        let mut all: Vec<T> = self.collect();
        all.rotate_left(first);
        all.into_iter()
    }
}
