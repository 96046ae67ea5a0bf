//! The records of an events topic: claims, events, settled records and marks, in CloudEvents 1.0 binary mode.

mod read;
mod write;

pub use read::{Entry, Envelope, EnvelopeError, claim_of, read_entry, stamp_of};
pub(crate) use read::{millis, required, text};
pub use write::{Origin, Place, Writer, event_id};

use crate::{ClaimId, CommandHash, CommandId, EventId, LogId, Offset, Source, TopicId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `ce_type` of a claim.
pub const CLAIM: &str = "log.claim.v1";
/// `ce_type` of a settled record.
pub const SETTLED: &str = "log.settled.v1";
/// `ce_type` of a mark.
pub const MARK: &str = "log.mark.v1";

/// Names of the headers.
pub mod header {
    /// CloudEvents: the record's id.
    pub const ID: &str = "ce_id";
    /// CloudEvents: `1.0`.
    pub const SPEC_VERSION: &str = "ce_specversion";
    /// CloudEvents: the aggregate's collection, `/orders`.
    pub const CE_SOURCE: &str = "ce_source";
    /// CloudEvents: `order.placed.v1`.
    pub const TYPE: &str = "ce_type";
    /// CloudEvents: the aggregate's id.
    pub const SUBJECT: &str = "ce_subject";
    /// CloudEvents: when it happened (business time).
    pub const TIME: &str = "ce_time";
    /// The aggregate's version after the event.
    pub const SEQUENCE: &str = "ce_sequence";
    /// What belongs together across aggregates.
    pub const CORRELATION: &str = "ce_correlationid";
    /// The record that caused the command.
    pub const CAUSATION: &str = "ce_causationid";
    /// The command that the record ends; repeated if it ends several.
    pub const COMMAND: &str = "ce_commandid";
    /// The hash of its body; as often.
    pub const COMMAND_HASH: &str = "ce_commandhash";
    /// Who asked.
    pub const ACTOR: &str = "ce_actor";
    /// `application/json`.
    pub const CONTENT_TYPE: &str = "content-type";
    /// W3C trace context.
    pub const TRACEPARENT: &str = "traceparent";
    /// The claim that the record was written under.
    pub const CLAIM: &str = "claim";
    /// Its place within the claim.
    pub const ORDINAL: &str = "ordinal";
    /// `topic-id@next offset` of the commands topic: everything before it has ended.
    pub const INBOX: &str = "inbox";
    /// Where the ended topic command came from; as often as the command id.
    pub const SOURCE: &str = "source";
    /// What its reactor had committed then; as often. `-` if it has no floor.
    pub const FLOOR: &str = "floor";
}

/// The body of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The new claim.
    pub claim: ClaimId,
    /// The one that it replaces.
    pub previous: Option<ClaimId>,
    /// Which history this is: made by the first claim, copied by later ones.
    pub log: LogId,
    /// Who claims.
    pub instance: String,
    /// Where he can be reached.
    pub url: String,
    /// What he runs.
    pub build: String,
    /// How many partitions the topic has; never changed.
    pub partitions: i32,
}

/// How far a partition has ended the commands of its commands partition; as text `topic-id@next offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbox {
    /// The commands topic as it was then: another id is another topic.
    pub topic: TopicId,
    /// The next command.
    pub next: Offset,
}

impl fmt::Display for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.topic, self.next.0)
    }
}

/// A command that a record ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub id: CommandId,
    /// Its body's hash; absent for a timer's command, which is never repeated.
    pub hash: Option<CommandHash>,
    /// Where it came from, if it came by topic.
    pub source: Option<Source>,
    /// What its reactor had committed, if it says so.
    pub floor: Option<Offset>,
}

/// The body of a settled record: how topic commands ended that yielded no event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settled {
    /// How.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The commands themselves, so that a reaction needs no other record. Empty if they could not be read.
    #[serde(default)]
    pub commands: Vec<SettledCommand>,
}

/// How a topic command ended that yielded no event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The business said no.
    Refused {
        /// Stable, snake case.
        code: String,
        /// For people.
        detail: String,
    },
    /// Its goal was reached already.
    Unchanged {
        /// The aggregate's last event then.
        event: Option<EventId>,
    },
    /// A command of the same id had another body.
    Conflict,
    /// It lies in the dead letters.
    DeadLettered {
        /// What was wrong.
        reason: String,
    },
}

/// A command within a settled record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SettledCommand {
    /// `stock-item.reserve`
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its body, verbatim.
    pub body: Box<serde_json::value::RawValue>,
}

#[cfg(test)]
mod tests;
