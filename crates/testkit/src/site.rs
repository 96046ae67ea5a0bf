//! One partition of an aggregate with its owner and its reactor, in memory and moved by hand: a record is decided,
//! stored, read back and reacted to in moves of their own, so that a test can lose the owner between any two of them.
//!
//! What decides, folds, recognises repeats and reacts is shipped code; played are only broker, producer and clock.

use crate::bench::{HASH_KEY, Number, Told, config, offset, stored, told};
use bytes::Bytes;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use tillroll_kafka::{Headers, NewRecord, Record};
use tillroll_log::owner::{Alarm, Caused, Effect, Owner, OwnerConfig, Phase, Request, TopicCommand};
use tillroll_log::record::{Entry, Origin, header, read_entry};
use tillroll_log::{
    Aggregate, Body, Cause, ClaimId, CommandHash, CommandId, LogId, Offset, Outgoing, PartitionId, Reactions, Source,
    SourcePartition, StoredPosition, Timestamp, Verdict,
};
use uuid::Uuid;

/// A command on its way from a reactor to a commands topic.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The command's id: the same for every copy.
    pub id: CommandId,
    /// The target's commands topic.
    pub topic: &'static str,
    /// Which aggregate.
    pub key: Arc<str>,
    /// `stock-item.reserve`
    pub type_name: &'static str,
    /// Its body; a test may spoil it.
    pub value: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl Letter {
    /// It carries another command under the same id, as an effect that told something else would have sent.
    pub fn becomes<B: Body>(&mut self, body: &B) {
        (self.type_name, self.value) = (body.type_name(), body.encode().unwrap());
        for (_, text) in self.headers.iter_mut().filter(|(name, _)| *name == header::TYPE) {
            body.type_name().clone_into(text);
        }
    }
}

/// The moves that a partition of any aggregate can make.
pub trait AnySite {
    /// The time that it decides at from now on.
    fn set_clock(&mut self, now: Timestamp);
    /// A command is stored in its commands partition.
    fn deliver(&mut self, letter: &Letter);
    /// The owner takes the next command by topic.
    fn take(&mut self) -> bool;
    /// The `ce_type` of the next record that the broker will store.
    fn under_way(&self) -> Option<String>;
    /// The broker stores one record that is under way.
    fn store(&mut self) -> bool;
    /// The owner reads one record, and the reactor says what it causes.
    fn read(&mut self) -> bool;
    /// The reactor sends one command.
    fn send(&mut self) -> Option<Letter>;
    /// The reactor commits how far all that it caused was sent.
    fn commit(&mut self);
    /// The owner and its reactor are killed. What was under way is not stored, what was not committed is reacted to
    /// again; another owner has folded the log and serves.
    fn lose_owner(&mut self);
    /// Deadlines are looked at.
    fn tick(&mut self);
    /// Every admitted record, as any reader sees it.
    fn admitted(&self) -> Vec<Entry>;
}

/// One partition at work.
pub struct Site<A: Aggregate, R> {
    owner: Owner<A, Number>,
    config: OwnerConfig,
    owners: u64,
    records: Vec<Record>,
    commands: Vec<Record>,
    under_way: VecDeque<NewRecord>,
    /// So many records were read by the present owner, and so many commands taken.
    read: usize,
    taken: usize,
    /// What the reactor has to send, each with the offset of its cause.
    caused: VecDeque<(Offset, Letter)>,
    /// What effects have to tell and do not yet.
    held: Vec<(Offset, Letter)>,
    /// The cause of what was sent last.
    sent: Offset,
    committed: Offset,
    told: Vec<Option<Told>>,
    now: Timestamp,
    reactions: PhantomData<fn() -> R>,
}

impl<A: Aggregate, R: Reactions<A>> Site<A, R> {
    /// An owner that serves an empty partition, which is this one of so many.
    pub fn new(partition: i32, partitions: i32, now: Timestamp) -> Self {
        let max_requests = 4_096;
        let config = OwnerConfig { partition: PartitionId(partition), partitions, max_requests, ..config::<A>() };
        let mut site = Self {
            owner: Owner::new(config.clone()),
            config,
            owners: 0,
            records: Vec::new(),
            commands: Vec::new(),
            under_way: VecDeque::new(),
            read: 0,
            taken: 0,
            caused: VecDeque::new(),
            held: Vec::new(),
            sent: Offset(0),
            committed: Offset(0),
            told: Vec::new(),
            now,
            reactions: PhantomData,
        };
        site.lose_owner();
        site
    }

    /// A command comes by HTTP; the number under which its answer will be.
    pub fn request(&mut self, id: Uuid, key: &str, command: &A::Command) -> usize {
        let number = self.told.len();
        self.told.push(None);
        let request = Request {
            ticket: Number(number),
            key: key.into(),
            command: Some(command.clone()),
            id: CommandId(id),
            hash: CommandHash::keyed(HASH_KEY, &command.encode().unwrap()),
            expected: None,
            origin: Origin::default(),
        };
        self.owner.request(request, self.now);
        self.perform();
        number
    }

    /// What the request was answered, if it was.
    pub fn told(&self, number: usize) -> Option<&Told> {
        self.told[number].as_ref()
    }

    /// The confirmed state of an aggregate, if anything ever happened to it.
    pub fn state(&self, key: &str) -> Option<&A::State> {
        self.owner.fold().slot(key).map(|slot| &slot.state)
    }

    /// Every admitted event, with its aggregate.
    pub fn events(&self) -> Vec<(Arc<str>, A::Event)> {
        let mut position = StoredPosition::default();
        let admitted = self.records.iter().filter(|record| position.pass(record) == Verdict::Admitted);
        let event = |record: &Record| match read_entry(record).unwrap() {
            Entry::Event(envelope) => {
                let event = A::Event::decode(&envelope.type_name, record.value.as_deref().unwrap_or_default());
                Some((envelope.key, event.unwrap()))
            }
            Entry::Settled(..) | Entry::Mark(_) => None,
        };
        admitted.filter_map(event).collect()
    }

    /// What was sent last is an effect's that takes its time: it is told later, and holds the reactor's position.
    pub fn hold_back(&mut self, letter: Letter) {
        self.held.push((self.sent, letter));
    }

    /// Of what is held back, of this aggregate or of any, what came first is told now.
    pub fn send_held(&mut self, of: Option<&str>) -> Option<Letter> {
        let nth = self.held.iter().position(|(_, letter)| of.is_none_or(|key| *letter.key == *key))?;
        Some(self.held.remove(nth).1)
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
            Effect::Append { record, .. } => self.under_way.push_back(record),
            Effect::Answer { ticket: Number(number), reply } => {
                let before = self.told[number].replace(told(&reply));
                assert_eq!(before, None, "request {number} was answered twice");
            }
            Effect::WantClaim { .. } => {
                self.owners += 1;
                // Spread like the random ones that they stand for: records are named after claims.
                let name = format!("{}/{}/{}", self.config.topic, self.config.partition.0, self.owners);
                let fresh = Uuid::new_v5(&Uuid::nil(), name.as_bytes());
                self.owner.claim(ClaimId(fresh), LogId(fresh), self.now);
            }
            Effect::Serving { read_commands_from } => {
                self.taken = usize::try_from(read_commands_from.map_or(0, |Offset(from)| from)).unwrap();
            }
            Effect::ProbeCommandsEnd => self.owner.commands_end(offset(self.commands.len()), self.now),
            Effect::DeadLetter { command, .. } => self.owner.dead_lettered(command.offset, self.now),
            Effect::Admitted { cause, caused, .. } => self.react(&cause, &caused),
            // A record that is read back long after it was stored looks like this: deadlines wait for a newer one.
            Effect::Alarm(Alarm::ClockSkew { .. }) => {}
            Effect::Alarm(alarm) => panic!("an alarm: {alarm}"),
            Effect::FoldAnew { why } => panic!("folded anew: {why}"),
            Effect::Passed { .. } => {}
        }
    }

    fn react(&mut self, cause: &Cause, caused: &Caused<A>) {
        if cause.at.offset < self.committed {
            return;
        }
        for outgoing in caused.outgoing::<R>(cause).unwrap() {
            let letter = self.letter(cause, outgoing);
            self.caused.push_back((cause.at.offset, letter));
        }
    }

    fn letter(&self, cause: &Cause, outgoing: Outgoing) -> Letter {
        let partition = SourcePartition {
            reactor: R::NAME.into(),
            log: self.owner.fold().position.log.unwrap(),
            topic: cause.at.topic.clone(),
            partition: cause.at.partition,
        };
        let id = CommandId::caused_by(cause.id, &outgoing.step);
        let source = Source { partition, offset: cause.at.offset, step: outgoing.step.into() };
        let headers = vec![
            (header::ID, id.to_string()),
            (header::TYPE, outgoing.type_name.to_owned()),
            (header::SOURCE, source.to_string()),
            (header::FLOOR, self.committed.to_string()),
        ];
        let Outgoing { to, key, type_name, value, .. } = outgoing;
        Letter { id, topic: to.commands, key, type_name, value, headers }
    }
}

impl<A: Aggregate, R: Reactions<A>> AnySite for Site<A, R> {
    fn set_clock(&mut self, now: Timestamp) {
        self.now = now;
    }

    fn deliver(&mut self, letter: &Letter) {
        assert_eq!(letter.topic, A::TOPICS.commands);
        self.commands.push(Record {
            topic: letter.topic.into(),
            partition: self.config.partition,
            offset: offset(self.commands.len()),
            recorded_at_ms: self.now.timestamp_millis(),
            key: Some(Bytes::copy_from_slice(letter.key.as_bytes())),
            headers: Headers::from_iter(letter.headers.clone()),
            value: Some(Bytes::copy_from_slice(&letter.value)),
        });
    }

    fn take(&mut self) -> bool {
        let Some(record) = self.commands.get(self.taken).cloned() else { return false };
        self.taken += 1;
        self.owner.topic_commands([TopicCommand::read(Arc::new(record), HASH_KEY)], self.now);
        self.perform();
        true
    }

    fn under_way(&self) -> Option<String> {
        let next = self.under_way.front()?;
        let (_, value) = next.headers.iter().find(|(name, _)| *name == header::TYPE)?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    fn store(&mut self) -> bool {
        let Some(new) = self.under_way.pop_front() else { return false };
        self.records.push(stored(new, offset(self.records.len()), self.now));
        true
    }

    fn read(&mut self) -> bool {
        let Some(record) = self.records.get(self.read).cloned() else { return false };
        self.read += 1;
        self.owner.record(&record, self.now);
        self.perform();
        true
    }

    fn send(&mut self) -> Option<Letter> {
        let (cause, letter) = self.caused.pop_front()?;
        self.sent = cause;
        Some(letter)
    }

    fn commit(&mut self) {
        let open = self.caused.front().into_iter().chain(&self.held).map(|(cause, _)| *cause);
        let done = open.min().unwrap_or(offset(self.read));
        self.committed = self.committed.max(done);
    }

    fn lose_owner(&mut self) {
        self.owner = Owner::new(self.config.clone());
        (self.read, self.taken) = (0, 0);
        self.under_way.clear();
        self.caused.clear();
        self.held.clear();
        while self.read() {}
        self.owner.caught_up();
        self.perform();
        while self.store() || self.read() {}
        assert!(matches!(self.owner.phase(), Phase::Serving { .. }), "{:?}", self.owner.phase());
    }

    fn tick(&mut self) {
        self.owner.tick(self.now);
        self.perform();
    }

    fn admitted(&self) -> Vec<Entry> {
        let mut position = StoredPosition::default();
        let admitted = self.records.iter().filter(|record| position.pass(record) == Verdict::Admitted);
        admitted.map(|record| read_entry(record).unwrap()).collect()
    }
}
