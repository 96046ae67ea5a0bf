//! The read models' tables, as `schemas/migrations` has them.

use std::time::Duration;
use tillroll_postgres::{Error, Migration, Settings, connect, migrate};

macro_rules! migrations {
    ($($number:literal $name:literal),+ $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../schemas/migrations/", $name, ".sql")),
        }),+]
    };
}

/// Everything that the projectors write and the query API reads, in order.
pub const MIGRATIONS: &[Migration] = migrations![
    1 "0001_projection",
    2 "0002_catalog",
    3 "0003_inventory",
    4 "0004_orders",
    5 "0005_sales",
    10 "0010_users",
    11 "0011_sessions",
    12 "0012_api_keys",
    13 "0013_users_had",
    20 "0020_payments",
    21 "0021_invoices",
    30 "0030_notifications",
    31 "0031_preferences",
    40 "0040_carts",
    41 "0041_carts_addressed",
    50 "0050_orders_paid",
    51 "0051_orders_addressed",
    60 "0060_documents_made_out",
    61 "0061_orders_owing",
];

/// Every schema that holds read models, and with them the record of which migrations were applied.
const SCHEMAS: [&str; 10] = [
    "catalog",
    "inventory",
    "orders",
    "sales",
    "people",
    "payments",
    "invoices",
    "notifications",
    "projection",
    "migration",
];

/// Makes the tables, or brings them to this build's. If anybody dropped some of the read models' schemas by hand, the
/// others go too: all of it is folded from the log again.
pub async fn prepare(settings: &Settings) -> Result<(), Error> {
    if some_are_missing(settings).await? {
        tracing::warn!("some read models were dropped: all of them are folded anew");
        delete_read_models(settings).await?;
    }
    migrate(settings, MIGRATIONS).await.map(drop)
}

/// Deletes every read model and its checkpoint. Nothing is lost: the next start folds them from the log.
pub async fn delete_read_models(settings: &Settings) -> Result<(), Error> {
    let connection = connect(&settings.clone().statement_timeout(Duration::ZERO)).await?;
    connection.batch_execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", SCHEMAS.join(", "))).await?;
    Ok(())
}

/// Whether migrations were applied whose schemas are not there any more.
async fn some_are_missing(settings: &Settings) -> Result<bool, Error> {
    let connection = connect(settings).await?;
    let there = "SELECT count(*) FROM pg_namespace WHERE nspname = ANY($1)";
    let count: i64 = connection.query_one(there, &[&SCHEMAS.as_slice()]).await?.try_get(0)?;
    Ok(count > 0 && usize::try_from(count) != Ok(SCHEMAS.len()))
}
