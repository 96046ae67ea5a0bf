//! Records under way and the tentative state that rests on them, kept apart from the confirmed state (rules 3 and 4).

use super::{Appended, Caused, CommandFault, Effect, Owner, Reply, Request, Ticket, TopicCommand, ce_id};
use crate::caught::caught;
use crate::fold::Fold;
use crate::record::{Ended, Inbox, Place, Settled, event_id};
use crate::{
    Aggregate, Body, Cause, ClaimId, CommandHash, CommandId, Coordinates, EventId, Key, Ordinal, Timestamp, Version,
};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tillroll_kafka::{NewRecord, Record};
use uuid::Uuid;

/// The digits of the greatest offset: the inbox of a record that is measured may have grown when it is appended.
const LONGEST_OFFSET: usize = 19;

/// A record that was appended and not yet read back.
#[derive(Clone, Debug)]
pub(super) struct Pending<A: Aggregate, T> {
    ordinal: Ordinal,
    id: EventId,
    kind: Kind<A>,
    ends: Vec<Ended>,
    inbox: Option<Inbox>,
    correlation: Option<Uuid>,
    request: Option<Request<A, T>>,
    commands: Vec<TopicCommand<A>>,
    /// A deadline asked for it.
    timer: bool,
}

#[derive(Clone, Debug)]
enum Kind<A: Aggregate> {
    Event { key: Key, event: Arc<A::Event>, version: Version },
    Settled { key: Key, settled: Settled },
    Mark,
}

/// The state of an aggregate after its records under way.
#[derive(Clone, Debug)]
struct Tentative<S> {
    state: S,
    version: Version,
    last_event: EventId,
    in_flight: u32,
}

/// What asked for a record: it is decided again if the record turns out void.
pub(super) enum Asked<A: Aggregate, T> {
    Request(Request<A, T>),
    Commands(Vec<TopicCommand<A>>),
    Timer(CommandId),
}

#[derive(Clone)]
pub(super) struct Line<A: Aggregate, T> {
    claim: ClaimId,
    next: Ordinal,
    pending: VecDeque<Pending<A, T>>,
    tentative: HashMap<Key, Tentative<A::State>>,
    ids: HashMap<CommandId, CommandHash>,
    marks: usize,
    requests: usize,
}

impl<A: Aggregate, T> Default for Line<A, T> {
    fn default() -> Self {
        Self {
            claim: ClaimId(Uuid::nil()),
            next: Ordinal(0),
            pending: VecDeque::new(),
            tentative: HashMap::new(),
            ids: HashMap::new(),
            marks: 0,
            requests: 0,
        }
    }
}

impl<A: Aggregate, T> Line<A, T> {
    pub(super) fn begin(&mut self, claim: ClaimId) {
        (self.claim, self.next) = (claim, Ordinal(0));
    }

    pub(super) fn next_ordinal(&self) -> Ordinal {
        self.next
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn requests(&self) -> usize {
        self.requests
    }

    pub(super) fn has_mark(&self) -> bool {
        self.marks > 0
    }

    /// The hash of a request under way with this id.
    pub(super) fn hash_of(&self, id: CommandId) -> Option<CommandHash> {
        self.ids.get(&id).copied()
    }

    /// Whether the record is the one that must be read back next.
    pub(super) fn front_is(&self, record: &Record) -> bool {
        self.pending.front().is_some_and(|front| ce_id(record) == Some(front.id))
    }

    /// The state that the next decision rests on.
    pub(super) fn state<'a>(&'a self, fold: &'a Fold<A>, key: &str) -> Option<(&'a A::State, Version)> {
        match self.tentative.get(key) {
            Some(tentative) => Some((&tentative.state, tentative.version)),
            None => fold.slot(key).map(|slot| (&slot.state, slot.version)),
        }
    }

    /// The event that this state rests on.
    pub(super) fn last_event(&self, fold: &Fold<A>, key: &str) -> Option<EventId> {
        let tentative = self.tentative.get(key).map(|tentative| tentative.last_event);
        tentative.or_else(|| fold.slot(key).map(|slot| slot.last_event))
    }

    /// Whether an event of the aggregate is under way.
    pub(super) fn touches(&self, key: &str) -> bool {
        self.tentative.contains_key(key)
    }

    /// Nothing under way exists: what asked for it is given back, in order.
    pub(super) fn void_all(&mut self) -> (Vec<Request<A, T>>, Vec<TopicCommand<A>>) {
        let (mut requests, mut commands) = (Vec::new(), Vec::new());
        for pending in self.pending.drain(..) {
            requests.extend(pending.request);
            commands.extend(pending.commands);
        }
        self.tentative.clear();
        self.ids.clear();
        (self.marks, self.requests) = (0, 0);
        (requests, commands)
    }

    /// Everything that the future depends on, in a fixed order: models tell states apart by it.
    #[cfg(test)]
    pub(super) fn shown(&self) -> impl std::fmt::Debug
    where
        A: std::fmt::Debug,
        T: std::fmt::Debug,
    {
        let tentative: std::collections::BTreeMap<_, _> = self.tentative.iter().collect();
        let ids: std::collections::BTreeMap<_, _> = self.ids.iter().collect();
        (self.claim, self.next, &self.pending, tentative, ids, self.marks, self.requests)
    }

    fn push(&mut self, id: EventId, kind: Kind<A>, ends: Vec<Ended>, inbox: Option<Inbox>, asked: Option<Asked<A, T>>) {
        let correlation = asked.as_ref().and_then(|asked| origin_of(asked).correlation);
        let timer = matches!(asked, Some(Asked::Timer(_)));
        let (request, commands) = match asked {
            Some(Asked::Request(request)) => (Some(request), Vec::new()),
            Some(Asked::Commands(commands)) => (None, commands),
            Some(Asked::Timer(_)) | None => (None, Vec::new()),
        };
        if let Some(request) = &request {
            self.ids.insert(request.id, request.hash);
            self.requests += 1;
        }
        self.marks += usize::from(matches!(kind, Kind::Mark));
        let ordinal = self.next;
        self.pending.push_back(Pending { ordinal, id, kind, ends, inbox, correlation, request, commands, timer });
        self.next = self.next.next();
    }

    fn take_front(&mut self) -> Option<Pending<A, T>> {
        let front = self.pending.pop_front()?;
        if let Some(request) = &front.request {
            self.ids.remove(&request.id);
            self.requests -= 1;
        }
        self.marks -= usize::from(matches!(front.kind, Kind::Mark));
        Some(front)
    }
}

impl<A: Aggregate, T: Ticket> Owner<A, T> {
    /// Appends an event that was decided on the tentative state, whose next state is `state` (rule 3). Gives what
    /// asked for it back if the event cannot be a record: that costs no ordinal (rule 6).
    #[expect(clippy::result_large_err, reason = "what asked is given back whole, on a path that is hardly ever taken")]
    pub(super) fn append_event(
        &mut self,
        key: &Key,
        (event, state): (A::Event, A::State),
        mut asked: Asked<A, T>,
        now: Timestamp,
    ) -> Result<(), (Asked<A, T>, CommandFault)> {
        let version = self.line.state(&self.fold, key).map_or(Version(0), |(_, version)| version).next();
        let id = event_id(self.line.claim, self.line.next, now);
        let ends = ends_of(&asked);
        let inbox = self.inbox();
        let value = match event.encode() {
            Ok(value) => value,
            Err(error) => return Err((asked, CommandFault::Encoding(Arc::new(error)))),
        };
        let occurred_at = A::occurred_at(&event).unwrap_or(now);
        let place = self.place(id, occurred_at, inbox, &ends);
        let record = self.writer.event(&place, &origin_of(&asked), (key, version), event.type_name(), value);
        let size = size_of(&record);
        if size > self.config.max_record_bytes {
            return Err((asked, CommandFault::TooLarge { bytes: size, allowed: self.config.max_record_bytes }));
        }
        let ack = match &mut asked {
            Asked::Request(request) => request.ticket.appending(),
            Asked::Commands(_) | Asked::Timer(_) => None,
        };
        let appended = Appended::Entry(self.line.claim, self.line.next);
        self.effects.push(Effect::Append { record, appended, ack });
        let in_flight = self.line.tentative.get(key).map_or(0, |tentative| tentative.in_flight) + 1;
        self.line.tentative.insert(key.clone(), Tentative { state, version, last_event: id, in_flight });
        let kind = Kind::Event { key: key.clone(), event: Arc::new(event), version };
        self.line.push(id, kind, ends, inbox, Some(asked));
        self.commands.recorded();
        Ok(())
    }

    /// Whether one record can hold how these commands ended, and themselves.
    pub(super) fn settled_fits(&self, key: &Key, settled: &Settled, commands: &[TopicCommand<A>]) -> bool {
        let ends: Vec<_> = commands.iter().filter_map(TopicCommand::ended).collect();
        let origin = commands.first().map(TopicCommand::origin).unwrap_or_default();
        let place = self.place(EventId(Uuid::nil()), Timestamp::default(), self.inbox(), &ends);
        let record = self.writer.settled(&place, &origin, key, settled);
        record.is_ok_and(|record| size_of(&record) + LONGEST_OFFSET <= self.config.max_record_bytes)
    }

    /// Appends the settled end of topic commands.
    pub(super) fn append_settled(
        &mut self,
        key: Key,
        mut settled: Settled,
        commands: Vec<TopicCommand<A>>,
        now: Timestamp,
    ) {
        let id = event_id(self.line.claim, self.line.next, now);
        let asked = Asked::Commands(commands);
        let (ends, inbox) = (ends_of(&asked), self.inbox());
        let place = self.place(id, now, inbox, &ends);
        let origin = origin_of(&asked);
        let mut record = self.writer.settled(&place, &origin, &key, &settled);
        if record.as_ref().is_ok_and(|record| size_of(record) > self.config.max_record_bytes) {
            // One command that does not fit beside what became of it: reactions see only that it ended.
            settled.commands.clear();
            record = self.writer.settled(&place, &origin, &key, &settled);
        }
        match record {
            Ok(record) => {
                let appended = Appended::Entry(self.line.claim, self.line.next);
                self.effects.push(Effect::Append { record, appended, ack: None });
                self.line.push(id, Kind::Settled { key, settled }, ends, inbox, Some(asked));
                self.commands.recorded();
            }
            Err(error) => self.fault(super::Alarm::Encoding(error.to_string())),
        }
    }

    /// Appends a mark: answers and the inbox may rest on it (rule 5).
    pub(super) fn append_mark(&mut self, now: Timestamp) {
        let id = event_id(self.line.claim, self.line.next, now);
        let inbox = self.inbox();
        let record = self.writer.mark(&self.place(id, now, inbox, &[]));
        let appended = Appended::Entry(self.line.claim, self.line.next);
        self.effects.push(Effect::Append { record, appended, ack: None });
        self.line.push(id, Kind::Mark, Vec::new(), inbox, None);
        self.commands.recorded();
    }

    fn place<'a>(&self, id: EventId, occurred_at: Timestamp, inbox: Option<Inbox>, ends: &'a [Ended]) -> Place<'a> {
        Place { id, occurred_at, claim: self.line.claim, ordinal: self.line.next, inbox, ends }
    }

    /// The front of the line was read back, admitted: it is confirmed, and its command answered (rule 4).
    pub(super) fn confirm(&mut self, record: &Record, now: Timestamp) {
        let Some(front) = self.line.take_front() else { return };
        self.doubts = 0;
        let at = Coordinates::of(record);
        let offset = record.offset;
        // Now: what the record makes possible may show that the fold has to begin anew.
        let position = self.fold.position.clone();
        let (ordinal, correlation) = (front.ordinal, front.correlation);
        match front.kind {
            Kind::Event { key, event, version } => {
                let state = self.confirmed_state(&key, &event);
                self.fold.enter(&key, state, version, front.id, &front.ends);
                self.fold.end(offset, version, &front.ends, front.inbox);
                if let Some(request) = front.request {
                    self.answer_done(request, Some((&event, at.clone(), version)));
                }
                self.wake_watchers(&key);
                let cause = Cause { id: front.id, at, key, correlation };
                self.effects.push(Effect::Admitted { cause, caused: Caused::Event { event }, position });
            }
            Kind::Settled { key, settled } => {
                self.fold.end(offset, Version(0), &front.ends, front.inbox);
                let cause = Cause { id: front.id, at, key, correlation };
                self.effects.push(Effect::Admitted { cause, caused: Caused::Settled { settled }, position });
            }
            Kind::Mark => {
                self.fold.end(offset, Version(0), &[], front.inbox);
                self.effects.push(Effect::Passed { offset, position });
            }
        }
        self.answer_barrier(ordinal);
        self.decide_waiting(now);
        self.decide_commands(now);
        if front.timer {
            // The same aggregate may have thousands: the next one does not wait for the next tick.
            self.probe_if_due(now);
        }
    }

    /// If nothing else of the aggregate is under way its tentative state is the confirmed one.
    fn confirmed_state(&mut self, key: &Key, event: &A::Event) -> A::State {
        if let Some(tentative) = self.line.tentative.get_mut(key) {
            tentative.in_flight -= 1;
            if tentative.in_flight == 0
                && let Some(tentative) = self.line.tentative.remove(key)
            {
                return tentative.state;
            }
        }
        A::evolve(self.fold.take_state(key), event)
    }

    /// Answers a request whose event is admitted, or which changed nothing.
    pub(super) fn answer_done(
        &mut self,
        request: Request<A, T>,
        event: Option<(&Arc<A::Event>, Coordinates, Version)>,
    ) {
        let slot = self.fold.slot(&request.key);
        let empty = A::State::default();
        let state = slot.map_or(&empty, |slot| &slot.state);
        let answering = || A::answer(&request.key, event.as_ref().map(|(event, _, _)| event.as_ref()), state);
        let answer = match caught("the answer", answering) {
            Ok(answer) => answer,
            // The command is carried out all the same; it cannot be said what came of it.
            Err(why) => {
                let reply = Reply::Failed(why.into());
                return self.effects.push(Effect::Answer { ticket: request.ticket, reply });
            }
        };
        let version = match &event {
            Some((_, _, version)) => *version,
            None => self.fold.version(&request.key),
        };
        let at = event.map(|(_, at, _)| at);
        let covers = self.covers(&request.key);
        self.effects
            .push(Effect::Answer { ticket: request.ticket, reply: Reply::Done { answer, at, version, covers } });
    }
}

fn ends_of<A: Aggregate, T>(asked: &Asked<A, T>) -> Vec<Ended> {
    match asked {
        Asked::Request(request) => {
            vec![Ended { id: request.id, hash: Some(request.hash), source: None, floor: None }]
        }
        Asked::Commands(commands) => commands.iter().filter_map(TopicCommand::ended).collect(),
        Asked::Timer(id) => vec![Ended { id: *id, hash: None, source: None, floor: None }],
    }
}

fn origin_of<A: Aggregate, T>(asked: &Asked<A, T>) -> crate::record::Origin {
    match asked {
        Asked::Request(request) => request.origin.clone(),
        Asked::Commands(commands) => commands.first().map(TopicCommand::origin).unwrap_or_default(),
        Asked::Timer(_) => crate::record::Origin { actor: Some("timer".into()), ..Default::default() },
    }
}

fn size_of(record: &NewRecord) -> usize {
    let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
    headers + record.key.as_ref().map_or(0, bytes::Bytes::len) + record.value.as_ref().map_or(0, bytes::Bytes::len)
}
