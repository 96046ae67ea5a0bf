//! What orders have to know of users, folded from their events: what a person says of himself that stands on his invoices
//! unless his order says otherwise. A replica; nothing is decided here, and nothing is opened here.

use std::sync::Arc;

use tillroll_log::Replicated;
use tillroll_schemas::user::{Profile, UserEvent};
use tillroll_schemas::{Sealed, catalogue};

/// The user, for reading only.
pub struct CustomerFacts;

/// What he says of himself, under the names of a profile's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// As he wants to be called.
    pub name: Option<Sealed>,
    /// His first name.
    pub first_name: Option<Sealed>,
    /// His last name.
    pub last_name: Option<Sealed>,
    /// The first of his addresses.
    pub address: Option<Sealed>,
}

impl Replicated for CustomerFacts {
    const EVENTS: &'static str = catalogue::USER.events;
    /// Nothing of whom there is no such account, who was forgotten, or who says nothing of himself.
    type State = Option<Arc<Facts>>;
    type Event = UserEvent;

    fn evolve(state: Self::State, event: &UserEvent) -> Self::State {
        match event {
            UserEvent::RegistrationStarted(started) => facts(&started.profile),
            UserEvent::ProfileChanged(changed) => facts(&changed.profile),
            UserEvent::RegistrationFailed(_) | UserEvent::Erased(_) => None,
            UserEvent::ClaimsAnswered(_)
            | UserEvent::ClaimsReserved(_)
            | UserEvent::Activated(_)
            | UserEvent::StepOverdue(_)
            | UserEvent::ClaimsReleased(_)
            | UserEvent::ClaimExpiryAnswered(_)
            | UserEvent::RolesChanged(_)
            | UserEvent::PasswordChanged(_)
            | UserEvent::PasswordRehashed(_)
            | UserEvent::PasswordResetRequested(_)
            | UserEvent::EmailVerificationRequested(_)
            | UserEvent::EmailVerified(_)
            | UserEvent::TokenExpired(_)
            | UserEvent::EmailChangeStarted(_)
            | UserEvent::EmailChangeFailed(_)
            | UserEvent::EmailChanged(_)
            | UserEvent::Suspended(_)
            | UserEvent::Reinstated(_) => state,
        }
    }
}

fn facts(profile: &Profile) -> Option<Arc<Facts>> {
    let Profile { name, first_name, last_name, bio: _, phone: _, addresses, locale: _ } = profile.clone();
    let facts = Facts { name, first_name, last_name, address: addresses.into_iter().next() };
    (facts != Facts::default()).then(|| Arc::new(facts))
}

#[cfg(test)]
mod tests;
