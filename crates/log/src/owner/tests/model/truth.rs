//! What the log says happened: a fold of every prefix of it, and the promises that can be checked in the log alone.

use super::promises::Promise;
use crate::fold::{Fold, Folded};
use crate::jar::Jar;
use crate::record::Entry;
use crate::{CommandHash, CommandId, Key, Offset, StoredPosition, Verdict, Void};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use tillroll_kafka::Record;

/// A command is the same if id and body are: of one id with two bodies, each ends.
pub type Named = (CommandId, CommandHash);

/// A fold of a growing log. A copy shares what was folded before.
#[derive(Clone)]
pub struct Truth {
    /// After no record, after one, after two, …
    folds: Vec<Arc<Fold<Jar>>>,
    /// A reader that has begun again where the log ends, from a stored position. Where it agrees with the one from the
    /// beginning in everything it will for ever, so there is one at a time.
    reader: StoredPosition,
    /// The commands of the commands topic, one per offset.
    topic: Arc<[Named]>,
    ended: HashMap<Named, u32>,
    versions: BTreeMap<Key, u64>,
    inbox: Offset,
    /// Up to there the commands of the commands topic have ended in order.
    last_ended: Option<usize>,
    /// Why records were void.
    pub voids: HashSet<Void>,
    /// What the log itself breaks.
    pub broken: BTreeSet<Promise>,
}

impl Truth {
    pub fn new(topic: Arc<[Named]>) -> Self {
        Self {
            folds: vec![Arc::default()],
            reader: StoredPosition::default(),
            topic,
            ended: HashMap::new(),
            versions: BTreeMap::new(),
            inbox: Offset(0),
            last_ended: None,
            voids: HashSet::new(),
            broken: BTreeSet::new(),
        }
    }

    /// The fold of the first `length` records.
    pub fn after(&self, length: usize) -> &Fold<Jar> {
        &self.folds[length]
    }

    pub fn now(&self) -> &Fold<Jar> {
        self.after(self.folds.len() - 1)
    }

    /// Whether every command of the commands topic has ended.
    pub fn has_ended_all(&self) -> bool {
        self.topic.iter().all(|id| self.ended.contains_key(id))
    }

    /// Takes the newest record of `log`.
    pub fn append(&mut self, log: &[Arc<Record>]) {
        let Some(record) = log.last() else { return };
        let mut fold = self.now().clone();
        let verdict = match fold.fold(record) {
            Ok(Folded::Event(entry, _) | Folded::Other(entry)) => self.admitted(&entry),
            Ok(Folded::Claimed(_)) => Verdict::Claimed,
            Ok(Folded::Void(void)) => {
                self.voids.insert(void);
                Verdict::Void(void)
            }
            // Admitted, and not to be folded: its version is not the next one.
            Err(_) => {
                self.broken.insert(Promise::Versions);
                Verdict::Admitted
            }
        };
        self.read(record, verdict, &fold.position);
        self.begin_again(log, &fold.position);
        self.folds.push(Arc::new(fold));
    }

    fn admitted(&mut self, entry: &Entry) -> Verdict {
        let envelope = entry.envelope();
        if let Entry::Event(_) = entry {
            let version = self.versions.entry(envelope.key.clone()).or_default();
            *version += 1;
            if envelope.version.0 != *version {
                self.broken.insert(Promise::Versions);
            }
        }
        for ended in &envelope.ends {
            let Some(hash) = ended.hash else { continue };
            let named = (ended.id, hash);
            let times = self.ended.entry(named).or_default();
            *times += 1;
            if *times > 1 {
                self.broken.insert(Promise::OneEvent);
            }
            if let Some(offset) = self.topic.iter().position(|command| *command == named) {
                if self.last_ended.is_some_and(|last| offset <= last) {
                    self.broken.insert(Promise::TopicCommands);
                }
                self.last_ended = Some(offset);
            }
        }
        let Some(inbox) = envelope.inbox else { return Verdict::Admitted };
        let before = &self.topic[..self.topic.len().min(inbox.next.0 as usize)];
        if inbox.next < self.inbox || !before.iter().all(|id| self.ended.contains_key(id)) {
            self.broken.insert(Promise::TopicCommands);
        }
        self.inbox = inbox.next;
        Verdict::Admitted
    }

    /// The reader that began again just before the record makes the same of it.
    fn read(&mut self, record: &Record, verdict: Verdict, from_the_beginning: &StoredPosition) {
        if self.reader.pass(record) != verdict || self.reader != *from_the_beginning {
            self.broken.insert(Promise::ReadersAgree);
        }
    }

    /// A reader stores its position here, and begins again from what it stored.
    fn begin_again(&mut self, log: &[Arc<Record>], position: &StoredPosition) {
        let stored = serde_json::to_string(position).unwrap();
        let reader: StoredPosition = serde_json::from_str(&stored).unwrap();
        let met = log.get(reader.begin().0 as usize).is_some_and(|record| reader.meet(record).is_ok());
        if !met {
            self.broken.insert(Promise::ReadersAgree);
        }
        self.reader = reader;
    }

    /// What an owner that has read that far holds for true is true.
    pub fn agrees_with(&self, fold: &Fold<Jar>, keys: &[&str]) -> bool {
        let truth = self.after(fold.position.next.0 as usize);
        let slot = |fold: &Fold<Jar>, key: &str| {
            fold.slot(key).map(|slot| (slot.state.clone(), slot.version, slot.last_event, slot.sources.clone()))
        };
        fold.position == truth.position
            && fold.inbox == truth.inbox
            && fold.claim == truth.claim
            && fold.commands == truth.commands
            && fold.windows == truth.windows
            && keys.iter().all(|key| slot(fold, key) == slot(truth, key))
    }

    /// Whether a verdict judged like this for some prefix of the log between the two lengths.
    pub fn once(&self, from: usize, to: usize, holds: impl Fn(&Fold<Jar>) -> bool) -> bool {
        self.folds[from..=to].iter().any(|fold| holds(fold))
    }
}
