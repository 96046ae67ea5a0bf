//! Messages to people: write side of `notification` and `preference`, and the channels that messages leave by.

pub mod bounces;
pub mod channels;
pub mod effects;
pub mod mailbox;
pub mod message_id;
pub mod notification;
pub mod ports;
pub mod preference;
mod reactions;
mod routes;
mod start;
pub mod templates;
pub mod user_facts;

pub use reactions::NotificationReactions;
pub use start::{Outside, start};

#[cfg(test)]
mod samples;
