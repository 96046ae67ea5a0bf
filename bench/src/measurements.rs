//! One file per measurement.

mod budget;
mod checkout;
mod commands;
mod gateway;
mod hot_key;
mod log_in;
mod owner_catch_up;
mod point_query;
mod projector_catch_up;

pub use budget::budget;
pub use checkout::{checkout, checkout_by_card};
pub use commands::commands;
pub use gateway::gateway;
pub use hot_key::hot_key;
pub use log_in::log_in;
pub use owner_catch_up::{owner_catch_up, start_takes};
pub use point_query::point_query;
pub use projector_catch_up::{prepare, projector_catch_up};
