//! What can go wrong, sorted by what a caller does about it: wait and repeat, or give up.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// Something about the database failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is no PostgreSQL URL.
    #[error("the database URL is malformed")]
    Url(#[source] tokio_postgres::Error),
    /// A pool could not be set up.
    #[error("the pool cannot be built")]
    Build(#[source] deadpool_postgres::BuildError),
    /// No connection could be made.
    #[error("cannot connect to the database")]
    Connect(#[source] tokio_postgres::Error),
    /// All connections of the pool are busy.
    #[error("no connection became free in time")]
    Exhausted,
    /// The answer did not come in time.
    #[error("the database did not answer in time")]
    TimedOut,
    /// A statement failed, or the connection broke under it.
    #[error("a statement failed")]
    Statement(#[from] tokio_postgres::Error),
    /// A migration that was applied has another text now.
    #[error("migration {number} ({name}) was changed after it had been applied")]
    MigrationChanged {
        /// Its number.
        number: i32,
        /// Its name.
        name: &'static str,
    },
    /// Numbers of migrations do not rise.
    #[error("migration {name} has number {number}, and not {least} or more")]
    MigrationNumber {
        /// The number it has.
        number: i32,
        /// The least that it may have.
        least: i32,
        /// Its name.
        name: &'static str,
    },
    /// A migration failed and nothing of it was kept.
    #[error("migration {number} ({name}) failed")]
    Migration {
        /// Its number.
        number: i32,
        /// Its name.
        name: &'static str,
        /// What PostgreSQL said.
        #[source]
        source: tokio_postgres::Error,
    },
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(_) => Self::Exhausted,
            PoolError::Backend(source) => Self::Connect(source),
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Self::Exhausted,
        }
    }
}

impl Error {
    /// Whether the same thing may succeed later without anybody changing it: the database is down, starting, full,
    /// slow, or not migrated yet. Callers retry with back-off, or answer 503.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Exhausted | Self::TimedOut => true,
            Self::Connect(error) => passes(error) || error.code().is_none(),
            Self::Statement(error) | Self::Migration { source: error, .. } => passes(error),
            Self::Url(_) | Self::Build(_) | Self::MigrationChanged { .. } | Self::MigrationNumber { .. } => false,
        }
    }

    /// Whether the statement met a value that it can never take (classes 22 and 23): repeating it is of no use.
    pub fn is_about_data(&self) -> bool {
        match self {
            Self::Statement(error) => error.code().is_some_and(|state| matches!(class(state), "22" | "23")),
            _ => false,
        }
    }

    /// Whether another connection may have more luck at once: this one is closed, or its prepared plans are stale.
    pub(crate) fn is_about_the_connection(&self) -> bool {
        match self {
            Self::Statement(error) => {
                connection_is_gone(error) || error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
            }
            _ => false,
        }
    }
}

fn class(state: &SqlState) -> &str {
    state.code().get(..2).unwrap_or_default()
}

fn connection_is_gone(error: &tokio_postgres::Error) -> bool {
    let stopped = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::IDLE_SESSION_TIMEOUT,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    match error.code() {
        Some(state) => stopped.contains(state) || class(state) == "08",
        None => error.is_closed() || has_io_source(error),
    }
}

/// Errors that end by themselves.
fn passes(error: &tokio_postgres::Error) -> bool {
    let Some(state) = error.code() else { return connection_is_gone(error) };
    match class(state) {
        _ if connection_is_gone(error) => true,
        // Connection; transaction rollback (serialisation, deadlock); resources; operator intervention; system error.
        "08" | "40" | "53" | "57" | "58" => true,
        // A read-only server is a standby about to be promoted; a missing table or schema is yet to be migrated.
        _ => [
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::UNDEFINED_TABLE,
            SqlState::INVALID_SCHEMA_NAME,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::INVALID_CATALOG_NAME,
        ]
        .contains(state),
    }
}

fn has_io_source(error: &tokio_postgres::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if source.is::<std::io::Error>() {
            return true;
        }
        next = source.source();
    }
    false
}
