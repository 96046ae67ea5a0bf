//! The context of people: the aggregates `user`, with the sagas that bring an account about, `identity-claim`,
//! `session` and `api-key`; passwords, and delays against guessing them.

pub mod api_key;
pub mod guessing;
pub mod identity;
pub mod identity_claim;
pub mod password;
mod reactions;
pub mod session;
pub mod user;

pub use reactions::{IdentityClaimReactions, UserReactions};
