//! The log protocol: single writers per partition, arbitrated by the log itself. See README.md.
//!
//! Knows envelopes and bytes, never a shop's events. Pure parts (arbiter, inbox, fold, owner) stand apart from the
//! IO around them (`runtime`), so that simulations and models drive the shipped types.

// `jar` is also compiled into the example and the tests with a broker, where the library has this name.
#[cfg(test)]
extern crate self as tillroll_log;

mod aggregate;
mod arbiter;
mod body;
mod caught;
mod effect;
pub mod fold;
mod ids;
#[cfg(test)]
mod jar;
pub mod owner;
mod position;
mod reaction;
pub mod record;
mod rereading;
mod rules;
mod runtime;
mod saga;
mod source;

pub use aggregate::{Aggregate, AggregateTopics, Rejection, Replicated};
pub use arbiter::{Arbiter, Stamp, Verdict, Void};
pub use body::{Body, DecodeError};
pub use caught::Panicked;
pub use effect::{EFFECT_WITHIN, EffectFuture, Effects};
pub use ids::{
    ClaimId, CommandId, Coordinates, EventId, InvalidCoordinates, Key, LogId, Offset, Ordinal, PartitionId, Timestamp,
    Topic, TopicId, Version,
};
pub use position::{LastAdmitted, PositionMismatch, StoredPosition};
pub use reaction::{Cause, NoReactions, Outgoing, Reactions, SettledAs};
#[doc(hidden)]
pub use runtime::through_store;
pub use runtime::{
    Admitted, AdmittedBatch, AdmittedReader, Announcement, Announcer, Answered, Behind, Commands, Environment,
    ExecuteError, Finding, Follower, LastClaim, Node, NodeConfig, Obstacle, OwnerFound, Place, ReadFault, Replica,
    Request, Role, RoleWatch, RunningRole, Seen, Served, Services, Standing, StartError, StateConfig, Suspicion,
    Timing, TopicPlan, Watcher, now,
};
pub use saga::{Impasse, Saga, SagaStatus};
#[doc(hidden)]
pub use serde_json;
pub use source::{CommandHash, InvalidSource, Novelty, Source, SourcePartition, Windows};
