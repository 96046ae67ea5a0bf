//! The vault's tables: what is asked and told. Statements here may run twice and mean the same.

use tillroll_postgres::{Migration, Param, Pool, Row, Settings, migrate};
use uuid::Uuid;

use crate::{Error, KeyName, Kind, MasterId};

/// The vault's tables, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "0001_vault", sql: include_str!("../migrations/0001_vault.sql") },
    Migration { number: 2, name: "0002_destroyed", sql: include_str!("../migrations/0002_destroyed.sql") },
];

/// A name that was asked for, and what is there.
pub(crate) const LOAD: &str = "
    SELECT asked.person, asked.kind, asked.generation, held.wrapped, held.master,
        held.erased_at IS NOT NULL OR (asked.kind = 'fiscal' AND asked.generation < floor.before)
    FROM unnest($1::uuid[], $2::text[], $3::integer[]) AS asked (person, kind, generation)
    CROSS JOIN vault.fiscal_floor AS floor
    LEFT JOIN vault.person_key AS held USING (person, kind, generation)";

const ADD_PERSONAL: &str = "
    INSERT INTO vault.person_key (person, kind, generation, wrapped, master)
    VALUES ($1, 'personal', $2, $3, $4)
    ON CONFLICT (person, kind, generation) DO NOTHING";

// The lock on the floor makes this wait for a floor that is being raised, and then see it.
const ADD_FISCAL: &str = "
    INSERT INTO vault.person_key (person, kind, generation, wrapped, master)
    SELECT $1::uuid, 'fiscal', $2::integer, $3::bytea, $4::text FROM vault.fiscal_floor
    WHERE before <= $2::integer FOR SHARE
    ON CONFLICT (person, kind, generation) DO NOTHING";

const MASTERS: &str = "
    SELECT master, count(*) FROM vault.person_key WHERE wrapped IS NOT NULL GROUP BY master ORDER BY master";

/// A wrapped key as it is stored.
pub(crate) struct Wrapped {
    pub(crate) bytes: Vec<u8>,
    pub(crate) master: MasterId,
}

/// What is stored under a name.
pub(crate) enum Stored {
    Key(Wrapped),
    Erased,
    Missing,
}

/// Names as three arrays.
pub(crate) struct Columns {
    persons: Vec<Uuid>,
    kinds: Vec<&'static str>,
    generations: Vec<i32>,
}

impl Columns {
    pub(crate) fn of(names: impl Iterator<Item = KeyName> + Clone) -> Self {
        Self {
            persons: names.clone().map(|name| name.person).collect(),
            kinds: names.clone().map(|name| name.kind.as_str()).collect(),
            generations: names.map(|name| name.generation.into()).collect(),
        }
    }

    pub(crate) fn params(&self) -> [Param<'_>; 3] {
        [&self.persons, &self.kinds, &self.generations]
    }
}

/// Makes the vault's tables, or brings them to this build's.
pub async fn prepare(settings: &Settings) -> Result<(), Error> {
    migrate(settings, MIGRATIONS).await?;
    Ok(())
}

pub(crate) async fn load(pool: &Pool, names: &[KeyName]) -> Result<Vec<(KeyName, Stored)>, Error> {
    let columns = Columns::of(names.iter().copied());
    pool.rows(LOAD, &columns.params()).await?.iter().map(|row| Ok((name_of(row)?, stored(row)?))).collect()
}

/// Adds a key unless there is one under its name, or a tombstone.
pub(crate) async fn add(pool: &Pool, name: KeyName, wrapped: &[u8], master: MasterId) -> Result<(), Error> {
    let sql = match name.kind {
        Kind::Personal => ADD_PERSONAL,
        Kind::Fiscal => ADD_FISCAL,
    };
    let generation = i32::from(name.generation);
    pool.rows(sql, &[&name.person, &generation, &wrapped, &master.to_string()]).await?;
    Ok(())
}

/// How many keys each master key has wrapped.
pub(crate) async fn masters(pool: &Pool) -> Result<Vec<(MasterId, u64)>, Error> {
    let rows = pool.rows(MASTERS, &[]).await?;
    let counted = |row: &Row| Ok((master_of(row, 0)?, u64::try_from(get::<i64>(row, 1)?).unwrap_or_default()));
    rows.iter().map(counted).collect()
}

/// Person, kind and generation in the first three columns.
pub(crate) fn name_of(row: &Row) -> Result<KeyName, Error> {
    let kind = Kind::parse(get(row, 1)?).ok_or(Error::UnknownRow)?;
    let generation = u16::try_from(get::<i32>(row, 2)?).map_err(|_| Error::UnknownRow)?;
    Ok(KeyName { person: get(row, 0)?, kind, generation })
}

/// The wrapped key and its master in the two columns behind the name.
pub(crate) fn wrapped_of(row: &Row) -> Result<Option<Wrapped>, Error> {
    let Some(bytes) = get(row, 3)? else { return Ok(None) };
    Ok(Some(Wrapped { bytes, master: master_of(row, 4)? }))
}

fn stored(row: &Row) -> Result<Stored, Error> {
    if get(row, 5)? {
        return Ok(Stored::Erased);
    }
    Ok(wrapped_of(row)?.map_or(Stored::Missing, Stored::Key))
}

fn master_of(row: &Row, column: usize) -> Result<MasterId, Error> {
    MasterId::parse(get(row, column)?).ok_or(Error::UnknownRow)
}

pub(crate) fn get<'a, T: tillroll_postgres::FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, Error> {
    Ok(row.try_get(column).map_err(tillroll_postgres::Error::from)?)
}
