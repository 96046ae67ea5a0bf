//! One state of the model: the log, the owners, what is under way between them, and what clients were told. Steps
//! change it; what a step breaks it remembers.

use super::super::bench::{Number, Told, at, record_of, told};
use super::promises::Promise;
use super::seat::Seat;
use super::truth::Truth;
use super::{Ask, Bounds, Left, Step};
use crate::jar::Jar;
use crate::owner::{Appended, Effect, Phase, Reply, Request, TopicCommand};
use crate::record::{Origin, header, required};
use crate::{CommandHash, CommandId, Version};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tillroll_kafka::{NewRecord, Record};
use uuid::Uuid;

/// A record that was appended and may yet be stored.
#[derive(Clone)]
pub struct UnderWay {
    record: Arc<NewRecord>,
    appended: Appended,
    pub seat: usize,
    /// Its owner was told that it failed, or has crashed and cannot be told.
    pub given_up: bool,
    digest: u64,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    NotYet,
    /// At that owner, since the log was that long.
    Waiting {
        seat: usize,
        since: usize,
    },
    /// Its owner crashed and never answers.
    Lost,
    Answered(Told),
}

#[derive(Clone)]
pub struct World {
    pub log: Vec<Arc<Record>>,
    log_digest: u64,
    pub truth: Arc<Truth>,
    pub seats: Vec<Arc<Seat>>,
    pub under_way: Vec<UnderWay>,
    pub asked: Vec<Asked>,
    pub left: Left,
    pub broken: BTreeSet<Promise>,
    pub(super) bounds: Arc<Bounds>,
}

impl World {
    pub fn new(bounds: &Arc<Bounds>) -> Self {
        let named = |record: &Arc<Record>| {
            let hash = CommandHash::keyed(b"key", record.value.as_deref().unwrap_or_default());
            (required(record, header::ID).unwrap(), hash)
        };
        let topic = bounds.topic.iter().map(named).collect();
        let mut world = Self {
            log: Vec::new(),
            log_digest: 0,
            truth: Arc::new(Truth::new(topic)),
            seats: (0..bounds.owners).map(|name| Arc::new(Seat::new(name))).collect(),
            under_way: Vec::new(),
            asked: vec![Asked::NotYet; bounds.asks.len()],
            left: bounds.left,
            broken: BTreeSet::new(),
            bounds: bounds.clone(),
        };
        (0..bounds.owners).for_each(|which| world.seal(which));
        world
    }

    pub fn take(&mut self, step: Step) {
        match step {
            Step::Ask(which, ask) => self.ask(which, ask),
            Step::CatchUp(which) => self.catch_up(which),
            Step::Claim(which) => {
                self.left.claims -= 1;
                self.act(which, Seat::claim);
            }
            Step::Read(which) => self.read(which),
            Step::Store(index) => {
                let stored = self.under_way.remove(index);
                self.store(&stored);
            }
            Step::Double(index) => {
                self.left.doubles -= 1;
                self.store(&self.under_way[index].clone());
            }
            Step::Fail(index) => {
                self.left.failures -= 1;
                self.fail(index);
            }
            Step::Crash(which) => {
                self.left.crashes -= 1;
                self.crash(which);
            }
            Step::Revoke(which) => {
                self.left.revocations -= 1;
                self.act(which, |seat| seat.owner.drain(at(0)));
            }
            Step::GiveAway(which) => {
                self.left.gifts -= 1;
                self.act(which, Seat::give_away);
            }
            Step::LetGo(which) => self.act(which, |seat| seat.owner.release()),
            Step::Assign(which) => self.crash(which),
            Step::Command(which) => self.command(which),
            Step::Letter(which) => self.letter(which),
        }
    }

    pub fn ask(&mut self, which: usize, ask: usize) {
        self.asked[ask] = Asked::Waiting { seat: which, since: self.log.len() };
        let request = request(ask, self.asks(ask));
        self.act(which, |seat| seat.owner.request(request, at(0)));
    }

    fn asks(&self, ask: usize) -> &Ask {
        self.bounds.asks.get(ask).unwrap_or(&self.bounds.last_ask)
    }

    pub fn catch_up(&mut self, which: usize) {
        while self.has_record_for(which) {
            self.read(which);
        }
        self.act(which, |seat| seat.owner.caught_up());
    }

    /// Whether there is a record that it has not read; an owner that faulted reads nothing.
    pub fn has_record_for(&self, which: usize) -> bool {
        let seat = &self.seats[which];
        seat.read() < self.log.len() && seat.owner.phase() != Phase::Faulted
    }

    pub fn read(&mut self, which: usize) {
        let record = self.log[self.seats[which].read()].clone();
        self.act(which, |seat| seat.owner.record(&record, at(0)));
        if self.seats[which].owner.phase() == Phase::Faulted {
            self.broken.insert(Promise::GetsOn);
        }
    }

    pub fn store(&mut self, stored: &UnderWay) {
        let record = record_of((*stored.record).clone(), self.log.len(), at(0));
        self.log.push(Arc::new(record));
        self.log_digest = digest_of((self.log_digest, stored.digest));
        let truth = Arc::make_mut(&mut self.truth);
        truth.append(&self.log);
        self.broken.extend(&truth.broken);
    }

    /// The owner hears that its append failed, whatever becomes of the record.
    pub fn fail(&mut self, index: usize) {
        self.under_way[index].given_up = true;
        let UnderWay { seat, appended, .. } = self.under_way[index];
        self.act(seat, |seat| seat.owner.delivery_failed(appended));
    }

    pub fn crash(&mut self, which: usize) {
        Arc::make_mut(&mut self.seats[which]).crash();
        self.under_way.iter_mut().filter(|record| record.seat == which).for_each(|record| record.given_up = true);
        for asked in &mut self.asked {
            if matches!(asked, Asked::Waiting { seat, .. } if *seat == which) {
                *asked = Asked::Lost;
            }
        }
    }

    /// The owner takes the next command by topic.
    pub fn command(&mut self, which: usize) {
        let Some(next) = self.seats[which].commands_from else { return };
        let command = TopicCommand::read(self.bounds.topic[next].clone(), b"key");
        self.act(which, |seat| {
            seat.commands_from = Some(next + 1);
            seat.owner.topic_commands([command], at(0));
        });
    }

    /// The first dead letter is acknowledged.
    pub fn letter(&mut self, which: usize) {
        self.act(which, |seat| {
            let letter = seat.letters.remove(0);
            seat.owner.dead_lettered(letter, at(0));
        });
    }

    /// Gives an owner an input and carries its effects out.
    pub fn act(&mut self, which: usize, input: impl FnOnce(&mut Seat)) {
        let seat = Arc::make_mut(&mut self.seats[which]);
        input(seat);
        for effect in seat.owner.take_effects() {
            Arc::make_mut(&mut self.seats[which]).take(&effect);
            match effect {
                Effect::Append { record, appended, .. } => self.append(which, record, appended),
                Effect::Answer { ticket, reply } => self.answered(ticket, reply),
                _ => {}
            }
        }
    }

    fn append(&mut self, seat: usize, record: NewRecord, appended: Appended) {
        let key = (seat, &record.key, &record.headers, &record.value);
        let digest = digest_of(key);
        self.under_way.push(UnderWay { record: Arc::new(record), appended, seat, given_up: false, digest });
    }

    fn answered(&mut self, Number(ticket, _): Number, reply: Reply<Jar>) {
        let Asked::Waiting { since, .. } = self.asked[ticket as usize] else {
            self.broken.insert(Promise::Answers);
            return;
        };
        let told = told(reply);
        let broken = super::promises::broken_by(&told, self.asks(ticket as usize), &self.truth, since, self.log.len());
        self.broken.extend(broken);
        self.asked[ticket as usize] = Asked::Answered(told);
    }

    /// Whether nothing was carried out that is said not to have been. Of a command that is asked twice, one may have
    /// been.
    pub fn elsewhere_is_true(&self) -> bool {
        let sent_on = |(ask, asked): (usize, &Asked)| matches!(asked, Asked::Answered(Told::Elsewhere)).then_some(ask);
        self.asked.iter().enumerate().filter_map(sent_on).all(|ask| {
            let id = self.asks(ask).id;
            let again = self.bounds.asks.iter().filter(|other| other.id == id).count() > 1;
            again || !self.truth.now().commands.contains_key(&CommandId(Uuid::from_u128(id)))
        })
    }

    /// After a step: what every owner holds for true is compared with the log, and the state told apart from others.
    pub fn seal_all(&mut self, before: &Self) {
        for which in 0..self.seats.len() {
            if !Arc::ptr_eq(&self.seats[which], &before.seats[which]) {
                self.seal(which);
            }
        }
        self.under_way.sort_by_key(|record| (record.seat, record.digest));
    }

    fn seal(&mut self, which: usize) {
        let seat = Arc::make_mut(&mut self.seats[which]);
        let faulted = seat.owner.phase() == Phase::Faulted;
        let agrees = faulted || self.truth.agrees_with(seat.owner.fold(), &["jar"]);
        seat.seal(agrees);
        if !agrees {
            self.broken.insert(Promise::ReadersAgree);
        }
    }
}

fn request(ticket: usize, ask: &Ask) -> Request<Jar, Number> {
    Request {
        ticket: Number(ticket as u32, false),
        key: "jar".into(),
        command: ask.command.clone(),
        id: CommandId(Uuid::from_u128(ask.id)),
        hash: CommandHash::keyed(b"key", b"body"),
        expected: ask.expected.map(Version),
        origin: Origin::default(),
    }
}

fn digest_of(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.log_digest.hash(state);
        self.seats.iter().for_each(|seat| seat.digest.hash(state));
        self.under_way.iter().for_each(|record| (record.seat, record.digest, record.given_up).hash(state));
        (&self.asked, &self.left, &self.broken).hash(state);
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        digest_of(self) == digest_of(other)
    }
}

/// For a counterexample: what stands in the log, where the owners are, and what clients were told.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stamps: Vec<_> = self.log.iter().map(|record| crate::record::stamp_of(record)).collect();
        let seats: Vec<_> = self.seats.iter().map(|seat| (seat.owner.phase(), seat.read())).collect();
        write!(f, "{stamps:?} {seats:?} {:?} {:?}", self.asked, self.broken)
    }
}
