//! Commands by HTTP: decided at once, answered when the log allows it (rules 3, 5 and 7).

use super::line::Asked;
use super::{Effect, Owner, Phase, Reply, Request, Ticket};
use crate::caught::caught;
use crate::rules::{Rule, kept};
use crate::{Aggregate, Coordinates, Key, Ordinal, Panicked, Timestamp, Version};
use std::collections::{HashMap, VecDeque};

/// A verdict that rests on no record of its own: given when a record whose append began later is read back.
#[derive(Clone, Debug)]
enum Resting<A: Aggregate> {
    Repeat,
    Unchanged,
    Rejected(A::Rejection),
    VersionMismatch(Version),
    KeyReused,
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Requests<A: Aggregate, T> {
    waiting: VecDeque<Request<A, T>>,
    barrier: VecDeque<(Ordinal, Request<A, T>, Resting<A>)>,
    watchers: HashMap<Key, Vec<T>>,
}

impl<A: Aggregate, T> Default for Requests<A, T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), barrier: VecDeque::new(), watchers: HashMap::new() }
    }
}

impl<A: Aggregate, T> Requests<A, T> {
    pub(super) fn wait(&mut self, request: Request<A, T>) {
        self.waiting.push_back(request);
    }

    /// Decided on a tentative state that is void: decide again.
    pub(super) fn requeue_barrier(&mut self) {
        for (_, request, _) in self.barrier.drain(..).rev() {
            self.waiting.push_front(request);
        }
    }

    /// Those that were decided and rest on no record.
    pub(super) fn take_barrier(&mut self) -> impl Iterator<Item = Request<A, T>> {
        std::mem::take(&mut self.barrier).into_iter().map(|(_, request, _)| request)
    }

    pub(super) fn requeue(&mut self, requests: Vec<Request<A, T>>) {
        for request in requests.into_iter().rev() {
            self.waiting.push_front(request);
        }
    }

    /// The ordinal that the newest answer at the barrier waits for.
    pub(super) fn waits_for(&self) -> Option<Ordinal> {
        self.barrier.back().map(|(needs, _, _)| *needs)
    }

    /// Watchers whose clients have gone are let go.
    pub(super) fn forget_gone(&mut self)
    where
        T: Ticket,
    {
        self.watchers.retain(|_, tickets| {
            tickets.retain(|ticket| !ticket.gone());
            !tickets.is_empty()
        });
    }

    #[cfg(test)]
    pub(super) fn watchers(&self) -> usize {
        self.watchers.len()
    }

    fn len(&self) -> usize {
        self.waiting.len() + self.barrier.len()
    }
}

impl<A: Aggregate, T: Ticket> Owner<A, T> {
    /// Takes a request.
    pub fn request(&mut self, request: Request<A, T>, now: Timestamp) {
        let refused = match self.phase {
            Phase::Draining { .. } | Phase::Released | Phase::Faulted => Some(Reply::Elsewhere),
            // Rule 7: bounded, then 503.
            _ if self.requests.len() + self.line.requests() >= self.config.max_requests => Some(Reply::Overloaded),
            _ => None,
        };
        if let Some(reply) = refused {
            self.effects.push(Effect::Answer { ticket: request.ticket, reply });
            return;
        }
        self.requests.wait(request);
        self.decide_waiting(now);
        self.flush(now);
    }

    /// Answers as soon as no saga of the aggregate is under way.
    pub fn watch(&mut self, key: Key, ticket: T) {
        self.warm(&key);
        if matches!(self.phase, Phase::Draining { .. } | Phase::Released | Phase::Faulted) {
            return self.effects.push(Effect::Answer { ticket, reply: Reply::Unavailable });
        }
        let settled = self.fold.slot(&key).is_some_and(|slot| A::settled(&slot.state)) && !self.line.touches(&key);
        let watchers = self.requests.watchers.entry(key.clone()).or_default();
        watchers.retain(|ticket| !ticket.gone());
        watchers.push(ticket);
        if settled {
            self.wake_watchers(&key);
        }
    }

    pub(super) fn wake_watchers(&mut self, key: &Key) {
        // What is known before the claim is read back may be the past.
        if self.own_claim().is_none() {
            return;
        }
        if self.requests.watchers.is_empty() || !self.requests.watchers.contains_key(key) {
            return;
        }
        if !self.warm(key) {
            return;
        }
        let Some(slot) = self.fold.slot(key).filter(|slot| A::settled(&slot.state)) else { return };
        let version = slot.version;
        for ticket in self.requests.watchers.remove(key).unwrap_or_default() {
            let Some(slot) = self.fold.slot(key) else { continue };
            let reply = match caught("the answer", || A::answer(key, None, &slot.state)) {
                Ok(answer) => Reply::Done { answer, at: None, version, covers: self.covers(key) },
                Err(why) => Reply::Failed(why.into()),
            };
            self.effects.push(Effect::Answer { ticket, reply });
        }
    }

    /// The owner serves: what was settled while it did not can be told.
    pub(super) fn wake_all(&mut self) {
        let untouched = |key: &&Key| !self.line.touches(key);
        let keys: Vec<Key> = self.requests.watchers.keys().filter(untouched).cloned().collect();
        keys.iter().for_each(|key| self.wake_watchers(key));
    }

    pub(super) fn decide_waiting(&mut self, now: Timestamp) {
        // Commands by topic keep a share of the line, however many requests wait.
        let most = self.config.max_in_flight - (self.config.max_in_flight / 8).max(1);
        while self.serving().is_some() && self.line.len() < most {
            let Some(request) = self.requests.waiting.pop_front() else { return };
            if !request.ticket.gone() {
                self.decide_request(request, now);
            }
        }
    }

    fn decide_request(&mut self, mut request: Request<A, T>, now: Timestamp) {
        let seen = self.fold.warm(&request.key).and_then(|()| self.fold.seen(request.id));
        let seen = match seen {
            Ok(seen) => seen,
            Err(fault) => {
                self.requests.wait(request);
                return self.fold_anew(fault.into());
            }
        };
        if let Some(hash) = seen.map(|seen| seen.hash).or(self.line.hash_of(request.id)) {
            let resting = if hash == request.hash { Resting::Repeat } else { Resting::KeyReused };
            return self.rest(request, resting);
        }
        let Some(command) = request.command.take() else { return self.rest(request, Resting::Unknown) };
        let version = self.line.state(&self.fold, &request.key).map_or(Version(0), |(_, version)| version);
        let decided = self.decide(&request.key, &command, now);
        request.command = Some(command);
        // A precondition counts for what would be done without it (RFC 9110, 13.2.1): who is told that there is no such
        // aggregate must not learn its version instead.
        let other = request.expected.is_some_and(|expected| expected != version);
        match decided {
            Ok(Ok(_)) if other => self.rest(request, Resting::VersionMismatch(version)),
            Ok(Ok(Some(next))) => {
                let key = request.key.clone();
                if let Err((Asked::Request(request), why)) = self.append_event(&key, next, Asked::Request(request), now)
                {
                    self.effects.push(Effect::Answer { ticket: request.ticket, reply: Reply::Failed(why) });
                }
            }
            Ok(Ok(None)) => self.rest(request, Resting::Unchanged),
            Ok(Err(rejection)) => self.rest(request, Resting::Rejected(rejection)),
            Err(why) => self.effects.push(Effect::Answer { ticket: request.ticket, reply: Reply::Failed(why.into()) }),
        }
    }

    /// Decides on the tentative state and gives the event with the state after it. A panic is caught and named.
    #[expect(clippy::type_complexity, reason = "three nested outcomes of one call: panic, rejection, nothing")]
    pub(super) fn decide(
        &self,
        key: &str,
        command: &A::Command,
        now: Timestamp,
    ) -> Result<Result<Option<(A::Event, A::State)>, A::Rejection>, Panicked> {
        let empty;
        let state = match self.line.state(&self.fold, key) {
            Some((state, _)) => state,
            None => {
                empty = A::State::default();
                &empty
            }
        };
        let decide = || match A::decide(state, command, now)? {
            Some(event) => {
                let next = A::evolve(state.clone(), &event);
                Ok(Some((event, next)))
            }
            None => Ok(None),
        };
        caught("the decision", decide)
    }

    fn rest(&mut self, request: Request<A, T>, resting: Resting<A>) {
        self.requests.barrier.push_back((self.line.next_ordinal(), request, resting));
        if !kept(Rule::Barrier) {
            self.answer_barrier(self.line.next_ordinal());
        }
    }

    /// A record of our own was read back: every answer that was decided before its append began may be given.
    pub(super) fn answer_barrier(&mut self, read_back: Ordinal) {
        while self.requests.barrier.front().is_some_and(|(needs, _, _)| *needs <= read_back) {
            let Some((_, request, resting)) = self.requests.barrier.pop_front() else { return };
            if !self.warm(&request.key) {
                return self.requests.wait(request);
            }
            let reply = match resting {
                Resting::Repeat => match self.repeat(&request) {
                    Some(reply) => reply,
                    None => Reply::Unavailable,
                },
                Resting::Unchanged => {
                    self.answer_done(request, None);
                    continue;
                }
                Resting::Rejected(rejection) => Reply::Rejected(rejection),
                Resting::VersionMismatch(current) => Reply::VersionMismatch { current },
                Resting::KeyReused => Reply::KeyReused,
                Resting::Unknown => Reply::Unknown,
            };
            self.effects.push(Effect::Answer { ticket: request.ticket, reply });
        }
    }

    fn repeat(&self, request: &Request<A, T>) -> Option<Reply<A>> {
        let seen = self.fold.seen(request.id).ok()??;
        let slot = self.fold.slot(&request.key)?;
        let at = self.coordinates(seen.at);
        let covers = self.covers(&request.key);
        Some(Reply::Repeat { at, version: seen.version, state: Box::new(slot.state.clone()), covers })
    }

    fn coordinates(&self, offset: crate::Offset) -> Coordinates {
        Coordinates { topic: self.config.topic.clone(), partition: self.config.partition, offset }
    }

    /// What a reader must have passed to see the aggregate as it is now: the newest admitted record of this partition
    /// and the greatest records elsewhere whose commands the aggregate has ended.
    pub(super) fn covers(&self, key: &Key) -> super::effects::Covers {
        let position = &self.fold.position;
        let own = position.log.zip(position.last).map(|(log, last)| (log, self.coordinates(last.offset)));
        let slot = self.fold.slot(key);
        let sources = slot.into_iter().flat_map(|slot| &slot.sources);
        let elsewhere = sources.map(|((log, topic, partition), offset)| {
            (*log, Coordinates { topic: topic.clone(), partition: *partition, offset: *offset })
        });
        own.into_iter().chain(elsewhere).collect()
    }

    /// Nothing will be decided here any more.
    pub(super) fn refuse_waiting(&mut self) {
        let watchers = std::mem::take(&mut self.requests.watchers);
        let waiting = self.requests.waiting.drain(..).map(|request| request.ticket);
        let tickets = waiting.chain(watchers.into_values().flatten());
        self.effects.extend(tickets.map(|ticket| Effect::Answer { ticket, reply: Reply::Unavailable }));
    }
}
