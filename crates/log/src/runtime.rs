//! The IO around the pure parts: one node per process, roles that own partitions, readers and replicas.

mod clock;
mod commands;
mod follower;
mod inspect;
mod node;
pub(crate) mod outbox;
mod partition;
mod reader;
mod replica;
mod role;
mod services;
mod store;
mod topics;

pub use clock::now;
pub use commands::{Answered, Commands, ExecuteError, Request, Timing};
pub use follower::{Behind, Follower, Seen, Watcher};
pub use inspect::{LastClaim, Obstacle, Standing};
pub use node::{Environment, Node, NodeConfig, StartError};
#[cfg(test)]
pub(crate) use partition::guard::tests::notices;
pub use reader::{Admitted, AdmittedBatch, AdmittedReader, ReadFault};
pub use replica::Replica;
pub use role::{Role, RoleWatch, RunningRole};
pub use services::{Announcement, Announcer, OwnerFound, Place, Served, Services, Suspicion};
pub use store::{StateConfig, through_store};
pub use topics::{Finding, TopicPlan};
