//! Commands by topic: every new one ends in exactly one admitted record, strictly in offset order.

use super::topic_command::{Letter, TopicCommand, Unreadable};
use super::{CommandFault, Effect, Owner, Ticket};
use crate::caught::caught;
use crate::record::{Ended, Outcome, Settled};
use crate::rules::{Rule, kept};
use crate::source::{Novelty, Windows};
use crate::{Aggregate, CommandId, EventId, Offset, Rejection, Timestamp};
use std::collections::VecDeque;

/// A run of repeats longer than this is recorded by a mark, so that a new owner need not read it again.
pub(super) const MOST_UNRECORDED: u64 = 1_000;
/// The longest run of commands that one record ends.
const LONGEST_RUN: usize = 1_000;

#[derive(Clone, Debug)]
pub(super) struct Commands<A: Aggregate> {
    queue: VecDeque<TopicCommand<A>>,
    windows: Windows,
    next: Offset,
    /// Everything before it was taken from the topic.
    taken: Offset,
    unrecorded: u64,
}

impl<A: Aggregate> Default for Commands<A> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), windows: Windows::default(), next: Offset(0), taken: Offset(0), unrecorded: 0 }
    }
}

impl<A: Aggregate> Commands<A> {
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.taken = self.next;
    }

    /// The next command to decide: what a record says that is appended now.
    pub(super) fn next(&self) -> Offset {
        if self.queue.is_empty() || !kept(Rule::InboxOrder) { self.next.max(self.taken) } else { self.next }
    }

    /// How many have ended since the last record that says so.
    pub(super) fn unrecorded(&self) -> u64 {
        self.unrecorded
    }

    pub(super) fn recorded(&mut self) {
        self.unrecorded = 0;
    }

    /// What was under way is void: it comes first again.
    pub(super) fn requeue(&mut self, commands: Vec<TopicCommand<A>>) {
        for command in commands.into_iter().rev() {
            self.queue.push_front(command);
        }
    }

    /// Begins again on the confirmed state.
    pub(super) fn restart(&mut self, confirmed: &Windows, next: Offset) {
        (self.windows, self.next, self.unrecorded) = (confirmed.clone(), next, 0);
        self.ended_elsewhere(next);
    }

    /// Another owner's records ended everything before that offset.
    pub(super) fn ended_elsewhere(&mut self, next: Offset) {
        while self.queue.front().is_some_and(|command| command.record.offset < next) {
            self.queue.pop_front();
        }
        self.next = self.next.max(next);
    }

    fn advance(&mut self, ended: &[TopicCommand<A>]) {
        for command in ended {
            self.next = command.record.offset.next();
            self.unrecorded += 1;
        }
    }

    fn remember(&mut self, ended: &[Ended]) {
        for ended in ended {
            if let (Some(source), Some(hash)) = (&ended.source, ended.hash) {
                self.windows.record(source, ended.floor, ended.id, hash);
            }
        }
    }

    fn find(&mut self, offset: Offset) -> Option<&mut TopicCommand<A>> {
        self.queue.iter_mut().find(|command| command.record.offset == offset)
    }

    fn novelty(&self, command: &TopicCommand<A>) -> Novelty {
        match &command.head {
            Some(head) => self.windows.judge(&head.source, head.id, head.hash),
            None => Novelty::New,
        }
    }
}

impl<A: Aggregate, T: Ticket> Owner<A, T> {
    /// Takes the next topic commands, in offset order. Those from before the inbox have ended and are dropped.
    pub fn topic_commands(&mut self, commands: impl IntoIterator<Item = TopicCommand<A>>, now: Timestamp) {
        let last = self.commands.queue.back().map(|command| command.record.offset);
        let from = self.commands.next.max(last.map_or(Offset(0), Offset::next));
        let (here, partitions) = (self.config.partition, self.config.partitions);
        let new = commands.into_iter().filter(|command| command.record.offset >= from);
        self.commands.queue.extend(new.map(|command| command.placed(here, partitions)));
        if let Some(last) = self.commands.queue.back() {
            self.commands.taken = self.commands.taken.max(last.record.offset.next());
        }
        self.decide_commands(now);
        self.flush(now);
    }

    /// The dead letter of the command at that offset is acknowledged: it can be settled.
    pub fn dead_lettered(&mut self, offset: Offset, now: Timestamp) {
        if let Some(command) = self.commands.find(offset) {
            command.letter = Letter::Acknowledged;
        }
        self.decide_commands(now);
        self.flush(now);
    }

    /// The dead letter could not be written: the next tick asks for it again.
    pub fn dead_letter_failed(&mut self, offset: Offset) {
        if let Some(command) = self.commands.find(offset) {
            command.letter = Letter::No;
        }
    }

    pub(super) fn decide_commands(&mut self, now: Timestamp) {
        while self.serving().is_some() && self.line.len() < self.config.max_in_flight {
            let Some(command) = self.commands.queue.front() else { break };
            match (command.letter, self.commands.novelty(command), &command.body) {
                // A command that waits for its letter holds the inbox; requests pass it.
                (Letter::Asked, _, _) => break,
                (Letter::Acknowledged, _, _) => self.settle_front(now, |reason| Outcome::DeadLettered { reason }),
                (Letter::No, Novelty::Repeat, _) => self.skip_repeat(),
                (Letter::No, Novelty::Conflict, _) => self.settle_front(now, |_| Outcome::Conflict),
                (Letter::No, Novelty::New, Err(_)) => self.ask_dead_letter(),
                (Letter::No, Novelty::New, Ok(_)) => self.decide_run(now),
            }
        }
        self.fire_due(now);
    }

    fn skip_repeat(&mut self) {
        // A duplicate needs no record and causes nothing: consumed again it is a duplicate again.
        if let Some(command) = self.commands.queue.pop_front() {
            self.commands.next = command.record.offset.next();
            self.commands.unrecorded += 1;
        }
    }

    fn ask_dead_letter(&mut self) {
        if let Some(command) = self.commands.queue.front_mut() {
            command.letter = Letter::Asked;
            let reason = command.why();
            self.effects.push(Effect::DeadLetter { command: command.record.clone(), reason });
        }
    }

    fn settle_front(&mut self, now: Timestamp, outcome: impl FnOnce(String) -> Outcome) {
        if let Some(command) = self.commands.queue.pop_front() {
            let reason = command.why();
            self.settle(outcome(reason), vec![command], now);
        }
    }

    /// Ends the commands with one record, or with several if one could not hold them all: a reaction has to see each.
    fn settle(&mut self, outcome: Outcome, mut commands: Vec<TopicCommand<A>>, now: Timestamp) {
        let key = commands.first().map(TopicCommand::key).unwrap_or_else(|| "".into());
        let bodies = commands.iter().filter_map(TopicCommand::settled).collect();
        let settled = Settled { outcome, commands: bodies };
        if commands.len() > 1 && !self.settled_fits(&key, &settled, &commands) {
            // The later ones stand in the queue meanwhile: the first record's inbox must not pass them.
            let later = commands.split_off(commands.len() / 2);
            let count = later.len();
            self.commands.requeue(later);
            self.settle(settled.outcome.clone(), commands, now);
            let count = count.min(self.commands.len());
            let later: Vec<_> = self.commands.queue.drain(..count).collect();
            if !later.is_empty() {
                self.settle(settled.outcome, later, now);
            }
            return;
        }
        self.commands.advance(&commands);
        let ended: Vec<_> = commands.iter().filter_map(TopicCommand::ended).collect();
        self.commands.remember(&ended);
        self.append_settled(key, settled, commands, now);
    }

    /// Takes the commands at the front that are for one aggregate and can be one command.
    fn take_run(&mut self) -> Option<(A::Command, Vec<TopicCommand<A>>)> {
        let first = self.commands.queue.pop_front()?;
        let (key, mut command) = (first.key(), first.body.clone().ok()?);
        let mut run = vec![first];
        while run.len() < LONGEST_RUN && !run.first().is_some_and(|first| first.alone) {
            let Some(next) = self.commands.queue.front() else { break };
            let Ok(body) = &next.body else { break };
            let may_join = next.letter == Letter::No
                && !next.alone
                && next.key() == key
                && self.commands.novelty(next) == Novelty::New
                && !run.iter().any(|other| other.has_id_of(next));
            match may_join.then(|| caught("joining", || A::join(&mut command, body.clone()))) {
                Some(Ok(Ok(()))) => run.extend(self.commands.queue.pop_front()),
                // The first may be half of both now.
                Some(Err(_)) => {
                    self.decide_each_alone(run);
                    return None;
                }
                Some(Ok(Err(_))) | None => break,
            }
        }
        Some((command, run))
    }

    fn decide_each_alone(&mut self, mut run: Vec<TopicCommand<A>>) {
        run.iter_mut().for_each(|command| command.alone = true);
        self.commands.requeue(run);
    }

    fn decide_run(&mut self, now: Timestamp) {
        let key = self.commands.queue.front().map(TopicCommand::key).unwrap_or_else(|| "".into());
        if !self.warm(&key) {
            return;
        }
        let Some((command, run)) = self.take_run() else { return };
        match self.decide(&key, &command, now) {
            Ok(Ok(Some(next))) => {
                let ended: Vec<_> = run.iter().filter_map(TopicCommand::ended).collect();
                self.commands.advance(&run);
                match self.append_event(&key, next, super::line::Asked::Commands(run), now) {
                    Ok(()) => self.commands.remember(&ended),
                    Err((super::line::Asked::Commands(run), why)) => self.back_to_letters(run, why),
                    // Only what was asked for is given back.
                    Err((super::line::Asked::Request(_) | super::line::Asked::Timer(_), _)) => {}
                }
            }
            Ok(Ok(None)) => {
                let event = self.line.last_event(&self.fold, &key);
                self.settle(Outcome::Unchanged { event }, run, now);
            }
            Ok(Err(no)) => {
                let outcome = Outcome::Refused { code: no.code().to_owned(), detail: no.detail() };
                self.settle(outcome, run, now);
            }
            Err(why) => self.back_to_letters(run, why.into()),
        }
    }

    /// What cannot be decided goes to the dead letters; of a run it is not known which, so each is decided by itself.
    fn back_to_letters(&mut self, mut run: Vec<TopicCommand<A>>, why: CommandFault) {
        let Some(first) = run.first().map(|first| first.record.offset) else { return };
        self.commands.next = first;
        if let [only] = run.as_mut_slice() {
            only.body = Err(Unreadable::from(why));
            self.commands.requeue(run);
        } else {
            self.decide_each_alone(run);
        }
    }
}

/// The id of the event that a timer's command is derived from.
pub(super) fn timer_command(event: EventId, deadline: Timestamp) -> CommandId {
    CommandId::caused_by(event, &format!("deadline/{}", deadline.timestamp_millis()))
}
