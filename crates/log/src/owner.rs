//! The owner of one partition: a pure state machine. It takes records, requests, topic commands and the time, and
//! gives effects; the IO around it (`runtime`) only carries them out. The numbers are rules of docs/log-protocol.md.
//!
//! `CatchingUp → Claiming → Serving → (Claiming, when superseded or in doubt | Draining → Released | Faulted)`; it
//! reads on in every phase, so that claiming again needs no catching up. One whose partition the group has given to
//! somebody else serves until that one claims.

mod commands;
mod effects;
mod keeping;
mod leaving;
mod line;
mod requests;
mod timers;
mod topic_command;

pub use effects::{Alarm, Appended, Caused, CommandFault, Effect, Reply, Request, Ticket};
pub use topic_command::TopicCommand;

use crate::fold::{Fold, FoldError, Folded};
use crate::record::{Claim, Inbox, Writer};
use crate::{Aggregate, ClaimId, EventId, LogId, Offset, PartitionId, Timestamp, Topic, TopicId, Verdict};
use commands::Commands;
use line::Line;
use requests::Requests;
use std::collections::HashSet;
use tillroll_kafka::Record;
use timers::Timers;
use uuid::Uuid;

/// What an owner has to know of its place; the same for its whole life.
#[derive(Clone, Debug)]
pub struct OwnerConfig {
    /// The events topic.
    pub topic: Topic,
    /// The partition.
    pub partition: PartitionId,
    /// How many partitions the topic has.
    pub partitions: i32,
    /// The id of the commands topic.
    pub commands_topic: TopicId,
    /// Who claims.
    pub instance: String,
    /// Where he can be reached.
    pub url: String,
    /// What he runs.
    pub build: String,
    /// Requests that may be under way at once (rule 7).
    pub max_requests: usize,
    /// Records that may be under way at once.
    pub max_in_flight: usize,
    /// The greatest record, key and headers included, in bytes.
    pub max_record_bytes: usize,
}

/// Where the owner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading towards the end of the log.
    CatchingUp,
    /// At the end; wants a claim to be admitted.
    Claiming {
        /// How many claims were tried in vain.
        attempt: u32,
    },
    /// Decides.
    Serving {
        /// Under this claim.
        claim: ClaimId,
    },
    /// It is about to end: takes nothing new and waits for its records under way.
    Draining {
        /// Under this claim.
        claim: ClaimId,
    },
    /// Gave the partition up.
    Released,
    /// Cannot go on; an alarm said why.
    Faulted,
}

/// By what right it claims (rule 1).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mandate {
    /// The group has chosen it.
    Chosen,
    /// It suspects that this instance is gone, and may replace its claim only.
    Suspects(String),
    /// The group has chosen somebody else, who has not claimed yet.
    Interim,
}

/// The owner of one partition of the aggregate `A`; `T` is what answers go to.
pub struct Owner<A: Aggregate, T: Ticket> {
    config: OwnerConfig,
    writer: Writer,
    fold: Fold<A>,
    phase: Phase,
    tried: HashSet<ClaimId>,
    line: Line<A, T>,
    requests: Requests<A, T>,
    commands: Commands<A>,
    timers: Timers,
    mandate: Mandate,
    /// Claims lost since a record of ours was last admitted: so many, so long is the wait before the next.
    doubts: u32,
    effects: Vec<Effect<A, T>>,
}

impl<A: Aggregate, T: Ticket> Owner<A, T> {
    /// An owner that knows nothing yet: feed it the log from the beginning.
    pub fn new(config: OwnerConfig) -> Self {
        Self::resuming(config, Fold::default())
    }

    /// An owner that knows that much: feed it the log from the fold's position on.
    pub fn resuming(config: OwnerConfig, fold: Fold<A>) -> Self {
        let writer = Writer::new(config.topic.clone(), config.partition, A::TOPICS.name);
        Self {
            config,
            writer,
            fold,
            phase: Phase::CatchingUp,
            tried: HashSet::new(),
            line: Line::default(),
            requests: Requests::default(),
            commands: Commands::default(),
            timers: Timers::default(),
            mandate: Mandate::Chosen,
            doubts: 0,
            effects: Vec::new(),
        }
    }

    /// The same of one whom the group has not chosen: it suspects that this instance is gone, claims once on top of
    /// its claim, and lets go as soon as anybody else claims (rule 1).
    pub fn on_suspicion_of(self, instance: Option<String>) -> Self {
        Self { mandate: instance.map_or(Mandate::Chosen, Mandate::Suspects), ..self }
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether a suspicion is all that it has: no assignment will be confirmed to it.
    pub fn is_suspicious(&self) -> bool {
        matches!(self.mandate, Mandate::Suspects(_))
    }

    /// The confirmed state.
    pub fn fold(&self) -> &Fold<A> {
        &self.fold
    }

    /// What is to be done now, in this order.
    pub fn take_effects(&mut self) -> Vec<Effect<A, T>> {
        std::mem::take(&mut self.effects)
    }

    /// Whether it can take more topic commands now.
    pub fn wants_commands(&self) -> bool {
        self.commands.len() < self.config.max_in_flight
    }

    /// The next record of the partition (rules 2, 4, 6).
    pub fn record(&mut self, record: &Record, now: Timestamp) {
        if self.phase == Phase::Faulted {
            return;
        }
        match self.fold.pass(record) {
            Verdict::Claimed => self.claimed(record, now),
            Verdict::Admitted => self.admitted(record, now),
            Verdict::Void(void) => self.void(record, void),
        }
        self.flush(now);
    }

    /// The log was read to the end that it had after the partition was assigned (rule 2).
    pub fn caught_up(&mut self) {
        if self.phase != Phase::CatchingUp {
            return;
        }
        let writes = self.fold.claim.as_ref().map(|claim| &claim.instance);
        match &self.mandate {
            Mandate::Suspects(suspected) if writes != Some(suspected) => self.release(),
            Mandate::Suspects(_) | Mandate::Chosen => self.want_claim(0),
            Mandate::Interim => self.release(),
        }
    }

    /// The assignment was confirmed since the log was read to its end: append a claim under this fresh id (rule 2).
    pub fn claim(&mut self, fresh: ClaimId, fresh_log: LogId, now: Timestamp) {
        if !matches!(self.phase, Phase::Claiming { .. }) {
            return;
        }
        let claim = Claim {
            claim: fresh,
            previous: self.fold.position.arbiter.claim,
            log: self.fold.position.log.unwrap_or(fresh_log),
            instance: self.config.instance.clone(),
            url: self.config.url.clone(),
            build: self.config.build.clone(),
            partitions: self.config.partitions,
        };
        match self.writer.claim(&claim, now) {
            Ok(record) => {
                self.tried.insert(fresh);
                self.effects.push(Effect::Append { record, appended: Appended::Claim(fresh), ack: None });
            }
            Err(error) => self.fault(Alarm::Encoding(error.to_string())),
        }
    }

    /// An append failed or timed out: whether it is in the log is not known (rule 6).
    pub fn delivery_failed(&mut self, appended: Appended) {
        match (appended, self.phase) {
            (Appended::Entry(claim, _), Phase::Serving { claim: own }) if claim == own => self.doubt(0),
            (Appended::Claim(claim), Phase::Claiming { attempt }) if self.tried.contains(&claim) => {
                self.want_claim(attempt + 1);
            }
            _ => {}
        }
    }

    /// Stops the partition and says why; the others go on. What comes of it later is not worth a word.
    pub fn fault(&mut self, alarm: Alarm) {
        if self.phase == Phase::Faulted {
            return;
        }
        self.release();
        self.phase = Phase::Faulted;
        self.effects.push(Effect::Alarm(alarm));
    }

    fn serving(&self) -> Option<ClaimId> {
        match self.phase {
            Phase::Serving { claim } => Some(claim),
            _ => None,
        }
    }

    fn own_claim(&self) -> Option<ClaimId> {
        match self.phase {
            Phase::Serving { claim } | Phase::Draining { claim } => Some(claim),
            _ => None,
        }
    }

    fn want_claim(&mut self, attempt: u32) {
        self.phase = Phase::Claiming { attempt };
        self.effects.push(Effect::WantClaim { attempt });
    }

    /// The claim is lost or in doubt: claim again, at once the first time; unless that is somebody else's now.
    fn doubt(&mut self, at_least: u32) {
        if self.mandate == Mandate::Interim {
            return self.release();
        }
        self.want_claim(at_least.max(self.doubts));
        self.doubts += 1;
    }

    fn claimed(&mut self, record: &Record, now: Timestamp) {
        // Nothing before this claim can be admitted any more: what is under way is void, for certain (rule 6).
        let claim = self.fold.position.arbiter.claim.unwrap_or(ClaimId(Uuid::nil()));
        let own = self.tried.contains(&claim) && matches!(self.phase, Phase::Claiming { .. });
        if self.mandate == Mandate::Interim {
            self.pass_on();
        }
        self.start_over();
        self.timers.read_back(record.recorded_at_ms, now);
        match self.phase {
            Phase::Claiming { .. } if own => self.serve(claim, now),
            // The suspected one lives, or the group or somebody else has noticed too, or has been chosen: theirs it is.
            Phase::Claiming { .. } | Phase::Serving { .. } if self.mandate != Mandate::Chosen => self.release(),
            Phase::Claiming { attempt } => self.want_claim(attempt + 1),
            Phase::Serving { .. } => self.doubt(1),
            Phase::Draining { .. } => self.release(),
            Phase::CatchingUp | Phase::Released | Phase::Faulted => {}
        }
    }

    fn serve(&mut self, claim: ClaimId, now: Timestamp) {
        self.tried.clear();
        self.phase = Phase::Serving { claim };
        self.line.begin(claim);
        self.effects.push(Effect::Serving { read_commands_from: self.fold.inbox.map(|inbox| inbox.next) });
        self.decide_waiting(now);
        self.decide_commands(now);
        self.wake_all();
    }

    /// Throws the tentative state away; requests and commands under way wait to be decided again.
    fn start_over(&mut self) {
        let (requests, commands) = self.line.void_all();
        self.requests.requeue_barrier();
        self.requests.requeue(requests);
        self.commands.requeue(commands);
        self.commands.restart(&self.fold.windows, self.fold.inbox.map_or(Offset(0), |inbox| inbox.next));
        self.timers.restart();
    }

    fn admitted(&mut self, record: &Record, now: Timestamp) {
        let own_record = self.fold.position.arbiter.claim == self.own_claim() && self.own_claim().is_some();
        if self.line.front_is(record) {
            if own_record {
                self.timers.read_back(record.recorded_at_ms, now);
            }
            self.confirm(record, now);
            return;
        }
        match self.fold.fold_admitted(record) {
            Ok(folded) => self.folded(record, folded),
            Err(error) => return self.unfolded(error),
        }
        if own_record {
            // Somebody else's record took a place under our claim: our own at that place is void.
            self.reclaim();
        }
    }

    fn folded(&mut self, record: &Record, folded: Folded<A>) {
        let position = self.fold.position.clone();
        if let Folded::Event(entry, _) | Folded::Other(entry) = &folded {
            if let Some(inbox) = entry.envelope().inbox {
                self.commands.ended_elsewhere(inbox.next);
            }
            self.wake_watchers(&entry.envelope().key.clone());
        }
        match folded {
            Folded::Event(entry, event) => {
                let cause = Caused::Event { event };
                self.effects.push(Effect::Admitted { cause: entry.envelope().into(), caused: cause, position });
            }
            Folded::Other(crate::record::Entry::Settled(envelope, settled)) => {
                let caused = Caused::Settled { settled };
                self.effects.push(Effect::Admitted { cause: (&envelope).into(), caused, position });
            }
            Folded::Other(_) | Folded::Claimed(_) | Folded::Void(_) => {
                self.effects.push(Effect::Passed { offset: record.offset, position });
            }
        }
    }

    fn void(&mut self, record: &Record, void: crate::Void) {
        self.effects.push(Effect::Passed { offset: record.offset, position: self.fold.position.clone() });
        // A doubled record of ours does no harm; a gap means that one of ours is missing.
        if void == crate::Void::Gap && self.serving().is_some() {
            self.reclaim();
        }
    }

    fn reclaim(&mut self) {
        match self.phase {
            Phase::Serving { .. } => self.doubt(0),
            Phase::Draining { .. } => self.release(),
            Phase::CatchingUp | Phase::Claiming { .. } | Phase::Released | Phase::Faulted => {}
        }
    }

    /// After each input: a mark if answers or the inbox wait for one (rule 5); the end of draining.
    fn flush(&mut self, now: Timestamp) {
        if self.own_claim().is_none() {
            return;
        }
        let barrier = self.requests.waits_for() == Some(self.line.next_ordinal());
        let inbox = self.commands.unrecorded() > commands::MOST_UNRECORDED && self.line.is_empty();
        if (barrier || inbox || self.timers.wants_mark()) && !self.line.has_mark() {
            self.append_mark(now);
        }
        if matches!(self.phase, Phase::Draining { .. }) && self.line.is_empty() && self.requests.waits_for().is_none() {
            self.release();
        }
    }

    fn inbox(&self) -> Option<Inbox> {
        Some(Inbox { topic: self.config.commands_topic, next: self.commands.next() })
    }
}

impl From<FoldError> for Alarm {
    fn from(error: FoldError) -> Self {
        Self::Undecodable(error.to_string())
    }
}

/// What identifies a record that is under way.
pub(crate) fn ce_id(record: &Record) -> Option<EventId> {
    record.headers.get_str(crate::record::header::ID)?.parse().ok()
}

#[cfg(test)]
pub(crate) mod tests;
