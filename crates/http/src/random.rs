//! The one home of random ids in this crate: none of them is ever decided upon or replayed.

use uuid::Uuid;

/// UUID v4.
#[expect(
    clippy::disallowed_methods,
    reason = "names requests, tokens and drafts, and commands that came without a key"
)]
pub(crate) fn random_id() -> Uuid {
    Uuid::new_v4()
}
