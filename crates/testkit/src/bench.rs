//! A work bench: the shipped owner of an aggregate over an events partition and a commands partition in memory.
//! Nothing fails here: an owner that raises an alarm, writes a dead letter or turns a request away ends the test.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tillroll_kafka::{Headers, NewRecord, Record};
use tillroll_log::owner::{Effect, Owner, OwnerConfig, Phase, Reply, Request, Ticket, TopicCommand};
use tillroll_log::record::{Entry, Origin, header, read_entry};
use tillroll_log::{
    Aggregate, Body, ClaimId, CommandHash, CommandId, EventId, LogId, Offset, PartitionId, Rejection, Source,
    SourcePartition, StoredPosition, Timestamp, Topic, TopicId, Verdict, through_store,
};
use uuid::Uuid;

const PARTITION: PartitionId = PartitionId(0);
pub(crate) const HASH_KEY: &[u8] = b"the key of hashes";

/// How a command by HTTP was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It yielded an event.
    Applied,
    /// Its goal was reached already.
    Unchanged,
    /// It came before, and yielded an event then.
    Repeat,
    /// The business says no, with this code.
    Refused(&'static str),
}

/// The number of a request.
pub(crate) struct Number(pub(crate) usize);

impl Ticket for Number {
    type Ack = ();
}

/// An owner at work.
pub struct Bench<A: Aggregate> {
    owner: Owner<A, Number>,
    owners: u128,
    records: Vec<Record>,
    commands: Vec<Record>,
    under_way: Vec<NewRecord>,
    /// So many of the records were read by the present owner.
    read: usize,
    /// What another reader of the records has understood of them.
    reader: StoredPosition,
    events: Vec<String>,
    told: Vec<Option<Told>>,
    /// What those were told, by their numbers, whose command came now.
    answers: HashMap<usize, A::Answer>,
    /// The broker takes nothing.
    held: bool,
    now: Timestamp,
}

impl<A: Aggregate> Default for Bench<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> Bench<A> {
    /// An owner that serves an empty partition, at the beginning of 1970.
    pub fn new() -> Self {
        let mut bench = Self {
            owner: Owner::new(config::<A>()),
            owners: 0,
            records: Vec::new(),
            commands: Vec::new(),
            under_way: Vec::new(),
            read: 0,
            reader: StoredPosition::default(),
            events: Vec::new(),
            told: Vec::new(),
            answers: HashMap::new(),
            held: false,
            now: Timestamp::UNIX_EPOCH,
        };
        bench.new_owner();
        bench
    }

    /// Another owner takes over: all that it knows it folds from the log.
    pub fn new_owner(&mut self) {
        (self.owner, self.read) = (Owner::new(config::<A>()), 0);
        self.read_all();
        self.owner.caught_up();
        self.perform();
        self.settle();
        assert!(matches!(self.owner.phase(), Phase::Serving { .. }), "{:?}", self.owner.phase());
    }

    /// A command comes by HTTP so many times at once; the answers.
    pub fn by_http(&mut self, id: u128, key: &str, command: &A::Command, times: usize) -> Vec<Told> {
        let first = self.told.len();
        for _ in 0..times {
            self.ask(id, key, command);
        }
        self.settle();
        self.told[first..].iter().map(|told| told.clone().unwrap()).collect()
    }

    /// A command comes by HTTP; its number. Until all is settled it may have no answer.
    pub fn ask(&mut self, id: u128, key: &str, command: &A::Command) -> usize {
        let number = self.told.len();
        self.told.push(None);
        let request = Request {
            ticket: Number(number),
            key: key.into(),
            command: Some(command.clone()),
            id: CommandId(Uuid::from_u128(id)),
            hash: CommandHash::keyed(HASH_KEY, &command.encode().unwrap()),
            expected: None,
            origin: Origin::default(),
        };
        self.owner.request(request, self.now);
        self.perform();
        number
    }

    /// How the request with this number was answered, and with what if its command came now and was not refused.
    pub fn answer_to(&mut self, number: usize) -> (Option<Told>, Option<A::Answer>) {
        (self.told[number].clone(), self.answers.remove(&number))
    }

    /// What is done here comes to the owner before any of its records of that time is read back.
    pub fn at_once<T>(&mut self, done: impl FnOnce(&mut Self) -> T) -> T {
        self.held = true;
        let what = done(self);
        self.held = false;
        self.settle();
        what
    }

    /// A command comes by topic, caused by the `cause`th record of some shop; it stands there so many times.
    pub fn by_topic(&mut self, cause: u128, key: &str, command: &A::Command, times: usize) {
        let new = (0..times).map(|_| self.store_command(cause, key, command));
        let new: Vec<_> = new.collect();
        self.owner.topic_commands(new, self.now);
        self.perform();
        self.settle();
    }

    /// Time passes, and whatever has become due fires.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        loop {
            let before = self.records.len();
            self.owner.tick(self.now);
            self.perform();
            self.settle();
            if self.records.len() == before {
                return;
            }
        }
    }

    /// The events that were admitted, as every reader sees them: key, type and body.
    pub fn events(&self) -> &[String] {
        &self.events
    }

    /// The state of the aggregate, if anything ever happened to it.
    pub fn state(&self, key: &str) -> Option<&A::State> {
        self.owner.fold().slot(key).map(|slot| &slot.state)
    }

    fn store(&mut self, new: NewRecord) {
        let record = stored(new, offset(self.records.len()), self.now);
        if self.reader.pass(&record) == Verdict::Admitted
            && let Entry::Event(envelope) = read_entry(&record).unwrap()
        {
            let body = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default());
            self.events.push(format!("{} {} {body}", envelope.key, envelope.type_name));
        }
        self.records.push(record);
    }

    fn store_command(&mut self, cause: u128, key: &str, command: &A::Command) -> TopicCommand<A> {
        let partition = SourcePartition {
            reactor: "shop".into(),
            log: LogId(Uuid::from_u128(1)),
            topic: "shop.events.v1".into(),
            partition: PARTITION,
        };
        let source = Source { partition, offset: Offset(i64::try_from(cause).unwrap()), step: "step".into() };
        let headers = [
            (header::ID, CommandId::caused_by(EventId(Uuid::from_u128(cause)), "step").to_string()),
            (header::TYPE, command.type_name().to_owned()),
            (header::SOURCE, source.to_string()),
            // The reactor has committed nothing yet, so anything may still come again.
            (header::FLOOR, "-".to_owned()),
        ];
        let record = Record {
            topic: A::TOPICS.commands.into(),
            partition: PARTITION,
            offset: offset(self.commands.len()),
            recorded_at_ms: self.now.timestamp_millis(),
            key: Some(Bytes::copy_from_slice(key.as_bytes())),
            headers: Headers::from_iter(headers),
            value: Some(Bytes::from(command.encode().unwrap())),
        };
        self.commands.push(record.clone());
        TopicCommand::read(Arc::new(record), HASH_KEY)
    }

    /// The broker stores and the owner reads, until nothing moves.
    fn settle(&mut self) {
        while !self.held && (!self.under_way.is_empty() || self.read < self.records.len()) {
            for new in std::mem::take(&mut self.under_way) {
                self.store(new);
            }
            self.read_all();
        }
    }

    fn read_all(&mut self) {
        while let Some(record) = self.records.get(self.read).cloned() {
            self.read += 1;
            self.owner.record(&record, self.now);
            self.perform();
            let key = record.key.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            assert_state_can_be_kept(self.state(&key));
        }
    }

    fn perform(&mut self) {
        loop {
            let effects = self.owner.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.perform_one(effect);
            }
        }
    }

    fn perform_one(&mut self, effect: Effect<A, Number>) {
        match effect {
            Effect::Append { record, .. } => self.under_way.push(record),
            Effect::Answer { ticket: Number(number), reply } => {
                let before = self.told[number].replace(told(&reply));
                assert_eq!(before, None, "request {number} was answered twice");
                if let Reply::Done { answer, .. } = reply {
                    self.answers.insert(number, answer);
                }
            }
            Effect::WantClaim { .. } => {
                self.owners += 1;
                let fresh = ClaimId(Uuid::from_u128(self.owners));
                self.owner.claim(fresh, LogId(Uuid::from_u128(99)), self.now);
            }
            Effect::Serving { read_commands_from } => {
                let from = usize::try_from(read_commands_from.map_or(0, |Offset(from)| from)).unwrap();
                let rest = self.commands[from..].iter();
                let rest: Vec<_> = rest.map(|record| TopicCommand::read(Arc::new(record.clone()), HASH_KEY)).collect();
                self.owner.topic_commands(rest, self.now);
            }
            Effect::ProbeCommandsEnd => self.owner.commands_end(offset(self.commands.len()), self.now),
            Effect::DeadLetter { command, reason } => panic!("a dead letter: {command:?}: {reason}"),
            Effect::Alarm(alarm) => panic!("an alarm: {alarm}"),
            Effect::FoldAnew { why } => panic!("folded anew: {why}"),
            Effect::Admitted { .. } | Effect::Passed { .. } => {}
        }
    }
}

/// Stored locally and read again it is the same state, and stored once more the same bytes.
fn assert_state_can_be_kept<S: Serialize + DeserializeOwned + Debug>(state: Option<&S>) {
    let Some(state) = state else { return };
    let (bytes, read) = through_store(state).unwrap_or_else(|| panic!("cannot be stored and read again: {state:?}"));
    assert_eq!(format!("{read:?}"), format!("{state:?}"), "stored and read again");
    assert_eq!(through_store(&read).map(|(again, _)| again), Some(bytes), "stored twice");
}

pub(crate) fn config<A: Aggregate>() -> OwnerConfig {
    OwnerConfig {
        topic: Topic::from(A::TOPICS.events),
        partition: PARTITION,
        partitions: 1,
        commands_topic: TopicId(Uuid::from_u128(77)),
        instance: "bench".to_owned(),
        url: String::new(),
        build: "test".to_owned(),
        max_requests: 8,
        max_in_flight: 64,
        max_record_bytes: 4 * 1024 * 1024,
    }
}

pub(crate) fn offset(index: usize) -> Offset {
    Offset(i64::try_from(index).unwrap())
}

pub(crate) fn stored(new: NewRecord, offset: Offset, recorded_at: Timestamp) -> Record {
    Record {
        topic: new.topic,
        partition: new.partition,
        offset,
        recorded_at_ms: recorded_at.timestamp_millis(),
        key: new.key,
        headers: Headers::from_iter(new.headers),
        value: new.value,
    }
}

pub(crate) fn told<A: Aggregate>(reply: &Reply<A>) -> Told {
    match reply {
        Reply::Done { at: Some(_), .. } => Told::Applied,
        Reply::Done { at: None, .. } => Told::Unchanged,
        Reply::Repeat { .. } => Told::Repeat,
        Reply::Rejected(rejection) => Told::Refused(rejection.code()),
        Reply::Failed(why) => panic!("a request failed: {why}"),
        Reply::VersionMismatch { .. }
        | Reply::KeyReused
        | Reply::Unknown
        | Reply::Overloaded
        | Reply::Elsewhere
        | Reply::Unavailable => {
            panic!("a request was turned away")
        }
    }
}
