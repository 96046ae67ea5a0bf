//! What notifications have to know of users, folded from their events: sealed addresses, the telephone number, which is
//! sealed as well, and the language. A replica; nothing is decided here, and nothing is opened here.

use std::collections::BTreeMap;
use tillroll_log::Replicated;
use tillroll_schemas::user::UserEvent;
use tillroll_schemas::{Sealed, catalogue};

/// So many former addresses are kept: each change is told to the address before it, within hours.
const FORMER: usize = 8;

/// The user, for reading only.
pub struct UserFacts;

/// Where a user is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reached {
    /// There is no such account.
    #[default]
    Unknown,
    /// By these addresses.
    By(Reach),
    /// The person was forgotten.
    Erased,
}

/// The addresses of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The account's.
    pub email: Sealed,
    /// The how manieth it is; one that was proved to be read counts anew.
    pub number: u32,
    /// Those before it, by the hold of the address that came in their place.
    pub former: BTreeMap<u32, Sealed>,
    /// The telephone number, if the person has said one.
    pub phone: Option<Sealed>,
    /// The language that the person reads, as a BCP 47 tag.
    pub locale: Option<String>,
}

impl Reached {
    fn with(self, change: impl FnOnce(&mut Reach)) -> Self {
        match self {
            Self::By(mut reach) => {
                change(&mut reach);
                Self::By(reach)
            }
            Self::Unknown | Self::Erased => self,
        }
    }
}

impl Replicated for UserFacts {
    const EVENTS: &'static str = catalogue::USER.events;
    type State = Reached;
    type Event = UserEvent;

    fn evolve(state: Reached, event: &UserEvent) -> Reached {
        match event {
            UserEvent::RegistrationStarted(started) => Reached::By(Reach {
                email: started.email.clone(),
                number: 1,
                former: BTreeMap::new(),
                phone: started.profile.phone.clone(),
                locale: started.profile.locale.clone(),
            }),
            UserEvent::RegistrationFailed(_) => Reached::Unknown,
            UserEvent::ProfileChanged(changed) => state.with(|reach| {
                reach.phone.clone_from(&changed.profile.phone);
                reach.locale.clone_from(&changed.profile.locale);
            }),
            UserEvent::EmailChanged(changed) => state.with(|reach| {
                reach.number = reach.number.saturating_add(1);
                let before = std::mem::replace(&mut reach.email, changed.email.clone());
                reach.former.insert(changed.claim.hold, before);
                while reach.former.len() > FORMER {
                    reach.former.pop_first();
                }
            }),
            UserEvent::EmailVerified(_) => state.with(|reach| reach.number = reach.number.saturating_add(1)),
            UserEvent::Erased(_) => Reached::Erased,
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
            | UserEvent::TokenExpired(_)
            | UserEvent::EmailChangeStarted(_)
            | UserEvent::EmailChangeFailed(_)
            | UserEvent::Suspended(_)
            | UserEvent::Reinstated(_) => state,
        }
    }
}

#[cfg(test)]
mod tests;
