//! The confirmed state of one partition: a fold of its admitted records and of nothing else. States, which commands
//! have ended and how, deadlines, inbox and floors all come from here, so every owner comes to the same.

mod kept;

pub use kept::{Changes, Cold, ColdFault, Distrust, Head};

use crate::record::{Claim, Ended, Entry, EnvelopeError, Inbox, claim_of, read_entry};
use crate::source::{Source, Windows};
use crate::{
    Aggregate, Body, CommandHash, CommandId, Coordinates, DecodeError, EventId, Key, LogId, Offset, PartitionId,
    StoredPosition, Timestamp, Topic, Verdict, Version,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tillroll_kafka::Record;

/// An aggregate as it is now.
#[derive(Debug)]
pub struct Slot<A: Aggregate> {
    /// Its state.
    pub state: A::State,
    /// How many events it has.
    pub version: Version,
    /// Its last event.
    pub last_event: EventId,
    /// The greatest offsets of the records whose commands it has ended: a client that sees this state may want to
    /// see those too.
    pub sources: BTreeMap<(LogId, Topic, PartitionId), Offset>,
    deadline: Option<Timestamp>,
    /// In which round it was used last.
    used: u64,
}

impl<A: Aggregate> Slot<A> {
    /// An aggregate as it was stored.
    pub fn new(
        state: A::State,
        version: Version,
        last_event: EventId,
        sources: BTreeMap<(LogId, Topic, PartitionId), Offset>,
    ) -> Self {
        let deadline = A::deadline(&state);
        Self { state, version, last_event, sources, deadline, used: 0 }
    }
}

impl<A: Aggregate> Clone for Slot<A> {
    fn clone(&self) -> Self {
        let Self { state, version, last_event, sources, deadline, used } = self;
        let (state, sources) = (state.clone(), sources.clone());
        Self { state, version: *version, last_event: *last_event, sources, deadline: *deadline, used: *used }
    }
}

/// How a command that came with a hash has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The hash of its body.
    pub hash: CommandHash,
    /// Where its event stands.
    pub at: Offset,
    /// The aggregate's version after it.
    pub version: Version,
}

/// An admitted record cannot be folded: not a bad record but a bad deploy, so the partition stops.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// Its headers are not of this build's protocol.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Its body is not one that this build reads.
    #[error("{at}: {source}")]
    Body {
        /// Which record.
        at: Coordinates,
        /// What is wrong.
        #[source]
        source: DecodeError,
    },
    /// What it changes cannot be read from the local store.
    #[error("the local store: {0}")]
    Cold(#[from] ColdFault),
    /// An aggregate's versions are not 1, 2, 3, …
    #[error("{at}: version {found} of {key} follows version {known}")]
    Version {
        /// Which record.
        at: Coordinates,
        /// Which aggregate.
        key: Key,
        /// The version before it.
        known: Version,
        /// The version that it claims.
        found: Version,
    },
}

/// What a record was, once folded.
#[derive(Debug)]
pub enum Folded<A: Aggregate> {
    /// A claim took over.
    Claimed(Claim),
    /// It does not exist.
    Void(crate::Void),
    /// An event.
    Event(Entry, Arc<A::Event>),
    /// A settled record or a mark.
    Other(Entry),
}

/// The fold of one partition.
#[derive(Clone, Debug)]
pub struct Fold<A: Aggregate> {
    /// How far it is, with the arbiter.
    pub position: StoredPosition,
    /// The last claim admitted.
    pub claim: Option<Claim>,
    /// How far commands by topic have ended.
    pub inbox: Option<Inbox>,
    /// Which of them.
    pub windows: Windows,
    /// The commands that may be repeated by HTTP, less those that stand in the local store.
    pub(crate) commands: HashMap<CommandId, Seen>,
    slots: HashMap<Key, Slot<A>>,
    aggregates: u64,
    deadlines: BTreeSet<(Timestamp, Key)>,
    /// An admitted record was passed and is not folded.
    torn: bool,
    kept: Option<kept::Kept<A>>,
}

impl<A: Aggregate> Default for Fold<A> {
    fn default() -> Self {
        Self {
            position: StoredPosition::default(),
            claim: None,
            inbox: None,
            windows: Windows::default(),
            commands: HashMap::new(),
            slots: HashMap::new(),
            aggregates: 0,
            deadlines: BTreeSet::new(),
            torn: false,
            kept: None,
        }
    }
}

impl<A: Aggregate> Fold<A> {
    /// Moves over a record: what the arbiter says of it. An admitted one has then to be folded.
    pub fn pass(&mut self, record: &Record) -> Verdict {
        let verdict = self.position.pass(record);
        if verdict == Verdict::Claimed {
            self.claim = claim_of(record);
        }
        self.torn |= verdict == Verdict::Admitted;
        verdict
    }

    /// Moves over a record and folds it if it is admitted.
    pub fn fold(&mut self, record: &Record) -> Result<Folded<A>, FoldError> {
        match self.pass(record) {
            Verdict::Void(void) => Ok(Folded::Void(void)),
            Verdict::Claimed => match self.claim.clone() {
                Some(claim) => Ok(Folded::Claimed(claim)),
                None => Ok(Folded::Void(crate::Void::Unreadable)),
            },
            Verdict::Admitted => self.fold_admitted(record),
        }
    }

    /// Folds a record that was admitted.
    pub fn fold_admitted(&mut self, record: &Record) -> Result<Folded<A>, FoldError> {
        let entry = read_entry(record)?;
        if !matches!(entry, Entry::Event(_)) {
            let envelope = entry.envelope();
            self.end(envelope.at.offset, Version(0), &envelope.ends, envelope.inbox);
            return Ok(Folded::Other(entry));
        }
        let envelope = entry.envelope();
        let value = record.value.as_deref().unwrap_or_default();
        let event = A::Event::decode(&envelope.type_name, value)
            .map_err(|source| FoldError::Body { at: envelope.at.clone(), source })?;
        self.warm(&envelope.key)?;
        let known = self.version(&envelope.key);
        if envelope.version != known.next() {
            let (at, key) = (envelope.at.clone(), envelope.key.clone());
            return Err(FoldError::Version { at, key, known, found: envelope.version });
        }
        let state = A::evolve(self.take_state(&envelope.key), &event);
        self.enter(&envelope.key, state, envelope.version, envelope.id, &envelope.ends);
        self.end(envelope.at.offset, envelope.version, &envelope.ends, envelope.inbox);
        Ok(Folded::Event(entry, Arc::new(event)))
    }

    /// The aggregate as it is now, if anything ever happened to it. With a local store [`Self::warm`] comes first.
    pub fn slot(&self, key: &str) -> Option<&Slot<A>> {
        self.slots.get(key)
    }

    /// How many events it has.
    pub fn version(&self, key: &str) -> Version {
        self.slots.get(key).map_or(Version(0), |slot| slot.version)
    }

    /// Whether a topic command has ended.
    pub fn has_ended(&self, source: &Source, id: CommandId) -> bool {
        self.windows.has_ended(source, id)
    }

    /// How many aggregates there are.
    pub fn len(&self) -> u64 {
        self.aggregates
    }

    /// Whether nothing ever happened.
    pub fn is_empty(&self) -> bool {
        self.aggregates == 0
    }

    /// The deadlines that have passed, the earliest first.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &(Timestamp, Key)> {
        self.deadlines.iter().take_while(move |(deadline, _)| *deadline <= now)
    }

    /// Takes the state out to be evolved; [`Self::enter`] puts the next one in.
    pub(crate) fn take_state(&mut self, key: &str) -> A::State {
        self.slots.get_mut(key).map(|slot| std::mem::take(&mut slot.state)).unwrap_or_default()
    }

    /// Enters the state after an event.
    pub(crate) fn enter(&mut self, key: &Key, state: A::State, version: Version, event: EventId, ends: &[Ended]) {
        let deadline = A::deadline(&state);
        if !self.slots.contains_key(key) {
            self.aggregates += 1;
            let unborn = Slot::new(A::State::default(), Version(0), event, BTreeMap::new());
            self.slots.insert(key.clone(), Slot { deadline: None, ..unborn });
        }
        let Some(slot) = self.slots.get_mut(key) else { return };
        if slot.deadline != deadline {
            if let Some(old) = slot.deadline {
                self.deadlines.remove(&(old, key.clone()));
            }
            self.deadlines.extend(deadline.map(|deadline| (deadline, key.clone())));
        }
        if let Some(kept) = &mut self.kept {
            kept.changed(key, slot.deadline != deadline);
            slot.used = kept.round();
        }
        (slot.state, slot.version, slot.last_event, slot.deadline) = (state, version, event, deadline);
        for source in ends.iter().filter_map(|ended| ended.source.as_ref()) {
            let from = &source.partition;
            let greatest = slot.sources.entry((from.log, from.topic.clone(), from.partition)).or_default();
            *greatest = source.offset.max(*greatest);
        }
    }

    /// Remembers which commands a record has ended.
    pub(crate) fn end(&mut self, at: Offset, version: Version, ends: &[Ended], inbox: Option<Inbox>) {
        for ended in ends {
            match (&ended.source, ended.hash) {
                (Some(source), Some(hash)) => self.windows.record(source, ended.floor, ended.id, hash),
                (None, Some(hash)) => {
                    self.commands.entry(ended.id).or_insert(Seen { hash, at, version });
                }
                _ => {}
            }
        }
        if inbox.is_some() {
            self.inbox = inbox;
        }
        self.torn = false;
    }
}
