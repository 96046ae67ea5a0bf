//! What the HTTP side holds: a handle that routes a command to the owner of its partition and waits for the answer.

use super::node::Node;
use super::services::{OwnerFound, Place};
use crate::caught::caught;
use crate::owner::{self, CommandFault, Reply, Ticket};
use crate::record::Origin;
use crate::{Aggregate, Body, CommandHash, CommandId, Coordinates, Key, LogId, Version};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tillroll_kafka::partition_for;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// A command by HTTP.
#[derive(Clone, Debug)]
pub struct Request<C> {
    /// Which aggregate.
    pub key: Key,
    /// What is asked.
    pub command: C,
    /// The same for every repeat.
    pub id: CommandId,
    /// Of the whole body.
    pub hash: CommandHash,
    /// The version that the aggregate must have (`If-Match`).
    pub expected: Option<Version>,
    /// Who asks; no personal data.
    pub actor: String,
    /// What belongs together across aggregates.
    pub correlation: Uuid,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// What became of a command that was carried out.
pub struct Answered<A: Aggregate> {
    /// What the client is told.
    pub answer: A::Answer,
    /// The history that holds it.
    pub log: LogId,
    /// Its event; none if it changed nothing.
    pub at: Option<Coordinates>,
    /// The aggregate's version after it.
    pub version: Version,
    /// Whether it was carried out before.
    pub repeat: bool,
    /// What a reader must have passed to see it: the consistency token.
    pub covers: Vec<(LogId, Coordinates)>,
    /// Where the time went.
    pub timing: Timing,
}

/// Where the time of a command went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Until its event was decided.
    pub decide: Duration,
    /// From then until the broker acknowledged it.
    pub append: Duration,
    /// From then until it was read back; of a repeat, until the event of its first answer was read.
    pub read_back: Duration,
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError<R> {
    /// The business says no.
    #[error("refused")]
    Rejected(R),
    /// The aggregate has another version than was asked for.
    #[error("the version is {current}")]
    VersionMismatch {
        /// The version that it has.
        current: Version,
    },
    /// The same id came before with another body.
    #[error("the same key came before with another body")]
    KeyReused,
    /// Too much is under way.
    #[error("too much is under way")]
    Overloaded,
    /// The partition is not served here: the command was certainly not carried out here. [`Services`](crate::Services)
    /// may know where it is served.
    #[error("not served here")]
    Elsewhere(Place),
    /// The owner let the partition go before it answered: the command may have been carried out.
    #[error("let go before it was answered")]
    LetGo(Place),
    /// The answer did not come in time, or its event could not be read; the command may yet be carried out.
    #[error("not served now")]
    Unavailable,
    /// The command itself is at fault: too large, or its decision or its answer panicked.
    #[error("the command cannot be carried out")]
    Failed,
}

/// To an owner.
pub(super) enum ToOwner<A: Aggregate> {
    Request(owner::Request<A, Client<A>>),
    Watch(Key, Client<A>),
}

/// Where an answer goes.
pub(super) struct Client<A: Aggregate> {
    reply: oneshot::Sender<(Reply<A>, Timing)>,
    arrived: Instant,
    decided: Option<Instant>,
    acknowledged: Arc<AtomicU64>,
}

/// Takes the time of the acknowledgement.
pub(super) struct AckClock {
    since: Instant,
    nanoseconds: Arc<AtomicU64>,
}

impl AckClock {
    pub(super) fn stop(self) {
        let passed = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.store(passed, Ordering::Relaxed);
    }
}

impl<A: Aggregate> Client<A> {
    fn new() -> (Self, oneshot::Receiver<(Reply<A>, Timing)>) {
        let (reply, answer) = oneshot::channel();
        let acknowledged = Arc::new(AtomicU64::new(0));
        (Self { reply, arrived: Instant::now(), decided: None, acknowledged }, answer)
    }

    pub(super) fn answer(self, reply: Reply<A>) {
        let decided = self.decided.unwrap_or_else(Instant::now);
        let since = decided.elapsed();
        let append = Duration::from_nanos(self.acknowledged.load(Ordering::Relaxed)).min(since);
        let timing = Timing { decide: decided - self.arrived, append, read_back: since - append };
        // Nobody waits for it any more: nothing is lost, the client repeats with its key.
        let _ = self.reply.send((reply, timing));
    }
}

impl<A: Aggregate> Ticket for Client<A> {
    type Ack = AckClock;

    fn appending(&mut self) -> Option<AckClock> {
        let since = Instant::now();
        self.decided = Some(since);
        Some(AckClock { since, nanoseconds: self.acknowledged.clone() })
    }

    fn gone(&self) -> bool {
        self.reply.is_closed()
    }
}

/// The owners of this process, by partition.
pub(super) type Routes<A> = Arc<RwLock<Vec<Option<mpsc::Sender<ToOwner<A>>>>>>;

/// The way to the aggregate's owners. Cheap to clone.
pub struct Commands<A: Aggregate> {
    node: Node,
    routes: Routes<A>,
}

impl<A: Aggregate> Clone for Commands<A> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), routes: self.routes.clone() }
    }
}

type Executed<A> = Result<Answered<A>, ExecuteError<<A as Aggregate>::Rejection>>;

impl<A: Aggregate> Commands<A> {
    pub(super) fn new(node: Node, partitions: usize) -> (Self, Routes<A>) {
        let routes: Routes<A> = Arc::new(RwLock::new((0..partitions).map(|_| None).collect()));
        (Self { node, routes: routes.clone() }, routes)
    }

    /// Carries the command out, once, however often it is repeated.
    pub async fn execute(&self, request: Request<A::Command>, within: Duration) -> Executed<A> {
        let Request { key, command, id, hash, expected, actor, correlation, traceparent } = request;
        let (ticket, answer) = Client::new();
        let origin = Origin {
            actor: Some(actor.into()),
            correlation: Some(correlation),
            causation: None,
            traceparent: traceparent.map(Into::into),
        };
        let request = owner::Request { ticket, key: key.clone(), command: Some(command), id, hash, expected, origin };
        self.send(&key, ToOwner::Request(request))?;
        self.receive(&key, answer, within).await?.ok_or(ExecuteError::Failed)
    }

    /// The first answer, if the command was carried out before.
    pub async fn seen(
        &self,
        key: &Key,
        id: CommandId,
        hash: CommandHash,
        within: Duration,
    ) -> Result<Option<Answered<A>>, ExecuteError<A::Rejection>> {
        let (ticket, answer) = Client::new();
        let (key, origin) = (key.clone(), Origin::default());
        let request = owner::Request { ticket, key: key.clone(), command: None, id, hash, expected: None, origin };
        self.send(&key, ToOwner::Request(request))?;
        self.receive(&key, answer, within).await
    }

    /// The aggregate as soon as no saga of it is under way; nothing if that takes longer. If its partition is let go
    /// meanwhile, whoever serves it here next is asked.
    pub async fn settled(
        &self,
        key: &Key,
        within: Duration,
    ) -> Result<Option<Answered<A>>, ExecuteError<A::Rejection>> {
        let asking = async {
            loop {
                let mut moves = self.node.moves();
                match self.watch(key).await {
                    Err(ExecuteError::Elsewhere(_) | ExecuteError::LetGo(_)) if moves.changed().await.is_ok() => {}
                    said => return said,
                }
            }
        };
        tokio::time::timeout(within, asking).await.unwrap_or(Ok(None))
    }

    /// Whether the aggregate is served here, as it seems now.
    pub fn serves(&self, key: &Key) -> bool {
        let partition = usize::try_from(self.place_of(key).partition.0).ok();
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        partition.and_then(|partition| routes.get(partition)).is_some_and(Option::is_some)
    }

    /// Who serves the aggregate, if that is another instance, as it seems now.
    pub fn elsewhere(&self, key: &Key) -> Option<OwnerFound> {
        if self.serves(key) {
            return None;
        }
        let owner = self.node.services().owner(self.place_of(key))?;
        (owner.instance != self.node.config().instance).then_some(owner)
    }

    /// Changes with each move of whatever is served anywhere.
    pub fn moves(&self) -> watch::Receiver<u64> {
        self.node.moves()
    }

    /// The aggregate as its owner has confirmed it, as soon as no saga of it is under way. Unlike [`Self::settled`] it
    /// says at once if its partition is not served here, any more or at all: nothing was carried out for certain.
    pub async fn look(&self, key: &Key, within: Duration) -> Executed<A> {
        let looked = tokio::time::timeout(within, self.watch(key)).await.unwrap_or(Err(ExecuteError::Unavailable));
        match looked {
            Ok(looked) => looked.ok_or(ExecuteError::Unavailable),
            Err(ExecuteError::LetGo(place)) => Err(ExecuteError::Elsewhere(place)),
            Err(error) => Err(error),
        }
    }

    async fn watch(&self, key: &Key) -> Result<Option<Answered<A>>, ExecuteError<A::Rejection>> {
        let (ticket, answer) = Client::new();
        self.send(key, ToOwner::Watch(key.clone(), ticket))?;
        self.answered(key, answer).await
    }

    fn send(&self, key: &Key, to_owner: ToOwner<A>) -> Result<(), ExecuteError<A::Rejection>> {
        let place = self.place_of(key);
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(place.partition.0).ok();
        let route = index.and_then(|index| routes.get(index)).and_then(Option::as_ref);
        let Some(owner) = route else { return Err(ExecuteError::Elsewhere(place)) };
        match owner.try_send(to_owner) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(ExecuteError::Overloaded),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(ExecuteError::Elsewhere(place)),
        }
    }

    fn place_of(&self, key: &Key) -> Place {
        let partition = partition_for(key.as_bytes(), self.node.config().partitions);
        Place { topic: A::TOPICS.events, partition }
    }

    async fn receive(
        &self,
        key: &Key,
        answer: oneshot::Receiver<(Reply<A>, Timing)>,
        within: Duration,
    ) -> Result<Option<Answered<A>>, ExecuteError<A::Rejection>> {
        // One deadline for the answer and for the event that a repeat's answer is made of.
        tokio::time::timeout(within, self.answered(key, answer)).await.unwrap_or(Err(ExecuteError::Unavailable))
    }

    async fn answered(
        &self,
        key: &Key,
        answer: oneshot::Receiver<(Reply<A>, Timing)>,
    ) -> Result<Option<Answered<A>>, ExecuteError<A::Rejection>> {
        let (reply, timing) = answer.await.map_err(|_| ExecuteError::LetGo(self.place_of(key)))?;
        self.read(key, reply, timing).await
    }

    async fn read(
        &self,
        key: &Key,
        reply: Reply<A>,
        mut timing: Timing,
    ) -> Result<Option<Answered<A>>, ExecuteError<A::Rejection>> {
        let (answer, at, version, repeat, covers) = match reply {
            Reply::Done { answer, at, version, covers } => (answer, at, version, false, covers),
            Reply::Repeat { at, version, state, covers } => {
                let begun = Instant::now();
                let event = self.event_at(&at).await.ok_or(ExecuteError::Unavailable)?;
                timing.read_back += begun.elapsed();
                match caught("the answer", || A::answer(key, Some(&event), &state)) {
                    Ok(answer) => (answer, Some(at), version, true, covers),
                    Err(why) => return Err(failed::<A>(&why.into())),
                }
            }
            Reply::Rejected(rejection) => return Err(ExecuteError::Rejected(rejection)),
            Reply::VersionMismatch { current } => return Err(ExecuteError::VersionMismatch { current }),
            Reply::KeyReused => return Err(ExecuteError::KeyReused),
            Reply::Unknown => return Ok(None),
            Reply::Overloaded => return Err(ExecuteError::Overloaded),
            Reply::Elsewhere => return Err(ExecuteError::Elsewhere(self.place_of(key))),
            Reply::Unavailable => return Err(ExecuteError::LetGo(self.place_of(key))),
            Reply::Failed(why) => return Err(failed::<A>(&why)),
        };
        let log = covers.first().map(|(log, _)| *log).ok_or(ExecuteError::Unavailable)?;
        Ok(Some(Answered { answer, log, at, version, repeat, covers, timing }))
    }

    async fn event_at(&self, at: &Coordinates) -> Option<A::Event> {
        let record = self.node.admin().read_at(&at.topic, at.partition, at.offset).await.ok()??;
        let type_name = record.headers.get_str(crate::record::header::TYPE)?;
        A::Event::decode(type_name, record.value.as_deref().unwrap_or_default()).ok()
    }
}

fn failed<A: Aggregate>(why: &CommandFault) -> ExecuteError<A::Rejection> {
    tracing::error!(aggregate = A::TOPICS.name, error = %why, "command failed");
    ExecuteError::Failed
}

#[cfg(test)]
mod tests;
