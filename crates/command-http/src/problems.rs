//! What the log says instead of an answer, as a problem.

use axum::http::StatusCode;
use tillroll_http::problems::{Kind, kind};
use tillroll_http::{Problem, problems};
use tillroll_log::{ExecuteError, Rejection, Version};

use crate::place::mark;

/// The problem that a client gets: a rejection under its own code (409; 404 for `not_found`), the rest by its kind.
pub fn problem_of<R: Rejection>(error: ExecuteError<R>) -> Problem {
    match error {
        ExecuteError::Rejected(rejection) => rejected(&rejection),
        ExecuteError::VersionMismatch { current: Version(current) } => Problem::new(&problems::VERSION_MISMATCH)
            .detail(format!("the resource is at version {current}"))
            .member("version", current),
        ExecuteError::KeyReused => Problem::new(&problems::IDEMPOTENCY_KEY_REUSED),
        ExecuteError::Overloaded => Problem::new(&problems::OVERLOADED),
        ExecuteError::Elsewhere(place) => mark(Problem::new(&problems::UNAVAILABLE), place, true),
        ExecuteError::LetGo(place) => mark(Problem::new(&problems::UNAVAILABLE), place, false),
        ExecuteError::Unavailable => Problem::new(&problems::UNAVAILABLE),
        ExecuteError::Failed => Problem::new(&problems::INTERNAL),
    }
}

/// A rejection as a problem. Its code has to be a known one; a test of each context sees to it with [`kind_of`].
pub fn rejected<R: Rejection>(rejection: &R) -> Problem {
    match kind_of(rejection.code()) {
        Some(kind) => Problem::new(kind).detail(rejection.detail()),
        None => {
            tracing::error!(code = rejection.code(), "a rejection's code is of no known kind of problem");
            Problem::new(&problems::INTERNAL)
        }
    }
}

/// The kind of problem that has this code: of the catalogue, or of the write side's own.
pub fn kind_of(code: &str) -> Option<&'static Kind> {
    problems::by_code(code).or_else(|| OWN.iter().find(|kind| kind.code == code).copied())
}

/// What only the write side says.
pub static OWN: &[&Kind] = &[
    &TRACKING_FIXED,
    &STOCK_OVERFLOW,
    &EMAIL_REQUIRED,
    &EMAIL_TAKEN,
    &USERNAME_TAKEN,
    &IDENTITY_UNANSWERED,
    &REGISTRATION_IN_PROGRESS,
    &EMAIL_CHANGE_IN_PROGRESS,
    &USER_SUSPENDED,
    &SINGLE_USE_TOKEN_INVALID,
    &CREDENTIALS_CHANGED,
    &NO_ROLES,
    &INVALID_CREDENTIALS,
    &SESSION_OVER,
    &API_KEY_EXISTS,
    &NO_SCOPES,
    &MAY_BE_HELD,
];

static TRACKING_FIXED: Kind = kind(
    "tracking_fixed",
    StatusCode::CONFLICT,
    "Tracking is fixed",
    "Whether stock is kept of a product cannot change: add another product.",
);
static STOCK_OVERFLOW: Kind = kind(
    "stock_overflow",
    StatusCode::CONFLICT,
    "Too much stock",
    "The stock item would have more pieces than can be counted.",
);
static EMAIL_REQUIRED: Kind = kind(
    "email_required",
    StatusCode::CONFLICT,
    "E-mail required",
    "E-mail about orders and the account cannot be switched off.",
);
static EMAIL_TAKEN: Kind = kind(
    "email_taken",
    StatusCode::CONFLICT,
    "E-mail address taken",
    "Somebody has this e-mail address, in this or another spelling.",
);
static USERNAME_TAKEN: Kind = kind(
    "username_taken",
    StatusCode::CONFLICT,
    "Username taken",
    "Somebody has this username, in this or another spelling.",
);
static IDENTITY_UNANSWERED: Kind = kind(
    "identity_unanswered",
    StatusCode::CONFLICT,
    "Identity unanswered",
    "Whether the address and the username are free could not be found out in time; nothing is held: try again under a new key.",
);
static REGISTRATION_IN_PROGRESS: Kind = kind(
    "registration_in_progress",
    StatusCode::CONFLICT,
    "Registration in progress",
    "The registration is not over yet: repeat later.",
);
static EMAIL_CHANGE_IN_PROGRESS: Kind = kind(
    "email_change_in_progress",
    StatusCode::CONFLICT,
    "Change of address in progress",
    "A change of the e-mail address is not over yet: repeat later.",
);
static USER_SUSPENDED: Kind = kind(
    "user_suspended",
    StatusCode::CONFLICT,
    "Account suspended",
    "The account is suspended: only staff can change that.",
);
static SINGLE_USE_TOKEN_INVALID: Kind = kind(
    "single_use_token_invalid",
    StatusCode::CONFLICT,
    "Token invalid",
    "The token was used or replaced, or is too old: ask for another one.",
);
static CREDENTIALS_CHANGED: Kind = kind(
    "credentials_changed",
    StatusCode::CONFLICT,
    "Credentials changed",
    "The password or what the user may do has changed meanwhile: try again.",
);
static NO_ROLES: Kind = kind("no_roles", StatusCode::CONFLICT, "No roles", "A user has at least one role.");
/// Whoever logs in is told no more than this.
pub static INVALID_CREDENTIALS: Kind = kind(
    "invalid_credentials",
    StatusCode::UNAUTHORIZED,
    "Not let in",
    "There is no such account, or this is not its password.",
);
static SESSION_OVER: Kind = kind(
    "session_over",
    StatusCode::UNAUTHORIZED,
    "Session over",
    "The session is over, or the refresh token is not of it: log in again.",
);
static API_KEY_EXISTS: Kind =
    kind("api_key_exists", StatusCode::CONFLICT, "API key exists", "There is another API key with this id.");
static NO_SCOPES: Kind = kind("no_scopes", StatusCode::CONFLICT, "No scopes", "An API key needs at least one scope.");
static MAY_BE_HELD: Kind = kind(
    "may_be_held",
    StatusCode::CONFLICT,
    "Money may be held",
    "What may be held at the payment provider is never given up: retry, or complete it when nothing is held.",
);

#[cfg(test)]
mod tests;
