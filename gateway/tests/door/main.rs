//! The door against roles that really listen: who gets in, what is passed on, what happens when a role does not answer.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod credentials;
mod description;
mod limits;
mod links;
mod overview;
mod passing;
mod roles;
mod world;
