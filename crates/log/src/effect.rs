//! Effects: one admitted event in, the outside world asked, commands out. What `react` is for other aggregates these are
//! for payment providers and mail servers.

use crate::{Aggregate, Cause, Outgoing};
use std::pin::Pin;

/// Asking the outside world; ends with the commands that record what came of it. Whoever does not know what came of it
/// sends none: an unknown outcome is never a result, and trying again is the aggregate's own deadline's work.
///
/// # Errors
/// A command that cannot be encoded stops the partition, as in a reaction.
pub type EffectFuture = Pin<Box<dyn Future<Output = Result<Vec<Outgoing>, serde_json::Error>> + Send>>;

/// What events of the aggregate `A` do to the outside world.
///
/// Once for each event that is still wanted, and again only if its owner ended in the middle of it: so each must carry
/// a key by which the outside world knows a repeat. In order within one aggregate, beside each other across them. One
/// that takes longer than [`EFFECT_WITHIN`] is cut off, and one that panics ends; both count as an unknown outcome.
/// The commands are the reactor's: same name, same floors, so a step must be named unlike any of the reactor's own.
pub trait Effects<A: Aggregate>: Send + Sync + 'static {
    /// What is to be done about an event, if anything is. Nothing of it may begin before it is polled.
    fn on_event(&self, cause: &Cause, event: &A::Event) -> Option<EffectFuture>;

    /// Whether the aggregate, as it is now, still waits for what the event asks of the outside world: not once the
    /// outcome is recorded, nor once another attempt has taken its place.
    fn wanted(&self, state: &A::State, event: &A::Event) -> bool;
}

/// How long an effect may take.
pub const EFFECT_WITHIN: std::time::Duration = std::time::Duration::from_secs(60);
