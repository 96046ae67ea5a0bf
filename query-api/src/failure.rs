//! From what fails underneath to what a client is told.

use tillroll_http::{Problem, problems};
use tillroll_postgres::{Error, FromSql, Row};
use tillroll_schemas::{Money, MoneyError};

/// 503 for what passes by itself, 500 for the rest.
pub(crate) fn of_database(error: &Error) -> Problem {
    if error.is_unavailable() {
        // The freshness watcher meets the same and logs it once.
        tracing::debug!(?error, "query not answered");
        return Problem::new(&problems::UNAVAILABLE).detail("the read models cannot be reached");
    }
    tracing::error!(?error, "query failed");
    Problem::new(&problems::INTERNAL)
}

/// The same of the vault. Its errors show no text and no key.
pub(crate) fn of_vault(error: &tillroll_vault::Error) -> Problem {
    if error.is_unavailable() {
        tracing::warn!(?error, "personal data cannot be opened now");
        return Problem::new(&problems::UNAVAILABLE).detail("personal data cannot be opened now");
    }
    tracing::error!(?error, "personal data cannot be opened");
    Problem::new(&problems::INTERNAL)
}

/// A column of a row; the statement beside the call says which.
pub(crate) fn column<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, Problem> {
    row.try_get(index).map_err(|error| {
        tracing::error!(%error, column = index, "row has another shape than its query");
        Problem::new(&problems::INTERNAL)
    })
}

/// An amount of the currency that stands in another column.
pub(crate) fn money(row: &Row, amount: usize, currency: usize) -> Result<Money, Problem> {
    let currency = column::<&str>(row, currency)?.parse().map_err(|error: MoneyError| {
        tracing::error!(%error, column = currency, "row has no currency");
        Problem::new(&problems::INTERNAL)
    })?;
    Ok(Money { amount: column(row, amount)?, currency })
}

/// A query parameter that is understood but cannot be.
pub(crate) fn parameter(name: &'static str, expected: impl Into<String>) -> Problem {
    Problem::new(&problems::INVALID_FIELD).error(name, "invalid", expected.into())
}
