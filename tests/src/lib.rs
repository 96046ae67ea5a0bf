//! The harness of the tests of the whole system: a real Kafka, a real PostgreSQL, the real binary as a process of its
//! own, and a client that knows nothing but the public door.
//!
//! Start with `turn`: `own` and `shared` run a test. What a test may ask of a running system is in `system`.

mod csv;
mod hand;
mod http;
mod log;
mod paths;
mod process;
pub mod proof;
mod rows;
mod seed;
mod system;
mod turn;
mod up;
mod wait;

pub use csv::{Line, lines, pence, shop_key};
pub use hand::by_hand;
pub use http::{Answer, Ask, Http};
pub use log::{LogEnds, Topics};
pub use paths::{variable, workspace};
pub use process::{Finished, Running, Tillroll};
pub use rows::{Rows, texts};
pub use seed::seed;
pub use system::{System, free_port, free_port_of};
pub use turn::{installed, own, own_of_three, own_serving, own_with, shared};
pub use up::Up;
pub use wait::until;

/// Why a test failed, for people.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What a test ends with.
pub type Outcome<T = ()> = Result<T, Failure>;
