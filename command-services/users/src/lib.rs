//! The context of people: the aggregates `user`, with the sagas that bring an account about, `identity-claim`,
//! `session` and `api-key`; passwords, and delays against guessing them.

pub mod api_key;
mod effects;
pub mod guessing;
pub mod identity;
pub mod identity_claim;
pub mod mail_token;
pub mod password;
mod reactions;
mod routes;
mod secrets;
pub mod session;
mod start;
pub mod user;

pub use reactions::{IdentityClaimReactions, UserReactions};
pub use secrets::Secrets;
pub use start::{UsersStartError, start};
