//! Migrations: numbered SQL texts, applied in order, once, all of a run in one transaction.
//! An advisory lock lets many processes start at once; a checksum notices a text that was changed afterwards.

use crate::{Error, Pool, Settings, Transaction, connect};
use std::collections::BTreeMap;
use std::time::Duration;

/// One step of a schema, usually `Migration { number: 1, name: "…", sql: include_str!("0001_….sql") }`.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1, 2, 3, …
    pub number: i32,
    /// For people.
    pub name: &'static str,
    /// Statements; never changed once released.
    pub sql: &'static str,
}

/// Any number that no other application uses for a lock in the same database ("till" in ASCII).
const LOCK: i64 = 0x7469_6c6c;

const REGISTRY: &str = "
    CREATE SCHEMA IF NOT EXISTS migration;
    CREATE TABLE IF NOT EXISTS migration.applied (
        number     integer PRIMARY KEY,
        name       text NOT NULL,
        checksum   text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );";

const APPLIED: &str = "SELECT number, checksum FROM migration.applied ORDER BY number";

const CHECKSUM: &str = "SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')";

const REGISTER: &str = "INSERT INTO migration.applied (number, name, checksum) VALUES ($1, $2, $3)";

/// Brings the database to the last of `migrations`; the number of those that were missing.
///
/// Safe to repeat and to run from many processes at once: all but one wait and then find nothing to do.
/// Migrations of a newer build are left alone.
pub async fn migrate(settings: &Settings, migrations: &[Migration]) -> Result<usize, Error> {
    check_numbers(migrations)?;
    let patient = settings.clone().statement_timeout(Duration::ZERO);
    let mut connection = connect(&patient).await?;
    let transaction = connection.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    transaction.batch_execute(REGISTRY).await?;
    let missing = missing(&transaction, migrations).await?;
    for migration in &missing {
        apply(&transaction, migration).await?;
    }
    transaction.commit().await?;
    if !missing.is_empty() {
        tracing::info!(count = missing.len(), "migrations applied");
    }
    Ok(missing.len())
}

/// What a database has of a build's migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Those that are not applied.
    pub missing: Vec<i32>,
    /// Those that were applied with another text.
    pub changed: Vec<i32>,
    /// Those that this build does not know.
    pub unknown: Vec<i32>,
}

/// Compares what was applied with `migrations`, and changes nothing.
pub async fn migrated(pool: &Pool, migrations: &[Migration]) -> Result<Migrated, Error> {
    let there = pool.row("SELECT to_regclass('migration.applied') IS NOT NULL", &[]).await?;
    let there = there.map(|row| row.try_get(0)).transpose()?.unwrap_or(false);
    let rows = if there { pool.rows(APPLIED, &[]).await? } else { Vec::new() };
    let mut applied = BTreeMap::new();
    for row in &rows {
        applied.insert(row.try_get::<_, i32>(0)?, row.try_get::<_, String>(1)?);
    }
    let mut migrated = Migrated::default();
    for Migration { number, sql, .. } in migrations {
        let Some(known) = applied.remove(number) else {
            migrated.missing.push(*number);
            continue;
        };
        let own = pool.row(CHECKSUM, &[sql]).await?.map(|row| row.try_get(0)).transpose()?;
        if own.as_ref() != Some(&known) {
            migrated.changed.push(*number);
        }
    }
    migrated.unknown = applied.into_keys().collect();
    Ok(migrated)
}

fn check_numbers(migrations: &[Migration]) -> Result<(), Error> {
    let mut least = 1;
    for &Migration { number, name, .. } in migrations {
        if number < least {
            return Err(Error::MigrationNumber { number, least, name });
        }
        least = number.saturating_add(1);
    }
    Ok(())
}

async fn checksum(transaction: &Transaction<'_>, migration: &Migration) -> Result<String, Error> {
    Ok(transaction.query_one(CHECKSUM, &[&migration.sql]).await?.try_get(0)?)
}

/// The migrations that are not applied yet; an error if an applied one has changed.
async fn missing<'a>(transaction: &Transaction<'_>, migrations: &'a [Migration]) -> Result<Vec<&'a Migration>, Error> {
    let rows = transaction.query(APPLIED, &[]).await?;
    let mut missing = Vec::new();
    for migration in migrations {
        let mut known = None;
        for row in &rows {
            if row.try_get::<_, i32>(0)? == migration.number {
                known = Some(row.try_get::<_, String>(1)?);
            }
        }
        match known {
            None => missing.push(migration),
            Some(applied) if applied == checksum(transaction, migration).await? => {}
            Some(_) => return Err(Error::MigrationChanged { number: migration.number, name: migration.name }),
        }
    }
    Ok(missing)
}

async fn apply(transaction: &Transaction<'_>, migration: &Migration) -> Result<(), Error> {
    let failed = |source| Error::Migration { number: migration.number, name: migration.name, source };
    transaction.batch_execute(migration.sql).await.map_err(failed)?;
    let checksum = checksum(transaction, migration).await?;
    transaction.execute(REGISTER, &[&migration.number, &migration.name, &checksum]).await.map_err(failed)?;
    Ok(())
}
