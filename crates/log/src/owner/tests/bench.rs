//! A work bench: an owner, a partition in memory, and the answers that were given.

use super::shelf::Shelf;
use crate::jar::{Jar, JarCommand, Put, Take};
use crate::owner::{Alarm, Appended, Effect, Owner, OwnerConfig, Phase, Reply, Request, Ticket, TopicCommand};
use crate::record::{Entry, Origin, header, read_entry};
use crate::{
    Cause, ClaimId, CommandHash, CommandId, LogId, Offset, PartitionId, Source, SourcePartition, StoredPosition,
    Timestamp, TopicId, Verdict, Version,
};
use bytes::Bytes;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use tillroll_kafka::{Headers, NewRecord, Record};
use uuid::Uuid;

/// A ticket is a number; its client may have gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub u32, pub bool);

impl Ticket for Number {
    type Ack = ();
    fn gone(&self) -> bool {
        self.1
    }
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    Done { sweets: u32, version: u64 },
    Repeat { version: u64 },
    TooFew { there: u32 },
    VersionMismatch { current: u64 },
    KeyReused,
    Unknown,
    Overloaded,
    Elsewhere,
    Unavailable,
    Failed,
}

/// The partition, shared by several owners in some tests.
pub type Log = Rc<RefCell<Vec<Record>>>;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(1_700_000_000_000 + seconds * 1_000).unwrap_or_default()
}

pub fn record_of(new: NewRecord, offset: usize, recorded_at: Timestamp) -> Record {
    Record {
        topic: new.topic,
        partition: new.partition,
        offset: Offset(offset as i64),
        recorded_at_ms: recorded_at.timestamp_millis(),
        key: new.key,
        headers: Headers::from_iter(new.headers),
        value: new.value,
    }
}

pub struct Bench {
    pub owner: Owner<Jar, Number>,
    pub log: Log,
    /// What the broker has not stored yet.
    pub under_way: Vec<(NewRecord, Appended)>,
    pub answers: BTreeMap<u32, Told>,
    pub wants_claim: Option<u32>,
    pub probes: u32,
    pub letters: Vec<(Offset, String)>,
    pub alarms: Vec<Alarm>,
    pub now: Timestamp,
    /// Why the owner began anew, each time.
    pub distrusted: Vec<String>,
    shelf: Option<(Arc<Shelf>, usize)>,
    read: usize,
    claims: u128,
}

impl Bench {
    pub fn on(log: &Log, name: u128) -> Self {
        let config = OwnerConfig {
            topic: "jar.events.v1".into(),
            partition: PartitionId(0),
            partitions: 1,
            commands_topic: TopicId(Uuid::from_u128(77)),
            instance: format!("owner-{name}"),
            url: String::new(),
            build: "test".into(),
            max_requests: 8,
            max_in_flight: 64,
            max_record_bytes: 64 * 1024,
        };
        Self {
            owner: Owner::new(config),
            log: log.clone(),
            under_way: Vec::new(),
            answers: BTreeMap::new(),
            wants_claim: None,
            probes: 0,
            letters: Vec::new(),
            alarms: Vec::new(),
            now: at(0),
            distrusted: Vec::new(),
            shelf: None,
            read: 0,
            claims: name << 64,
        }
    }

    /// An owner that keeps what it folds on the shelf, with so many aggregates in memory, and begins with what is
    /// there.
    pub fn over(log: &Log, name: u128, shelf: &Arc<Shelf>, cache: usize) -> Self {
        let mut bench = Self::on(log, name);
        let fold = shelf.fold(cache);
        bench.read = fold.position.next.0 as usize;
        bench.owner = Owner::resuming(bench.owner.config.clone(), fold);
        bench.shelf = Some((shelf.clone(), cache));
        bench
    }

    /// What changed is put on the shelf, and what need not be held is forgotten.
    pub fn keep(&mut self) {
        if let (Some((shelf, _)), Some(changes)) = (&self.shelf, self.owner.changes()) {
            shelf.put(changes);
            self.owner.stored(true);
        }
        self.owner.trim();
    }

    fn fold_anew(&mut self, why: String) {
        self.distrusted.push(why);
        self.read = 0;
        if let Some((shelf, cache)) = &self.shelf {
            shelf.wipe();
            self.owner.keep(shelf.clone(), *cache);
        }
    }

    pub fn fresh() -> Self {
        Self::on(&Log::default(), 1)
    }

    /// A fresh owner that serves.
    pub fn serving() -> Self {
        let mut bench = Self::fresh();
        bench.take_over();
        bench
    }

    pub fn take_over(&mut self) {
        self.read_all();
        self.owner.caught_up();
        self.perform();
        self.claim();
        self.settle();
        assert!(matches!(self.owner.phase(), Phase::Serving { .. }), "{:?}", self.owner.phase());
    }

    pub fn claim(&mut self) {
        self.claims += 1;
        self.wants_claim = None;
        // Spread like the random ones that they stand for: records are named after claims.
        let claim = ClaimId(Uuid::new_v5(&Uuid::nil(), &self.claims.to_be_bytes()));
        self.owner.claim(claim, LogId(Uuid::from_u128(99)), self.now);
        self.perform();
    }

    pub fn perform(&mut self) {
        for effect in self.owner.take_effects() {
            match effect {
                Effect::Append { record, appended, .. } => self.under_way.push((record, appended)),
                Effect::Answer { ticket, reply } => {
                    let told = told(reply);
                    let before = self.answers.insert(ticket.0, told.clone());
                    assert_eq!(before, None, "ticket {} answered again with {told:?}", ticket.0);
                }
                Effect::WantClaim { attempt } => self.wants_claim = Some(attempt),
                Effect::ProbeCommandsEnd => self.probes += 1,
                Effect::DeadLetter { command, reason } => self.letters.push((command.offset, reason)),
                Effect::Alarm(alarm) => self.alarms.push(alarm),
                Effect::FoldAnew { why } => self.fold_anew(why.to_string()),
                Effect::Admitted { cause: Cause { at, .. }, position, .. } => {
                    assert_eq!((position.next, position.log.is_some()), (at.offset.next(), true), "what is after {at}");
                }
                Effect::Passed { offset, position } => assert_eq!(position.next, offset.next()),
                Effect::Serving { .. } => {}
            }
        }
    }

    /// The broker stores everything under way.
    pub fn store(&mut self) {
        for (new, _) in std::mem::take(&mut self.under_way) {
            self.store_one(new);
        }
    }

    pub fn store_one(&mut self, new: NewRecord) {
        let offset = self.log.borrow().len();
        self.log.borrow_mut().push(record_of(new, offset, self.now));
    }

    /// The owner reads one record.
    pub fn read_one(&mut self) -> bool {
        let Some(record) = self.log.borrow().get(self.read).cloned() else { return false };
        self.read += 1;
        self.owner.record(&record, self.now);
        self.perform();
        true
    }

    pub fn read_all(&mut self) {
        while self.read_one() {}
    }

    /// Stores and reads until nothing moves.
    pub fn settle(&mut self) {
        loop {
            self.store();
            self.read_all();
            if self.under_way.is_empty() {
                return;
            }
        }
    }

    pub fn request(&mut self, ticket: u32, key: &str, command: impl Into<JarCommand>) {
        self.request_as(ticket, key, Some(command.into()), u128::from(ticket), b"body", None);
    }

    pub fn request_as(
        &mut self,
        ticket: u32,
        key: &str,
        command: Option<JarCommand>,
        id: u128,
        body: &[u8],
        expected: Option<u64>,
    ) {
        let request = Request {
            ticket: Number(ticket, false),
            key: key.into(),
            command,
            id: CommandId(Uuid::from_u128(id)),
            hash: CommandHash::keyed(b"key", body),
            expected: expected.map(Version),
            origin: Origin::default(),
        };
        self.owner.request(request, self.now);
        self.perform();
    }

    pub fn commands(&mut self, records: impl IntoIterator<Item = Record>) {
        let commands: Vec<_> = records.into_iter().map(|record| TopicCommand::read(Arc::new(record), b"key")).collect();
        self.owner.topic_commands(commands, self.now);
        self.perform();
    }

    /// The admitted records, as every reader sees them.
    pub fn admitted(&self) -> Vec<Entry> {
        let mut position = StoredPosition::default();
        let log = self.log.borrow();
        let admitted = log.iter().filter(|record| position.pass(record) == Verdict::Admitted);
        admitted.map(|record| read_entry(record).unwrap_or_else(|error| panic!("{error}"))).collect()
    }

    pub fn types(&self) -> Vec<String> {
        self.admitted().iter().map(|entry| entry.envelope().type_name.to_string()).collect()
    }

    pub fn sweets(&self, key: &str) -> u32 {
        let mut fold = self.owner.fold().clone();
        fold.warm(key).unwrap_or_else(|error| panic!("{error}"));
        fold.slot(key).map_or(0, |slot| slot.state.sweets)
    }
}

pub fn told(reply: Reply<Jar>) -> Told {
    match reply {
        Reply::Done { answer, version, .. } => Told::Done { sweets: answer, version: version.0 },
        Reply::Repeat { version, .. } => Told::Repeat { version: version.0 },
        Reply::Rejected(too_few) => Told::TooFew { there: too_few.there },
        Reply::VersionMismatch { current } => Told::VersionMismatch { current: current.0 },
        Reply::KeyReused => Told::KeyReused,
        Reply::Unknown => Told::Unknown,
        Reply::Overloaded => Told::Overloaded,
        Reply::Elsewhere => Told::Elsewhere,
        Reply::Unavailable => Told::Unavailable,
        Reply::Failed(_) => Told::Failed,
    }
}

pub fn put(sweets: u32) -> Put {
    Put { sweets, look_by: None }
}

pub fn take(sweets: u32) -> Take {
    Take { sweets }
}

/// A record of the commands topic: caused by the record at `cause`, carrying `floor`.
pub fn command(offset: i64, key: &str, cause: i64, floor: Option<i64>, body: impl Into<JarCommand>) -> Record {
    use crate::Body;
    let body = body.into();
    let id = CommandId::caused_by(crate::EventId(Uuid::from_u128(cause as u128)), "step");
    let partition = SourcePartition {
        reactor: "shop".into(),
        log: LogId(Uuid::from_u128(1)),
        topic: "shop.events.v1".into(),
        partition: PartitionId(0),
    };
    let source = Source { partition, offset: Offset(cause), step: "step".into() };
    let floor = floor.map_or("-".to_owned(), |floor| floor.to_string());
    let headers = [
        (header::ID, id.to_string()),
        (header::TYPE, body.type_name().to_owned()),
        (header::SOURCE, source.to_string()),
        (header::FLOOR, floor),
    ];
    raw_command(offset, key, headers, body.encode().unwrap_or_default())
}

pub fn raw_command(
    offset: i64,
    key: &str,
    headers: impl IntoIterator<Item = (&'static str, String)>,
    value: Vec<u8>,
) -> Record {
    Record {
        topic: "jar.commands.v1".into(),
        partition: PartitionId(0),
        offset: Offset(offset),
        recorded_at_ms: at(0).timestamp_millis(),
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        headers: Headers::from_iter(headers),
        value: Some(Bytes::from(value)),
    }
}
