//! The task of one owned partition: feeds the pure owner and carries out what it says.

mod doing;
mod effects;
mod gauge;
pub(crate) mod guard;
mod keeping;
mod letter;
mod route;
mod start;

pub(super) use gauge::Gauge;

use super::clock::now;
use super::commands::{Client, Routes, ToOwner};
use super::node::Node;
use super::outbox::Outbox;
use crate::owner::{Alarm, Appended, Owner, Phase, TopicCommand};
use crate::{Aggregate, ClaimId, Effects, LogId, Offset, PartitionId, Reactions, Topic};
use doing::{Doing, Done};
use effects::Sent;
use gauge::Counted;
use guard::Unmet;
use keeping::Keeping;
use route::{Owned, Route};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tillroll_kafka::{Batch, Group, PartitionRecords, ReadError, Subscription};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

/// How long an owner that ends may drain.
const DRAIN: Duration = Duration::from_secs(2);
/// How long the guards may take before something else has its turn.
const GUARD_WITHIN: Duration = Duration::from_secs(1);
/// Deadlines are looked at, and reactor positions committed, this often.
const TICK: Duration = Duration::from_millis(200);
/// Requests are taken in one go up to this many, so that read-backs come in between.
const MOST_AT_ONCE: usize = 256;

/// What comes back to the task from callbacks and tasks of its own.
pub(super) enum Control {
    Commands(PartitionRecords),
    AppendFailed(Appended),
    Acknowledged(Offset),
    SendAgain(Sent),
    Done(Done),
    Unsendable(String),
    Claim(u64),
    CommandsEnd(Option<Offset>),
    DeadLettered(Offset, bool),
    Committed(Option<Offset>),
    Stored(u64, bool),
    /// Somebody else will claim it: serve until then.
    GiveAway,
    /// End as soon as what is under way is read back.
    Drain,
}

/// A running owner as its role sees it.
pub(super) struct Spawned {
    pub(super) control: mpsc::UnboundedSender<Control>,
    pub(super) released: oneshot::Receiver<()>,
    /// Takes its route away: requests go elsewhere.
    pub(super) unroute: Box<dyn FnOnce() + Send>,
}

/// One owned partition.
struct Partition<A: Aggregate, R> {
    node: Node,
    group: Group,
    topic: Topic,
    commands_topic: Topic,
    partition: PartitionId,
    owner: Owner<A, Client<A>>,
    outbox: Outbox,
    doing: Option<Doing<A>>,
    unsent: VecDeque<Sent>,
    subscription: Subscription,
    keeping: Keeping,
    end: Offset,
    requests: mpsc::Receiver<ToOwner<A>>,
    commands: CommandsFrom,
    control: mpsc::UnboundedReceiver<Control>,
    to_control: mpsc::UnboundedSender<Control>,
    claims: u64,
    /// From where the next command by topic is to be read; none before it has served.
    next_command: Option<Offset>,
    committing: bool,
    serving: Counted,
    gauge: Arc<Gauge>,
    reactions: PhantomData<fn() -> R>,
}

pub(super) fn spawn<A: Aggregate, R: Reactions<A>>(
    node: Node,
    group: Group,
    routes: Routes<A>,
    partition: PartitionId,
    gauge: Arc<Gauge>,
    effects: Option<Arc<dyn Effects<A>>>,
    suspected: Option<String>,
) -> Spawned {
    let (to_control, control) = mpsc::unbounded_channel();
    let (release, released) = oneshot::channel();
    let route = Route { node: node.clone(), routes, partition };
    let until_revoked = route.clone();
    let unroute = Box::new(move || until_revoked.lead_to(None));
    let spawned = Spawned { control: to_control.clone(), released, unroute };
    let owned = Owned::<A>::new(route, gauge.clone());
    tillroll_telemetry::spawn("partition", async move {
        let (sender, requests) = mpsc::channel(most_waiting(node.config().max_requests));
        if let Some(task) =
            start::start::<A, R>(node, group, partition, (to_control, control), requests, gauge.clone(), suspected)
                .await
        {
            let doing = effects.map(|effects| Doing::new(effects, task.to_control.clone()));
            let task = Partition { doing, ..task };
            owned.route.lead_to(Some(sender));
            task.run().await;
        }
        drop(owned);
        let _ = release.send(());
    });
    spawned
}

impl<A: Aggregate, R: Reactions<A>> Partition<A, R> {
    async fn run(mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut given_away, mut drained_by) = (false, None);
        self.check_caught_up().await;
        while !self.finished(given_away, drained_by) {
            let (wants_commands, room) = (self.owner.wants_commands(), self.unsent.len() < MOST_AT_ONCE);
            let full = self.owner.phase() == Phase::CatchingUp && !room;
            self.begin_effects();
            tokio::select! {
                biased;
                Some(control) = self.control.recv() => {
                    match &control {
                        Control::Drain => drained_by = Some(Instant::now() + DRAIN),
                        Control::GiveAway => given_away = true,
                        _ => {}
                    }
                    self.control(control);
                }
                _ = tick.tick() => {
                    self.check_caught_up().await;
                    self.tick();
                }
                batch = self.subscription.next(), if !full => match batch {
                    Ok(batch) => self.read(batch).await,
                    Err(error) if self.store_is_elsewhere(&error) => {}
                    Err(error) => {
                        self.owner.fault(Alarm::Guard(error.to_string()));
                        self.perform();
                        // A failed subscription fails at once, again and again: wait to be let go.
                        if !given_away && drained_by.is_none() && !self.owner.is_suspicious() {
                            self.wait_to_be_let_go().await;
                        }
                        drained_by = Some(Instant::now());
                    }
                },
                asked = next_asked(&mut self.requests, &mut self.commands, wants_commands && room) => match asked {
                    Asked::Request(request) => self.take_requests(request),
                    Asked::Commands(batch) => self.take_commands(batch),
                },
            }
        }
        self.stop().await;
    }

    fn finished(&self, given_away: bool, drained_by: Option<Instant>) -> bool {
        // Whom the group has not chosen lets go by itself: nobody takes from it what it never had.
        let ended = matches!(self.owner.phase(), Phase::Released | Phase::Faulted);
        let let_go = ended && (given_away || self.owner.is_suspicious());
        let_go || drained_by.is_some_and(|by| is_drained(self.owner.phase(), by, Instant::now()))
    }

    async fn stop(mut self) {
        self.owner.release();
        self.perform();
        self.serving.set(false);
        self.turn_away();
        let _ = tokio::time::timeout(DRAIN, self.finish_effects()).await;
        // The next owner's reactor begins at what is committed: the more, the fewer repeats.
        let committing = self.outbox.to_commit().map(|position| self.commit(position));
        let committing = async move {
            if let Some(commit) = committing {
                commit.await;
            }
        };
        let _ = tokio::time::timeout(DRAIN, async { tokio::join!(self.store_last(), committing) }).await;
    }

    /// What nobody has looked at was certainly not carried out here.
    fn turn_away(&mut self) {
        self.requests.close();
        while let Ok(asked) = self.requests.try_recv() {
            self.take_requests(asked);
        }
    }

    async fn wait_to_be_let_go(&mut self) {
        self.turn_away();
        while let Some(control) = self.control.recv().await {
            if matches!(control, Control::Drain | Control::GiveAway) {
                return;
            }
        }
    }

    async fn read(&mut self, batch: Batch) {
        let time = now();
        // This batch comes after whatever made the log begin anew.
        self.keeping.begins_anew();
        self.gauge.count_read(batch.records.len());
        for record in &batch.records {
            self.check_reactor_meets(record);
            if !self.reread(record) {
                self.owner.record(record, time);
            }
            self.perform();
            if self.keeping.begins_anew() {
                // The rest of the batch comes again.
                break;
            }
        }
        self.check_caught_up().await;
    }

    /// Rule 2: at the end that the log had after the assignment, and everything as it must be.
    async fn check_caught_up(&mut self) {
        let behind = self.keeping.rereads() || self.owner.fold().position.next < self.end;
        if self.owner.phase() != Phase::CatchingUp || behind {
            return;
        }
        // A revocation does not wait for a Kafka that does not answer: the next tick checks again.
        let checking = self.guard().check(self.node.admin().clone(), self.partition);
        let Ok(checked) = tokio::time::timeout(GUARD_WITHIN, checking).await else { return };
        match checked {
            Ok(()) => self.owner.caught_up(),
            Err(Unmet::Guard(unmet)) => self.owner.fault(Alarm::Guard(unmet.to_string())),
            Err(Unmet::Unknown(error)) => tracing::warn!(kafka.topic = %self.topic, %error, "owner waits"),
        }
        self.perform();
    }

    fn take_requests(&mut self, first: ToOwner<A>) {
        let time = now();
        let mut next = Some(first);
        for left in (0..MOST_AT_ONCE).rev() {
            match next {
                Some(ToOwner::Request(request)) => self.owner.request(request, time),
                Some(ToOwner::Watch(key, client)) => self.owner.watch(key, client),
                None => break,
            }
            next = if left > 0 { self.requests.try_recv().ok() } else { None };
        }
        self.perform();
    }

    fn take_commands(&mut self, batch: Option<Result<Batch, ReadError>>) {
        let batch = match batch {
            Some(Ok(batch)) => batch,
            Some(Err(error)) => {
                self.owner.fault(Alarm::Guard(error.to_string()));
                return self.perform();
            }
            None => {
                self.commands = CommandsFrom::Nowhere;
                return;
            }
        };
        if let Some(last) = batch.records.last() {
            self.next_command = Some(Offset(last.offset.0 + 1));
        }
        let hash_key = self.node.config().hash_key.clone();
        let commands = batch.records.into_iter().map(|record| TopicCommand::read(record, &hash_key));
        self.owner.topic_commands(commands, now());
        self.perform();
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Commands(commands) => self.commands = CommandsFrom::Group(commands),
            Control::AppendFailed(appended) => self.owner.delivery_failed(appended),
            Control::Acknowledged(offset) => self.outbox.acknowledged(offset),
            Control::SendAgain(sent) => self.unsent.push_back(sent),
            Control::Done(done) => self.done(done),
            Control::Claim(attempt) if attempt == self.claims => {
                let (claim, log) = (ClaimId(fresh()), LogId(fresh()));
                self.owner.claim(claim, log, now());
            }
            Control::Claim(_) => {}
            Control::CommandsEnd(Some(end)) => self.owner.commands_end(end, now()),
            Control::CommandsEnd(None) => self.owner.probe_failed(),
            Control::DeadLettered(offset, true) => self.owner.dead_lettered(offset, now()),
            Control::DeadLettered(offset, false) => self.owner.dead_letter_failed(offset),
            Control::Unsendable(why) => self.owner.fault(Alarm::Encoding(why)),
            Control::Committed(next) => {
                self.committing = false;
                self.outbox.committed(next.unwrap_or_default());
            }
            Control::Stored(part, stands) => self.stored(part, stands),
            Control::GiveAway => {
                self.end_effects();
                self.commands = self.commands_from_log();
                self.owner.give_away();
            }
            Control::Drain => {
                self.end_effects();
                self.owner.drain(now());
            }
        }
        self.perform();
    }

    /// The group gives them to the next owner only, and not before he is there.
    fn commands_from_log(&self) -> CommandsFrom {
        let subscribe = |next| self.node.tail().subscribe(self.commands_topic.clone(), vec![(self.partition, next)]);
        self.next_command.map_or(CommandsFrom::Nowhere, |next| CommandsFrom::Log(subscribe(next)))
    }

    fn tick(&mut self) {
        self.owner.tick(now());
        self.send_unsent();
        self.perform();
        self.keep();
        if let Some(position) = self.outbox.to_commit().filter(|_| !self.committing) {
            self.committing = true;
            let (next, to_control) = (position.next, self.to_control.clone());
            let commit = self.commit(position);
            tillroll_telemetry::spawn("commit", async move {
                let committed = commit.await.then_some(next);
                let _ = to_control.send(Control::Committed(committed));
            });
        }
    }
}

/// Rule 6: revoked, the partition is let go as soon as nothing is under way, and at the deadline whatever is.
fn is_drained(phase: Phase, by: Instant, now: Instant) -> bool {
    matches!(phase, Phase::Released | Phase::Faulted) || now >= by
}

/// A channel has to hold something, and not more than it can count.
fn most_waiting(max_requests: usize) -> usize {
    max_requests.clamp(1, Semaphore::MAX_PERMITS)
}

/// What an owner is asked.
enum Asked<A: Aggregate> {
    Request(ToOwner<A>),
    Commands(Option<Result<Batch, ReadError>>),
}

/// Requests and commands in turn: neither keeps the other out.
async fn next_asked<A: Aggregate>(
    requests: &mut mpsc::Receiver<ToOwner<A>>,
    commands: &mut CommandsFrom,
    wants_commands: bool,
) -> Asked<A> {
    tokio::select! {
        Some(request) = requests.recv() => Asked::Request(request),
        batch = commands.next(), if wants_commands => Asked::Commands(batch),
        else => std::future::pending().await,
    }
}

/// Where commands by topic come from.
enum CommandsFrom {
    Nowhere,
    Group(PartitionRecords),
    Log(Subscription),
}

impl CommandsFrom {
    /// The next ones; none if no more will come from there.
    async fn next(&mut self) -> Option<Result<Batch, ReadError>> {
        match self {
            Self::Nowhere => std::future::pending().await,
            Self::Group(records) => records.next().await,
            Self::Log(records) => Some(records.next().await),
        }
    }
}

/// A fresh id for a claim or a log.
#[expect(clippy::disallowed_methods, reason = "claims and logs are named here and nowhere else")]
fn fresh() -> uuid::Uuid {
    uuid::Uuid::new_v4()
}

#[cfg(test)]
mod tests;
