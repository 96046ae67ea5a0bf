//! The read models as they stand in PostgreSQL, row by row, so that two states can be compared byte by byte.

use crate::{LogEnds, Outcome};
use futures_util::TryStreamExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use tokio_postgres::{Client, NoTls};

/// Schemas that hold no rows of read models: how far the projections are, and which migrations were applied.
const NO_READ_MODELS: &str = "'projection', 'migration', 'public', 'information_schema'";

/// Topics of which no read model is made.
const UNREAD: [&str; 1] = ["identity-claim.events.v1"];

/// Every table of the read models with a hash of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    tables: BTreeMap<String, (usize, String)>,
}

impl Rows {
    /// Reads all tables: `COPY (SELECT * FROM … ORDER BY primary key) TO STDOUT`.
    pub async fn read(database_url: &str) -> Outcome<Self> {
        let client = connect(database_url).await?;
        let mut tables = BTreeMap::new();
        for row in client.query(&tables_sql(), &[]).await? {
            let (table, key): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let copy = format!("COPY (SELECT * FROM {table} ORDER BY {key}) TO STDOUT");
            let chunks: Vec<_> = client.copy_out(&copy).await?.try_collect().await?;
            let mut hash = Sha256::new();
            let mut lines = 0;
            for chunk in &chunks {
                hash.update(chunk);
                lines += chunk.iter().filter(|byte| **byte == b'\n').count();
            }
            let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            tables.insert(table, (lines, hash));
        }
        Ok(Self { tables })
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.tables.get(table).map_or(0, |(rows, _)| *rows)
    }

    /// All tables.
    pub fn tables(&self) -> Vec<&str> {
        self.tables.keys().map(String::as_str).collect()
    }

    /// Tables whose rows differ, for people.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let all: std::collections::BTreeSet<_> = self.tables.keys().chain(other.tables.keys()).collect();
        let differs = |table: &&&String| self.tables.get(**table) != other.tables.get(**table);
        all.iter()
            .filter(differs)
            .map(|table| format!("{table}: {} and {} rows", self.count(table), other.count(table)))
            .collect()
    }

    /// Whether every projection has read every partition of its topics up to these ends.
    pub async fn caught_up(database_url: &str, ends: &LogEnds) -> Outcome<bool> {
        let client = connect(database_url).await?;
        let sql = "SELECT topic, partition, min(next_offset) FROM projection.checkpoint GROUP BY topic, partition";
        // There is no such table before the first migration of a database.
        let Ok(rows) = client.query(sql, &[]).await else { return Ok(false) };
        let mut positions = BTreeMap::new();
        for row in rows {
            let (topic, partition, next): (String, i32, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            positions.insert((topic, partition), next);
        }
        let read = |topic: &str| !UNREAD.contains(&topic);
        let passed = |place, end| end == 0 || positions.get(place).is_some_and(|next| *next >= end);
        Ok(ends.events().all(|(place, end)| !read(&place.0) || passed(place, end)))
    }

    /// Removes every read model, every checkpoint and the register of migrations.
    pub async fn delete_all(database_url: &str) -> Outcome<usize> {
        let client = connect(database_url).await?;
        let sql = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'";
        let mut dropped = 0;
        for row in client.query(sql, &[]).await? {
            let schema: String = row.try_get(0)?;
            client.batch_execute(&format!("DROP SCHEMA \"{schema}\" CASCADE")).await?;
            dropped += 1;
        }
        client.batch_execute("CREATE SCHEMA IF NOT EXISTS public").await?;
        Ok(dropped)
    }
}

/// Tables with their primary keys, quoted.
fn tables_sql() -> String {
    format!(
        "SELECT c.oid::regclass::text,
                (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
                   FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum)
           FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
           JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
          WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ({NO_READ_MODELS})
          ORDER BY 1"
    )
}

/// The rows of a query whose columns are all text.
pub async fn texts(database_url: &str, sql: &str) -> Outcome<Vec<Vec<String>>> {
    let client = connect(database_url).await?;
    let rows = client.query(sql, &[]).await?;
    let text_of = |row: &tokio_postgres::Row| (0..row.len()).map(|column| Ok(row.try_get(column)?)).collect();
    rows.iter().map(text_of).collect()
}

async fn connect(database_url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
    // It ends with the client.
    drop(tokio::runtime::Handle::current().spawn(connection));
    Ok(client)
}
