//! The read side's HTTP: queries over the read models in PostgreSQL, and nothing but them.
//!
//! Every answer says how fresh it is. A query that carries a consistency token is answered only once the read models
//! have come that far. Start with `start`; a resource is a file in `routes`.

mod answer;
mod ends;
mod failure;
mod freshness;
mod paging;
mod pdf;
mod queries;
mod routes;
mod scopes;

pub use ends::{EndOffsets, NodeEnds};
pub use queries::start;
