//! PostgreSQL as Tillroll uses it: pools and single connections from a URL, migrations, and which errors pass by
//! themselves. Knows nothing of any table. Everything resumes by itself when the database is back.

mod connector;
mod error;
mod migrations;
mod pool;
mod settings;

pub use connector::{Connection, connect};
pub use deadpool_postgres::Transaction;
pub use error::Error;
pub use migrations::{Migrated, Migration, migrate, migrated};
pub use pool::Pool;
pub use settings::Settings;
pub use tokio_postgres::Row;
pub use tokio_postgres::types::{FromSql, ToSql, Type};

/// One parameter of a statement.
pub type Param<'a> = &'a (dyn ToSql + Sync);

/// Runs a statement in a transaction, prepared once per connection; the number of rows that it changed.
pub async fn execute(transaction: &Transaction<'_>, sql: &str, params: &[Param<'_>]) -> Result<u64, Error> {
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.execute(&statement, params).await?)
}
