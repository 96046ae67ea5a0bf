//! `session`: one log-in. Opened, refreshed any number of times, and over for ever: logged out, revoked or expired.
//!
//! Must hold: only the newest refresh token makes a newer one; the one before gets the same successor until that is
//! used, or its time is up; any older one ends the session. Nothing wakes a session that is over. A deadline may fire late:
//! what is too old is refused before it has.

pub mod token;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::session::{
    Expired, LogOut, LoggedOut, OpenSession, Opened, PreviousRetired, RefreshSession, Refreshed, Revocation,
    RevokeSession, Revoked, SessionCommand, SessionDeadlinePassed, SessionEvent,
};
use tillroll_schemas::{Sealed, UserId, catalogue};

/// A session that nobody refreshes ends after 7 days.
pub const LIFETIME_S: i64 = 7 * 24 * 60 * 60;
/// So long a lost answer to a refresh can be had again.
pub const PREVIOUS_FOR_S: i64 = 30;

/// The aggregate.
#[derive(Debug)]
pub struct Session;

/// Where a session is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody has opened it.
    #[default]
    NotOpened,
    /// It is good.
    Live(Live),
    /// It is over.
    Over {
        /// Whose it was.
        user_id: UserId,
        /// How it ended.
        ending: Ending,
    },
}

/// A session that is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// Whose it is.
    pub user_id: UserId,
    /// His security epoch when he opened it.
    pub epoch: u64,
    /// What he logged in with.
    pub device: Option<Sealed>,
    /// The newest refresh token's generation, from 1.
    pub generation: u64,
    /// Until then the generation before it gets it as well; nothing once that is spent.
    pub previous_until: Option<Timestamp>,
    /// When it ends, unless it is refreshed.
    pub expires_at: Timestamp,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Its user logged out.
    LoggedOut,
    /// It was ended from outside.
    Revoked(Revocation),
    /// Nobody refreshed it in time.
    Expired,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such session.
    NotFound,
    /// It is over.
    Over,
    /// No such refresh token was ever made.
    UnknownGeneration,
}

impl Rejection {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::NotFound, Self::Over, Self::UnknownGeneration];
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Over | Self::UnknownGeneration => "session_over",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound => "there is no such session",
            Self::Over => "the session is over: log in again",
            Self::UnknownGeneration => "the refresh token is not of this session: log in again",
        }
        .to_owned()
    }
}

type Decision = Result<Option<SessionEvent>, Rejection>;

impl Aggregate for Session {
    const TOPICS: AggregateTopics = catalogue::SESSION;
    const STATE_SCHEMA: u32 = 1;
    type State = State;
    type Command = SessionCommand;
    type Event = SessionEvent;
    type Rejection = Rejection;
    /// The session as it is now, also for a repeat: what was true once must not make a token today.
    type Answer = State;

    fn decide(state: &State, command: &SessionCommand, at: Timestamp) -> Decision {
        match command {
            SessionCommand::Open(command) => open(state, command, at),
            SessionCommand::Refresh(command) => refresh(state, command, at),
            SessionCommand::LogOut(LogOut {}) => end(state, LoggedOut {}),
            SessionCommand::Revoke(RevokeSession { of, .. }) if !state.is_of(*of) => Err(Rejection::NotFound),
            SessionCommand::Revoke(RevokeSession { of: _, cause }) => end(state, Revoked { cause: *cause }),
            SessionCommand::DeadlinePassed(command) => Ok(passed(state, command)),
        }
    }

    fn evolve(state: State, event: &SessionEvent) -> State {
        match event {
            SessionEvent::Opened(e) => opened(e),
            SessionEvent::Refreshed(e) => state.map_live(|live| Live {
                generation: e.generation,
                previous_until: Some(e.previous_until),
                expires_at: e.expires_at,
                ..live
            }),
            SessionEvent::PreviousRetired(_) => state.map_live(|live| Live { previous_until: None, ..live }),
            SessionEvent::LoggedOut(LoggedOut {}) => state.over(Ending::LoggedOut),
            SessionEvent::Revoked(e) => state.over(Ending::Revoked(e.cause)),
            SessionEvent::Expired(Expired {}) => state.over(Ending::Expired),
        }
    }

    fn answer(_key: &Key, _event: Option<&SessionEvent>, state: &State) -> State {
        state.clone()
    }

    fn deadline(state: &State) -> Option<Timestamp> {
        match state {
            State::Live(live) => Some(live.previous_until.map_or(live.expires_at, |until| until.min(live.expires_at))),
            State::NotOpened | State::Over { .. } => None,
        }
    }

    fn on_deadline(deadline: Timestamp) -> Option<SessionCommand> {
        Some(SessionDeadlinePassed { deadline }.into())
    }
}

impl State {
    /// The generation of the token that somebody gets who presents a token of this generation: its successor, if
    /// that is the newest one. What a handler asks after a refresh, of the answer.
    pub fn successor_of(&self, presented: u64) -> Option<u64> {
        match self {
            Self::Live(live) if live.previous_until.is_some() && presented.checked_add(1) == Some(live.generation) => {
                Some(live.generation)
            }
            Self::Live(_) | Self::NotOpened | Self::Over { .. } => None,
        }
    }

    /// Whether it is this user's, if anybody's in particular is meant.
    fn is_of(&self, user: Option<UserId>) -> bool {
        match self {
            Self::NotOpened => true,
            Self::Live(Live { user_id, .. }) | Self::Over { user_id, .. } => user.is_none_or(|user| user == *user_id),
        }
    }

    fn map_live(self, change: impl FnOnce(Live) -> Live) -> Self {
        match self {
            Self::Live(live) => Self::Live(change(live)),
            state @ (Self::NotOpened | Self::Over { .. }) => state,
        }
    }

    fn over(self, ending: Ending) -> Self {
        match self {
            Self::Live(Live { user_id, .. }) => Self::Over { user_id, ending },
            state @ (Self::NotOpened | Self::Over { .. }) => state,
        }
    }
}

fn open(state: &State, command: &OpenSession, at: Timestamp) -> Decision {
    let OpenSession { user_id, epoch, device } = command.clone();
    match state {
        State::NotOpened => Ok(Some(Opened { user_id, epoch, device, expires_at: later(at, LIFETIME_S) }.into())),
        State::Live(live) if live.user_id == user_id && live.epoch == epoch => Ok(None),
        State::Live(_) | State::Over { .. } => Err(Rejection::Over),
    }
}

fn refresh(state: &State, command: &RefreshSession, at: Timestamp) -> Decision {
    let live = match state {
        State::NotOpened => return Err(Rejection::NotFound),
        State::Over { .. } => return Err(Rejection::Over),
        State::Live(live) if at >= live.expires_at => return Err(Rejection::Over),
        State::Live(live) => live,
    };
    let RefreshSession { generation, epoch } = *command;
    // Who has not heard yet of the epoch at which the session was opened cannot say that it was raised since.
    if epoch > live.epoch {
        return Ok(Some(Revoked { cause: Revocation::EpochRaised { epoch } }.into()));
    }
    let is_previous = generation.checked_add(1) == Some(live.generation);
    if generation == live.generation {
        let generation = generation.checked_add(1).ok_or(Rejection::UnknownGeneration)?;
        let (previous_until, expires_at) = (later(at, PREVIOUS_FOR_S), later(at, LIFETIME_S));
        Ok(Some(Refreshed { generation, previous_until, expires_at }.into()))
    } else if generation > live.generation || generation == 0 {
        Err(Rejection::UnknownGeneration)
    } else if is_previous && live.previous_until.is_some_and(|until| at < until) {
        Ok(None)
    } else {
        Ok(Some(Revoked { cause: Revocation::TokenReused { generation } }.into()))
    }
}

fn end(state: &State, event: impl Into<SessionEvent>) -> Decision {
    match state {
        State::NotOpened => Err(Rejection::NotFound),
        State::Live(_) => Ok(Some(event.into())),
        State::Over { .. } => Ok(None),
    }
}

/// A deadline that the session has not any more is of a token or a time that ended before.
fn passed(state: &State, command: &SessionDeadlinePassed) -> Option<SessionEvent> {
    let State::Live(live) = state else { return None };
    if live.expires_at == command.deadline {
        Some(Expired {}.into())
    } else if live.previous_until == Some(command.deadline) {
        Some(PreviousRetired { generation: live.generation.saturating_sub(1) }.into())
    } else {
        None
    }
}

fn opened(event: &Opened) -> State {
    let Opened { user_id, epoch, device, expires_at } = event.clone();
    State::Live(Live { user_id, epoch, device, generation: 1, previous_until: None, expires_at })
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(Timestamp::MAX_UTC)
}

#[cfg(test)]
mod tests;
