//! Reactions: one admitted record in, commands for other aggregates out; pure, no state.

use crate::{Aggregate, AggregateTopics, Body, Coordinates, EventId, Key};
use std::borrow::Cow;

/// The record that a reaction sees, besides its body.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Its id.
    pub id: EventId,
    /// Its place.
    pub at: Coordinates,
    /// The aggregate that it belongs to.
    pub key: Key,
    /// What belongs together across aggregates: commands that it causes carry it on.
    pub correlation: Option<uuid::Uuid>,
}

/// A command for an aggregate, to be sent through its commands topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Whose topic.
    pub to: AggregateTopics,
    /// Which aggregate.
    pub key: Key,
    /// Names the command among those of the same cause; the command's id is derived from cause and step.
    pub step: Cow<'static, str>,
    /// `order.continue`
    pub type_name: &'static str,
    /// Its body, encoded.
    pub value: Vec<u8>,
}

impl Outgoing {
    /// A command for the aggregate `key` of `to`.
    pub fn new<C: Body>(
        to: AggregateTopics,
        key: impl Into<Key>,
        step: impl Into<Cow<'static, str>>,
        command: &C,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self { to, key: key.into(), step: step.into(), type_name: command.type_name(), value: command.encode()? })
    }
}

/// How a topic command ended without an event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledAs<'a> {
    /// The business said no, with this code.
    Refused(&'a str),
    /// Another command had reached its goal.
    Unchanged,
    /// A command of the same id had another body.
    Conflict,
    /// It could not be read or decided and lies in the dead letters.
    DeadLettered,
}

/// What the aggregate `A` causes elsewhere.
pub trait Reactions<A: Aggregate>: Send + Sync + 'static {
    /// The reactor's name: it scopes the floors at its targets and never changes.
    const NAME: &'static str;

    /// The commands that an event causes.
    fn on_event(cause: &Cause, event: &A::Event) -> Result<Vec<Outgoing>, serde_json::Error>;

    /// The commands that the settled end of a topic command to `A` causes. `command` is absent if it could not be read.
    fn on_settled(
        cause: &Cause,
        command: Option<&A::Command>,
        settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error>;
}

/// For an aggregate that causes nothing.
pub struct NoReactions;

impl<A: Aggregate> Reactions<A> for NoReactions {
    const NAME: &'static str = "none";

    fn on_event(_cause: &Cause, _event: &A::Event) -> Result<Vec<Outgoing>, serde_json::Error> {
        Ok(Vec::new())
    }

    fn on_settled(
        _cause: &Cause,
        _command: Option<&A::Command>,
        _settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error> {
        Ok(Vec::new())
    }
}
