//! What the log says instead of an answer, as a problem.

use tillroll_http::problems::Kind;
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

/// The kind of problem that has this code.
pub fn kind_of(code: &str) -> Option<&'static Kind> {
    problems::by_code(code)
}

#[cfg(test)]
mod tests;
