//! The membership's thread: obeys commands, takes records, follows the group. It runs no foreign code and never waits
//! for an owner, so the client is polled at least twice a second.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer as _;
use tokio::sync::{mpsc, oneshot};

use super::member::Member;
use super::{Command, GroupSignal, Line};
use crate::native::{Event, EventQueue};
use crate::{KafkaError, Topic};

/// A record or a command ends the wait at once.
const LOOK_AROUND: Duration = Duration::from_millis(500);
/// How long a wait may be while something is to be tried again.
const SOON: Duration = Duration::from_millis(10);
/// How long a member that leaves goes along with a rebalance that is under way; more than a heartbeat of the others.
/// Also how long it asks a broker that does not say how the group is: a busy one may, one that is gone will not.
const SETTLES_WITHIN: Duration = Duration::from_secs(3);
/// How long the broker may take to say how the group is before it is asked again.
const SAYS_WITHIN: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Signals that may wait for the owner before they wait with the thread.
const SIGNALS: usize = 256;

pub(super) fn spawn(
    queue: EventQueue,
    (group_id, topics): (&str, &[Topic]),
    line: Line,
    commands: Receiver<Command>,
    session: Duration,
) -> Result<mpsc::Receiver<GroupSignal>, KafkaError> {
    let names: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
    queue.consumer().subscribe(&names).map_err(KafkaError::client("subscribing"))?;
    let (signals, received) = mpsc::channel(SIGNALS);
    let (group_id, topics) = (group_id.to_owned(), topics.to_vec());
    std::thread::Builder::new()
        .name("kafka-group".to_owned())
        .spawn(move || {
            let mut member = Member::new(queue, topics, line, signals, session);
            let answer = run(&mut member, &commands);
            member.farewell(&group_id);
            // What is asked for must be answered, or closing waits for it for ever.
            member.finish_revoking();
            // Closing the client leaves the group; only then is the answer given.
            drop(member);
            if let Some(answer) = answer {
                let _ = answer.send(());
            }
        })
        .map_err(KafkaError::thread("starting the group's thread"))?;
    Ok(received)
}

/// Until the owner leaves; returns who waits for that.
fn run(member: &mut Member, commands: &Receiver<Command>) -> Option<oneshot::Sender<()>> {
    while member.is_wanted() {
        member.awake();
        loop {
            match commands.try_recv() {
                Ok(Command::Leave(answer)) => return answer,
                Ok(command) => member.obey(command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return None,
            }
        }
        let wait = match member.has_unfinished_work() {
            true => SOON,
            false => LOOK_AROUND,
        };
        member.turn(wait);
    }
    None
}

impl Member {
    fn obey(&mut self, command: Command) {
        match command {
            Command::ReadFrom(topic, partition, offset) => self.with_slot(&topic, partition, |slot| {
                slot.restart(offset);
                slot.own.restart(offset);
            }),
            Command::Drained(topic, partition) => self.with_slot(&topic, partition, |slot| slot.own.drain()),
            Command::Judged(topic, partition, error) => {
                self.with_slot(&topic, partition, |slot| match error {
                    Some(error) => slot.own.offer(Err(error)),
                    None => slot.own.go_on(slot.next),
                });
            }
            Command::Missing(error) => self.looked_for_topics(error),
            Command::Confirm(confirm) => self.confirms.push(confirm),
            Command::Commit(commit) => self.commit(commit),
            Command::Released(number) => self.released(number),
            Command::Leave(_) => {}
        }
    }

    /// Sees to it that closing the client leaves the group at once; else the group would wait for this member until its
    /// session is over. librdkafka's farewell stands behind a join that the broker has not answered, and one that
    /// closes without a partition sends none unless it has unsubscribed (`rd_kafka_cgrp_revoke_all_rejoin`). A
    /// rebalance may begin between looking and unsubscribing: so it goes along with what comes after that too.
    fn farewell(&mut self, group_id: &str) {
        let by = Instant::now() + SETTLES_WITHIN;
        self.settle(group_id, by);
        self.queue.consumer().unsubscribe();
        self.settle(group_id, by);
    }

    fn settle(&mut self, group_id: &str, by: Instant) {
        // The group may not have heard of one that has not joined yet, and would wait for it once it has.
        while Instant::now() < by && !(self.has_joined && self.is_settled(group_id)) {
            self.turns(LOOK_AGAIN);
        }
    }

    fn turns(&mut self, during: Duration) {
        let by = Instant::now() + during;
        while Instant::now() < by {
            self.awake();
            self.turn(SOON);
            // Who leaves holds on to nothing: the others need not wait for an answer.
            self.finish_revoking();
        }
    }

    /// Whether the broker says that no rebalance is under way.
    fn is_settled(&self, group_id: &str) -> bool {
        let said = self.queue.consumer().fetch_group_list(Some(group_id), SAYS_WITHIN);
        said.is_ok_and(|said| !said.groups().iter().any(|group| group.state().ends_with("Rebalance")))
    }

    /// One poll, and what follows from it.
    fn turn(&mut self, wait: Duration) {
        self.watch_the_clock();
        self.drive_partitions();
        let asked = self.confirms.len();
        let wait = if asked > 0 { Duration::ZERO } else { wait };
        let event = self.slots.take_fetched(&self.queue, wait);
        self.slots.drain_touched(|slot| {
            let batch = slot.batch();
            slot.own.offer(Ok(batch));
        });
        match event {
            Event::Assign(places) => self.assigned(places),
            Event::Revoke(places) => self.revoked(places),
            Event::Committed { ticket, outcome } => self.committed(ticket, outcome),
            Event::PartitionError(place, code) => self.partition_failed(place, code),
            Event::ClientError { code, fatal, reason } => self.client_failed(code, fatal, &reason),
            Event::Quiet | Event::Record(_) | Event::PartitionEnd(..) => {}
        }
        self.give_up_waiting(Instant::now());
        self.answer_confirms(asked);
        self.send_signals();
    }

    fn answer_confirms(&mut self, asked: usize) {
        if self.is_settling() {
            return;
        }
        for confirm in self.confirms.drain(..asked).collect::<Vec<_>>() {
            let holds = self.holds(&confirm.topic, confirm.partition);
            // Nobody waits for it any more: nothing to do.
            let _ = confirm.answer.send(holds);
        }
    }

    fn commit(&mut self, commit: super::Commit) {
        let ticket = self.next_ticket();
        let started = super::positions::to_commit(&commit.positions).and_then(|list| {
            let broker = |code| KafkaError::broker(super::positions::COMMITTING, code, "");
            self.queue.commit(&list, ticket).map_err(broker)
        });
        match started {
            Ok(()) => drop(self.commits.insert(ticket, commit.answer)),
            Err(error) => drop(commit.answer.send(Err(error))),
        }
    }

    fn holds(&mut self, topic: &Topic, partition: crate::PartitionId) -> bool {
        let revoking = self.is_being_revoked(topic, partition);
        let lost = self.queue.consumer().assignment_lost();
        self.slots.get_mut(topic, partition).is_some() && !revoking && !lost
    }

    fn awake(&self) {
        self.queue.waker().awake();
    }

    fn with_slot(
        &mut self,
        topic: &Arc<str>,
        partition: crate::PartitionId,
        change: impl FnOnce(&mut crate::reading::Slot<super::flow::Flow>),
    ) {
        if let Some(slot) = self.slots.get_mut(topic, partition) {
            change(slot);
        }
    }
}
