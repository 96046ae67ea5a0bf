//! `identity-claim`, key: HMAC of an address or username. Free → reserved → confirmed → free again.
//!
//! Must hold: one holder at most, whatever comes in whatever order. A reservation never lapses by itself: when its time
//! is up its user is asked, again and again, and says whether it is confirmed, extended or released.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::catalogue;
use tillroll_schemas::identity_claim::{
    ConfirmIdentity, Confirmed, ExpiryAsked, ExpiryPassed, ExtendIdentity, Extended, Hold, IdentityClaimCommand,
    IdentityClaimEvent, ReleaseIdentity, Released, ReserveIdentity, Reserved,
};

/// The first wait for a user who was asked; each one after it is twice as long.
const ASK_AGAIN_AFTER_S: i64 = 60;
/// Waits grow so many times: to about an hour.
const LONGER_TIMES: u32 = 6;

/// The aggregate.
#[derive(Debug)]
pub struct IdentityClaim;

/// Who has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody.
    #[default]
    Free,
    /// A user, until he says what becomes of it.
    Reserved {
        /// Who, by which of his attempts.
        hold: Hold,
        /// When he is asked.
        expires_at: Timestamp,
        /// How many times he was asked.
        asked: u32,
    },
    /// A user, until he lets go of it.
    Confirmed {
        /// Who, by which of his attempts.
        hold: Hold,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Somebody has it, or the same user by another attempt.
    Taken,
    /// It is not held under this hold, so it can be neither confirmed nor extended.
    NotHeld,
}

impl Rejection {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Taken, Self::NotHeld];
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Taken => "identity_taken",
            Self::NotHeld => "identity_not_held",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Taken => "somebody else has it",
            Self::NotHeld => "it is not held for this user",
        }
        .to_owned()
    }
}

type Decision = Result<Option<IdentityClaimEvent>, Rejection>;

impl Aggregate for IdentityClaim {
    const TOPICS: AggregateTopics = catalogue::IDENTITY_CLAIM;
    const STATE_SCHEMA: u32 = 1;
    type State = State;
    type Command = IdentityClaimCommand;
    type Event = IdentityClaimEvent;
    type Rejection = Rejection;
    /// Who has it, reserved or confirmed.
    type Answer = Option<Hold>;

    fn decide(state: &State, command: &IdentityClaimCommand, at: Timestamp) -> Decision {
        match command {
            IdentityClaimCommand::Reserve(command) => reserve(state, command),
            IdentityClaimCommand::Extend(command) => extend(state, command),
            IdentityClaimCommand::Confirm(command) => confirm(state, command),
            IdentityClaimCommand::Release(command) => Ok(release(state, command)),
            IdentityClaimCommand::ExpiryPassed(command) => Ok(ask(state, command, at)),
        }
    }

    fn evolve(state: State, event: &IdentityClaimEvent) -> State {
        match event {
            IdentityClaimEvent::Reserved(e) => State::Reserved { hold: e.hold, expires_at: e.expires_at, asked: 0 },
            IdentityClaimEvent::Extended(e) => State::Reserved { hold: e.hold, expires_at: e.expires_at, asked: 0 },
            IdentityClaimEvent::ExpiryAsked(e) => asked(state, e),
            IdentityClaimEvent::Confirmed(e) => State::Confirmed { hold: e.hold },
            IdentityClaimEvent::Released(_) => State::Free,
        }
    }

    fn answer(_key: &Key, _event: Option<&IdentityClaimEvent>, state: &State) -> Option<Hold> {
        state.hold()
    }

    fn deadline(state: &State) -> Option<Timestamp> {
        match state {
            State::Reserved { expires_at, .. } => Some(*expires_at),
            State::Free | State::Confirmed { .. } => None,
        }
    }

    fn on_deadline(deadline: Timestamp) -> Option<IdentityClaimCommand> {
        Some(ExpiryPassed { deadline }.into())
    }
}

impl State {
    /// Who has it, reserved or confirmed.
    pub fn hold(&self) -> Option<Hold> {
        match self {
            Self::Free => None,
            Self::Reserved { hold, .. } | Self::Confirmed { hold } => Some(*hold),
        }
    }

    /// Who has it for good.
    pub fn confirmed(&self) -> Option<Hold> {
        match self {
            Self::Confirmed { hold } => Some(*hold),
            Self::Free | Self::Reserved { .. } => None,
        }
    }
}

fn reserve(state: &State, command: &ReserveIdentity) -> Decision {
    let ReserveIdentity { hold, expires_at } = *command;
    match state.hold() {
        None => Ok(Some(Reserved { hold, expires_at }.into())),
        Some(holder) if holder == hold => Ok(None),
        Some(_) => Err(Rejection::Taken),
    }
}

fn extend(state: &State, command: &ExtendIdentity) -> Decision {
    let ExtendIdentity { hold, expires_at: wanted } = *command;
    match state {
        State::Reserved { hold: holder, expires_at, .. } if *holder == hold => {
            Ok((wanted > *expires_at).then(|| Extended { hold, expires_at: wanted }.into()))
        }
        State::Confirmed { hold: holder } if *holder == hold => Ok(None),
        State::Free | State::Reserved { .. } | State::Confirmed { .. } => Err(Rejection::NotHeld),
    }
}

fn confirm(state: &State, command: &ConfirmIdentity) -> Decision {
    let hold = command.hold;
    match state {
        State::Reserved { hold: holder, .. } if *holder == hold => Ok(Some(Confirmed { hold }.into())),
        State::Confirmed { hold: holder } if *holder == hold => Ok(None),
        State::Free | State::Reserved { .. } | State::Confirmed { .. } => Err(Rejection::NotHeld),
    }
}

fn release(state: &State, command: &ReleaseIdentity) -> Option<IdentityClaimEvent> {
    let hold = command.hold;
    (state.hold() == Some(hold)).then(|| Released { hold }.into())
}

/// A deadline that is not the present reservation's is of one that ended in the meantime.
fn ask(state: &State, command: &ExpiryPassed, at: Timestamp) -> Option<IdentityClaimEvent> {
    match state {
        State::Reserved { hold, expires_at, asked } if *expires_at == command.deadline => {
            let wait = TimeDelta::seconds(ASK_AGAIN_AFTER_S << (*asked).min(LONGER_TIMES));
            let expires_at = at.max(*expires_at).checked_add_signed(wait).unwrap_or(Timestamp::MAX_UTC);
            Some(ExpiryAsked { hold: *hold, attempt: asked.saturating_add(1), expires_at }.into())
        }
        State::Free | State::Reserved { .. } | State::Confirmed { .. } => None,
    }
}

fn asked(state: State, event: &ExpiryAsked) -> State {
    match state {
        State::Reserved { hold, .. } => State::Reserved { hold, expires_at: event.expires_at, asked: event.attempt },
        state @ (State::Free | State::Confirmed { .. }) => state,
    }
}

#[cfg(test)]
mod tests;
