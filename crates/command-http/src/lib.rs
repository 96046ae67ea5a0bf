//! From a request at the door to a command in the log, and back: the one mapping that every context's routes share.
//! Knows headers, tokens and problems (`tillroll-http`) and requests and answers (`tillroll-log`), no context.

mod checks;
mod intervention;
mod kept_body;
mod keys;
mod logs;
mod named;
mod outcome;
mod owners;
mod patience;
mod place;
mod problems;
mod replica;
mod siblings;

pub use checks::Checks;
pub use intervention::{ReasonBody, RetryBody};
pub use keys::CommandKeys;
pub use named::Named;
pub use outcome::outcome;
pub use owners::{OWNER_WITHIN, with_owners};
pub use patience::until_it_may;
pub use place::better_there;
pub use problems::{kind_of, problem_of, rejected};
pub use replica::{reach_tokens, refresh};
pub use siblings::{Saying, Sibling, Siblings};
pub use tillroll_http::problems::INVALID_CREDENTIALS;

use std::time::Duration;

/// How long a command may take until its answer is durable and read back.
pub const EXECUTE_WITHIN: Duration = Duration::from_secs(5);
/// How long a replica may take to reach what the client has seen, or the end as it was when the command arrived.
pub const REPLICA_WITHIN: Duration = Duration::from_secs(2);
