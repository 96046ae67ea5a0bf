//! Rotation: every key is wrapped anew under the current master key, a batch at a time. What is done is in the rows, so
//! a rotation that was interrupted goes on where it stopped, and any number may run.

use tillroll_postgres::{Param, Row, Transaction, connect};

use crate::table::{Columns, Wrapped, name_of, wrapped_of};
use crate::{Error, KeyName, Vault};

/// Keys in one transaction: their rows are locked for some 20 ms.
const BATCH: u32 = 500;

const NEXT: &str = "
    SELECT person, kind, generation, wrapped, master FROM vault.person_key
    WHERE wrapped IS NOT NULL AND master <> $1 ORDER BY person, kind, generation LIMIT $2 FOR UPDATE";

const REWRAP: &str = "
    UPDATE vault.person_key AS held SET wrapped = anew.wrapped, master = $5
    FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bytea[]) AS anew (person, kind, generation, wrapped)
    WHERE held.person = anew.person AND held.kind = anew.kind AND held.generation = anew.generation";

/// How a rotation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Keys that were wrapped anew.
    pub rewrapped: u64,
    /// Keys that another master key wrapped meanwhile: some process still has it as its current one. Once this is 0 for
    /// good, the others can be withdrawn.
    pub left: u64,
}

impl Vault {
    /// Wraps every key anew under the current master key. Each master key that is in use must be known here.
    pub async fn rotate(&self) -> Result<Rotated, Error> {
        let mut rewrapped = 0;
        loop {
            match self.rewrap(BATCH).await? {
                0 => break,
                batch => rewrapped += batch,
            }
        }
        let current = self.0.masters.current().id();
        let others = self.masters().await?.into_iter().filter(|(master, _)| *master != current);
        let rotated = Rotated { rewrapped, left: others.map(|(_, keys)| keys).sum() };
        tracing::info!(master = %current, rewrapped, left = rotated.left, "person keys rotated");
        Ok(rotated)
    }

    /// Wraps at most so many keys anew, all or none; how many it were. 0: there are no more.
    pub async fn rewrap(&self, at_most: u32) -> Result<u64, Error> {
        let mut connection = connect(&self.0.settings).await?;
        let transaction = connection.transaction().await.map_err(tillroll_postgres::Error::from)?;
        let rewrapped = self.rewrap_in(&transaction, at_most).await?;
        transaction.commit().await.map_err(tillroll_postgres::Error::from)?;
        Ok(rewrapped)
    }

    async fn rewrap_in(&self, transaction: &Transaction<'_>, at_most: u32) -> Result<u64, Error> {
        let master = self.0.masters.current().id().to_string();
        let next: [Param<'_>; 2] = [&master, &i64::from(at_most)];
        let rows = transaction.query(NEXT, &next).await.map_err(tillroll_postgres::Error::from)?;
        let anew = rows.iter().map(|row| self.anew(row)).collect::<Result<Vec<_>, _>>()?;
        let columns = Columns::of(anew.iter().map(|(name, _)| *name));
        let wrapped: Vec<_> = anew.iter().map(|(_, wrapped)| wrapped.as_slice()).collect();
        let [persons, kinds, generations] = columns.params();
        let params: [Param<'_>; 5] = [persons, kinds, generations, &wrapped, &master];
        Ok(tillroll_postgres::execute(transaction, REWRAP, &params).await?)
    }

    fn anew(&self, row: &Row) -> Result<(KeyName, Vec<u8>), Error> {
        let name = name_of(row)?;
        let Wrapped { bytes, master } = wrapped_of(row)?.ok_or(Error::UnknownRow)?;
        let secret = self.0.masters.unwrap(name, master, &bytes)?;
        Ok((name, self.0.masters.current().wrap(name, &secret)?))
    }
}
