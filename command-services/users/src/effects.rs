//! What a user's end does to the vault: his key is destroyed, also that of somebody who never came to have an account.

use crate::user::{User, UserState};
use std::time::Duration;
use tillroll_log::{Cause, EffectFuture, Effects};
use tillroll_schemas::UserId;
use tillroll_schemas::user::UserEvent;
use tillroll_vault::Vault;

/// How long until a vault that does not answer is asked again: an effect has a minute.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Destroys keys.
pub struct Shredding(pub Vault);

impl Effects<User> for Shredding {
    fn on_event(&self, cause: &Cause, event: &UserEvent) -> Option<EffectFuture> {
        if !matches!(event, UserEvent::Erased(_) | UserEvent::RegistrationFailed(_)) {
            return None;
        }
        let user: UserId = cause.key.parse().ok()?;
        let vault = self.0.clone();
        Some(Box::pin(async move {
            // Cut off after a minute; whoever folds the events of erasures from the beginning does it again.
            while let Err(error) = vault.erase(user.0).await {
                tracing::warn!(user.id = %user, error = &error as &dyn std::error::Error, "a key is not destroyed yet");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            Ok(Vec::new())
        }))
    }

    /// Nothing is recorded of it, and destroying a key again does nothing.
    fn wanted(&self, _: &UserState, _: &UserEvent) -> bool {
        true
    }
}
