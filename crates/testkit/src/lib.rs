//! What the tests of several crates share: an owner over a log in memory, the law of repeats, real servers, waiting.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on says so and ends")]

mod bench;
mod repeats;
mod servers;
mod site;
mod wait;

pub use bench::{Bench, Told};
pub use repeats::{Step, Way, assert_twice_adds_nothing, story};
pub use servers::{database, empty_database, migrated, start};
pub use site::{AnySite, Letter, Site};
pub use wait::until;
