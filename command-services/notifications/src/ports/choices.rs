//! What people want, as their preferences' events say.

use super::{Chosen, Preferences};
use crate::preference::{Preference, State};
use std::fmt;
use std::time::Duration;
use tillroll_log::Replica;
use tillroll_schemas::UserId;

/// How long the events may take to be read to their end.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// What was chosen last.
pub struct ChosenLast(Replica<Preference>);

impl fmt::Debug for ChosenLast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChosenLast")
    }
}

impl ChosenLast {
    /// According to this replica.
    pub fn new(preferences: Replica<Preference>) -> Self {
        Self(preferences)
    }
}

impl Preferences for ChosenLast {
    fn choices(&self, user: UserId) -> Chosen<'_> {
        Box::pin(async move {
            self.0.refresh(READ_WITHIN).await.ok()?;
            Some(self.0.with(&user.to_string(), |_, state: &State| state.clone()).unwrap_or_default())
        })
    }
}
