//! Messages to people: write side of `notification` and `preference`, and the channels that messages leave by.

pub mod bounces;
pub mod channels;
pub mod effects;
pub mod message_id;
pub mod notification;
pub mod ports;
pub mod preference;
pub mod templates;

#[cfg(test)]
mod samples;
