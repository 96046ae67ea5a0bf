//! The read models: folds of the log into PostgreSQL, kept by a runner that moves rows and checkpoints together.
//! A read model can be dropped at any time; folding the log again gives the same rows, byte for byte.

mod migrations;
mod projection;
pub mod projections;
mod runner;
#[cfg(test)]
mod samples;
mod source;

pub use migrations::{MIGRATIONS, delete_read_models, prepare};
pub use projection::{Projection, Undecodable};
pub use runner::{Place, Projectors, Troubles};
pub use source::{Feed, Segment, Source, SourceError};
