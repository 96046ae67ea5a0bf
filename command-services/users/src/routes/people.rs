//! Finding people: by what they log in with, and by id. A replica may be behind: nobody is refused before it was read to
//! its end.

use super::Desk;
use crate::user::{Account, Life};
use std::sync::Arc;
use tillroll_command_http::refresh;
use tillroll_http::Problem;
use tillroll_schemas::UserId;
use tillroll_schemas::identity_claim::ClaimKey;

/// Somebody with an account.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) account: Arc<Account>,
    pub(super) suspended: bool,
}

impl Desk {
    /// Who has that address or name, as far as is known here.
    pub(super) fn by_claim(&self, claim: &ClaimKey) -> Option<Person> {
        let hold = self.claims.with(claim.as_str(), |_, claim| claim.confirmed()).flatten()?;
        self.by_id(hold.user_id)
    }

    /// The user with this id, if he has an account, as far as is known here.
    pub(super) fn by_id(&self, id: UserId) -> Option<Person> {
        let known = self.people.with(&id.to_string(), |_, user| match &user.life {
            Life::Active(account) => Some((account.clone(), false)),
            Life::Suspended(account) => Some((account.clone(), true)),
            Life::NotRegistered
            | Life::Reserving(..)
            | Life::Confirming(..)
            | Life::Failed(..)
            | Life::Erased { .. } => None,
        });
        known.flatten().map(|(account, suspended)| Person { id, account, suspended })
    }

    /// Reads to the end of what was said of people until now.
    pub(super) async fn hear(&self) -> Result<(), Problem> {
        let (claims, people) = tokio::join!(refresh(&self.claims), refresh(&self.people));
        claims.and(people)
    }
}
