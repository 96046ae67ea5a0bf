//! What the tests of several crates share: an owner over a log in memory, the law of repeats, real servers, waiting,
//! and what stands on a PDF.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on says so and ends")]

mod bench;
mod pdf;
mod repeats;
mod servers;
mod site;
mod wait;

pub use bench::{Bench, Told};
pub use pdf::pdf_text;
pub use repeats::{Step, Way, assert_twice_adds_nothing, story};
pub use servers::{database, empty_database, migrated, start};
pub use site::{AnySite, Letter, Site};
pub use wait::until;
