//! What every HTTP role of Tillroll shares: strict requests, problems, identities, tokens, answers, and the server.
//! It knows bytes, versions and offsets, and nothing of Tillroll's events.

mod access;
mod answer;
mod bounded;
mod clock;
mod command_id;
mod coordinates;
pub mod headers;
mod identity;
mod json;
mod keys;
mod mac;
pub mod peer;
mod problem;
pub mod problems;
mod query;
mod random;
mod request_id;
mod route;
mod server;
mod token;

pub use access::{Access, AccessKeyError, AccessKeys, AccessRefused, KeyState, LEEWAY, LOGIN_TOKEN_LIFE};
pub use answer::{CommandAnswer, Timings};
pub use clock::unix_now;
pub use command_id::command_id;
pub use coordinates::{Offset, PartitionId};
pub use headers::{CommandHeaders, IfMatch, PresentedTokens, QueryHeaders};
pub use identity::{
    Caller, Identity, IdentityKey, IdentityVerifier, Login, Reach, Reaching, Role, UnknownRole, UntrustedIdentity,
    Verifies,
};
pub use json::{LARGE_BODY, MAX_DEPTH, SMALL_BODY, StrictJson, read_body};
pub use keys::{
    ACCESS_TOKEN, ACCESS_TOKEN_NEXT, COMMAND_HASH, CONSISTENCY_TOKEN, CommandHashKey, INTERNAL, KeyFileError, Keys,
    KeysError, rotation,
};
pub use problem::{FieldError, Problem, problem_type};
pub use query::{StrictQuery, refuse_parameters};
pub use route::{Allowed, PathId, Scope};
pub use server::{Limits, PeerAddress, serve};
pub use token::{ConsistencyToken, Covered, InvalidToken, TokenKey};
