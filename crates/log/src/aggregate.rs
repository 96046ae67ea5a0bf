//! What an aggregate has to be for the log to keep it: three pure functions and a few facts.

use crate::{Body, Key, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// The two topics of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AggregateTopics {
    /// `order`
    pub name: &'static str,
    /// `order.events.v1`
    pub events: &'static str,
    /// `order.commands.v1`
    pub commands: &'static str,
}

impl AggregateTopics {
    /// Names them.
    pub const fn new(name: &'static str, events: &'static str, commands: &'static str) -> Self {
        Self { name, events, commands }
    }

    /// Where commands go that cannot be read: `dead-letter.order.commands.v1`.
    pub fn dead_letters(&self) -> String {
        format!("dead-letter.{}", self.commands)
    }
}

/// What a [`Replica`](crate::Replica) folds: an aggregate of the same build, or what another context has to know of one.
/// Nothing can be asked of it.
pub trait Replicated: Send + Sync + 'static {
    /// The topic of its events.
    const EVENTS: &'static str;
    /// What was folded so far; its default is "nothing has happened". It is kept in memory alone.
    type State: Clone + Default + Send + Sync + 'static;
    /// What happened to it.
    type Event: Body + Clone + fmt::Debug + Send + Sync + 'static;

    /// The state after the event: pure and total.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;
}

impl<A: Aggregate> Replicated for A {
    const EVENTS: &'static str = A::TOPICS.events;
    type State = A::State;
    type Event = A::Event;

    fn evolve(state: Self::State, event: &Self::Event) -> Self::State {
        <A as Aggregate>::evolve(state, event)
    }
}

/// A business "no": a value, not an error.
pub trait Rejection: Clone + fmt::Debug + Send + 'static {
    /// Stable, snake case.
    fn code(&self) -> &'static str;
    /// For people; no personal data.
    fn detail(&self) -> String;
}

/// A consistency boundary with its own stream of events.
///
/// `decide` and `evolve` are pure: the same arguments, the same answer, on every machine and for ever.
/// `evolve` is total: it takes every event that was ever admitted.
pub trait Aggregate: Sized + Send + Sync + 'static {
    /// Where it lives.
    const TOPICS: AggregateTopics;
    /// The number of what owners store locally of [`Self::State`]. Raise it whenever the state's serialised form
    /// changes, or what `evolve` makes of an event: what was stored under another number is not read, and the
    /// partition is folded from its beginning once.
    const STATE_SCHEMA: u32;
    /// What was folded so far; its default is "nothing has happened". Its serialised form is local and disposable.
    type State: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What can be asked of it.
    type Command: Body + Clone + fmt::Debug + Send + Sync + 'static;
    /// What happened to it.
    type Event: Body + Clone + fmt::Debug + Send + Sync + 'static;
    /// Why not.
    type Rejection: Rejection;
    /// What a client is told after a command: the resource's body.
    type Answer: Send + 'static;

    /// One event, nothing (the goal is reached already), or a refusal.
    /// `at` is the owner's clock at the decision; it is data for the event and is never compared with a deadline.
    fn decide(
        state: &Self::State,
        command: &Self::Command,
        at: Timestamp,
    ) -> Result<Option<Self::Event>, Self::Rejection>;

    /// The state after the event.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// What the client is told. `event` is the command's own event (also when a command is repeated later),
    /// or nothing if the command changed nothing; `state` is the state now.
    fn answer(key: &Key, event: Option<&Self::Event>, state: &Self::State) -> Self::Answer;

    /// When it happened (business time), if the event knows better than the clock.
    fn occurred_at(_event: &Self::Event) -> Option<Timestamp> {
        None
    }

    /// Takes `next`, a topic command right behind `first` for the same aggregate, into `first`, so that one record
    /// ends both; gives it back if the two cannot be one.
    fn join(_first: &mut Self::Command, next: Self::Command) -> Result<(), Self::Command> {
        Err(next)
    }

    /// The earliest deadline of the state. In every state that has one, deciding [`Self::on_deadline`] yields an
    /// event whose state has it no more.
    fn deadline(_state: &Self::State) -> Option<Timestamp> {
        None
    }

    /// The command that a passed deadline becomes. `None` only for aggregates without deadlines.
    fn on_deadline(_deadline: Timestamp) -> Option<Self::Command> {
        None
    }

    /// Whether no saga of the aggregate is under way; a client may wait for it.
    fn settled(_state: &Self::State) -> bool {
        true
    }
}
