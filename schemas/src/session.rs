//! `session`: one log-in and its family of refresh tokens. Key: the session id.

use crate::{Sealed, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Somebody logged in; the first refresh token is generation 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Who.
    pub user_id: UserId,
    /// His security epoch then. The session is good as long as it is his.
    pub epoch: u64,
    /// What he logged in with, as shown in his list of sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Sealed>,
    /// When the session ends, unless it is refreshed.
    pub expires_at: Timestamp,
}

/// The newest refresh token was used for the first time: there is a newer one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshed {
    /// The newest generation now.
    pub generation: u64,
    /// Until then the generation before gets the same successor, unless that is used before.
    pub previous_until: Timestamp,
    /// When the session ends, unless it is refreshed.
    pub expires_at: Timestamp,
}

/// The generation before the newest is spent for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousRetired {
    /// Which.
    pub generation: u64,
}

/// The user logged out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedOut {}

/// The session was ended from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Why.
    #[serde(flatten)]
    pub cause: Revocation,
}

/// Why a session is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Revocation {
    /// A spent refresh token came again: somebody has stolen one.
    TokenReused {
        /// Its generation.
        generation: u64,
    },
    /// The user's security epoch is another one.
    EpochRaised {
        /// Which it is now.
        epoch: u64,
    },
    /// The user ended it from another session.
    ByUser,
    /// Staff ended it.
    ByStaff,
}

/// Nobody refreshed it in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {}

tillroll_log::bodies! {
    /// What happened to a session.
    pub enum SessionEvent {
        Opened(Opened) = "session.opened.v1",
        Refreshed(Refreshed) = "session.refreshed.v1",
        PreviousRetired(PreviousRetired) = "session.previous-retired.v1",
        LoggedOut(LoggedOut) = "session.logged-out.v1",
        Revoked(Revoked) = "session.revoked.v1",
        Expired(Expired) = "session.expired.v1",
    }
}

/// Opens a session for somebody whose password was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// Who.
    pub user_id: UserId,
    /// His security epoch, as it was when the password was verified.
    pub epoch: u64,
    /// What he logs in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Sealed>,
}

/// Asks for the successor of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshSession {
    /// The token's generation.
    pub generation: u64,
    /// The user's security epoch now.
    pub epoch: u64,
}

/// Ends the session by its user, in this session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOut {}

/// Ends the session from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeSession {
    /// Whose it has to be; anybody else's is not there. Nobody: whosever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<UserId>,
    /// Why.
    #[serde(flatten)]
    pub cause: Revocation,
}

/// The timer's command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDeadlinePassed {
    /// The deadline that fired.
    pub deadline: Timestamp,
}

tillroll_log::bodies! {
    /// What can be asked of a session.
    pub enum SessionCommand {
        Open(OpenSession) = "session.open",
        Refresh(RefreshSession) = "session.refresh",
        LogOut(LogOut) = "session.log-out",
        Revoke(RevokeSession) = "session.revoke",
        DeadlinePassed(SessionDeadlinePassed) = "session.deadline-passed",
    }
}
