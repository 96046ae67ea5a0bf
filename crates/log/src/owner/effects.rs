//! What goes into an owner and what comes out of it.

use crate::fold::Distrust;
use crate::record::{Envelope, Origin, Outcome, Settled};
use crate::{
    Aggregate, Body, Cause, ClaimId, CommandHash, CommandId, Coordinates, Key, LogId, Offset, Ordinal, Outgoing,
    Panicked, Reactions, SettledAs, StoredPosition, Version,
};
use std::fmt::Debug;
use std::sync::Arc;
use tillroll_kafka::{NewRecord, Record};

/// Where an answer goes. The owner only carries it around.
pub trait Ticket: Send + 'static {
    /// What the IO wants back with the append of this ticket's event (to take the time, say).
    type Ack: Send + 'static;
    /// The command's event is about to be appended.
    fn appending(&mut self) -> Option<Self::Ack> {
        None
    }
    /// Nobody waits for the answer any more: the command need not be carried out.
    fn gone(&self) -> bool {
        false
    }
}

/// A command by HTTP.
#[derive(Clone, Debug)]
pub struct Request<A: Aggregate, T> {
    /// Where the answer goes.
    pub ticket: T,
    /// Which aggregate.
    pub key: Key,
    /// What is asked. `None` only asks whether the command `id` is known.
    pub command: Option<A::Command>,
    /// The same for every repeat.
    pub id: CommandId,
    /// Of the whole body.
    pub hash: CommandHash,
    /// The version that the aggregate must have (`If-Match`).
    pub expected: Option<Version>,
    /// Who asks, and what for.
    pub origin: Origin,
}

/// An answer.
pub enum Reply<A: Aggregate> {
    /// The command's event is admitted, or it changed nothing, or what was waited for has come.
    Done {
        /// What the client is told.
        answer: A::Answer,
        /// The event, unless there is none.
        at: Option<Coordinates>,
        /// The aggregate's version after it.
        version: Version,
        /// What a reader must have passed to see this.
        covers: Covers,
    },
    /// The command ended before; its event stands there, and the first answer is to be made of it.
    Repeat {
        /// The first event.
        at: Coordinates,
        /// The version after it.
        version: Version,
        /// The state now.
        state: Box<A::State>,
        /// What a reader must have passed to see this.
        covers: Covers,
    },
    /// The business says no.
    Rejected(A::Rejection),
    /// The aggregate has another version than was asked for.
    VersionMismatch {
        /// The version that it has.
        current: Version,
    },
    /// The same id came before with another body.
    KeyReused,
    /// The command is not known (answers a request without a command).
    Unknown,
    /// Too much is under way (rule 7).
    Overloaded,
    /// The partition is not served here: the command was certainly not carried out here.
    Elsewhere,
    /// The partition was let go before the command was answered: it may have been carried out.
    Unavailable,
    /// The command itself is at fault: too large, or its decision or its answer panicked.
    Failed(CommandFault),
}

/// Why a command fails by itself; the partition lives on (rule 6).
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommandFault {
    /// The aggregate's own code panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// Its event cannot be encoded.
    #[error(transparent)]
    Encoding(Arc<serde_json::Error>),
    /// Its event is larger than a record may be.
    #[error("the event has {bytes} bytes, {allowed} are allowed")]
    TooLarge {
        /// With key and headers.
        bytes: usize,
        /// The greatest record.
        allowed: usize,
    },
}

/// Records that a reader must have passed to see an answer's effects.
pub type Covers = Vec<(LogId, Coordinates)>;

/// Which append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// A claim.
    Claim(ClaimId),
    /// An event, a settled record or a mark.
    Entry(ClaimId, Ordinal),
}

/// What an admitted record may cause elsewhere.
#[derive(Debug)]
pub enum Caused<A: Aggregate> {
    /// An event happened.
    Event {
        /// It.
        event: Arc<A::Event>,
    },
    /// Topic commands ended without one.
    Settled {
        /// How.
        settled: Settled,
    },
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// An admitted record cannot be folded: a bad deploy. The partition stops.
    #[error("an admitted record cannot be folded by this build, the partition stops: {0}")]
    Undecodable(String),
    /// A record cannot be encoded. The partition stops.
    #[error("a record cannot be encoded, the partition stops: {0}")]
    Encoding(String),
    /// What a record causes cannot be said, and must not be left out. The partition stops.
    #[error("the reaction to a record failed, the partition stops: {0}")]
    Reaction(String),
    /// The log is not what it was, or not set up as it must be. The partition stops.
    #[error("{0}")]
    Guard(String),
    /// The owner's clock and the broker's are too far apart: no deadline fires.
    #[error("the clocks of owner and broker are {milliseconds} ms apart, no deadline fires")]
    ClockSkew {
        /// Owner less broker.
        milliseconds: i64,
    },
    /// A deadline's command yielded no event: the aggregate breaks its contract. That deadline rests.
    #[error("the deadline of {key} yielded no event and rests")]
    DeadlineWithoutEvent {
        /// Whose.
        key: Key,
    },
}

/// What is to be done.
pub enum Effect<A: Aggregate, T: Ticket> {
    /// Append the record.
    Append {
        /// It.
        record: NewRecord,
        /// To be named in `delivery_failed`.
        appended: Appended,
        /// What the ticket wants back once it is acknowledged.
        ack: Option<T::Ack>,
    },
    /// Answer.
    Answer {
        /// To whom.
        ticket: T,
        /// What.
        reply: Reply<A>,
    },
    /// After a random delay that grows with the attempt (none at 0), confirm the assignment and call `claim`.
    WantClaim {
        /// How many claims were tried in vain.
        attempt: u32,
    },
    /// The owner serves: feed it topic commands from there on (from the beginning if none).
    Serving {
        /// The next command that has not ended.
        read_commands_from: Option<Offset>,
    },
    /// A record was admitted: react to it.
    Admitted {
        /// The record.
        cause: Cause,
        /// What it says.
        caused: Caused<A>,
        /// The reader's position after it.
        position: StoredPosition,
    },
    /// A record causes nothing (void, mark, claim): readers behind the owner may move over it.
    Passed {
        /// Its offset.
        offset: Offset,
        /// The reader's position after it.
        position: StoredPosition,
    },
    /// Ask for the end of the commands partition as it is now, and call `commands_end`.
    ProbeCommandsEnd,
    /// Put the command into the dead letters and, once that is acknowledged, call `dead_lettered`.
    DeadLetter {
        /// It.
        command: Arc<Record>,
        /// Why.
        reason: String,
    },
    /// Tell a person.
    Alarm(Alarm),
    /// What is kept locally is not relied on: wipe it and feed the owner the log from the beginning (rule 8).
    FoldAnew {
        /// Why not.
        why: Distrust,
    },
}

impl<A: Aggregate> Caused<A> {
    /// The commands that the reactor says the record causes.
    pub fn outgoing<R: Reactions<A>>(&self, cause: &Cause) -> Result<Vec<Outgoing>, serde_json::Error> {
        let settled = match self {
            Self::Event { event } => return R::on_event(cause, event),
            Self::Settled { settled } => settled,
        };
        let settled_as = match &settled.outcome {
            Outcome::Refused { code, .. } => SettledAs::Refused(code),
            Outcome::Unchanged { .. } => SettledAs::Unchanged,
            Outcome::Conflict => SettledAs::Conflict,
            Outcome::DeadLettered { .. } => SettledAs::DeadLettered,
        };
        if settled.commands.is_empty() {
            return R::on_settled(cause, None, settled_as);
        }
        let mut outgoing = Vec::new();
        for (index, command) in settled.commands.iter().enumerate() {
            let body = A::Command::decode(&command.type_name, command.body.get().as_bytes()).ok();
            let mut caused = R::on_settled(cause, body.as_ref(), settled_as)?;
            if index > 0 {
                // One record settled several commands: their reactions must not share an id.
                caused.iter_mut().for_each(|command| command.step = format!("{}/{index}", command.step).into());
            }
            outgoing.extend(caused);
        }
        Ok(outgoing)
    }
}

impl From<&Envelope> for Cause {
    fn from(envelope: &Envelope) -> Self {
        Self { id: envelope.id, at: envelope.at.clone(), key: envelope.key.clone(), correlation: envelope.correlation }
    }
}
