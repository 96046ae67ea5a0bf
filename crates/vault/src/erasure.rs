//! Erasing: a key is destroyed and a tombstone left in its place, once and for all. The log's events are the list of
//! tombstones that no backup of the vault can fall behind: whoever reads one says so again (`entomb`).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

use crate::table::get;
use crate::{Error, KeyName, Vault};

const ERASE: &str = "
    INSERT INTO vault.person_key AS held (person, kind, generation, erased_at, destroyed_at)
    VALUES ($1, 'personal', 1, now(), now())
    ON CONFLICT (person, kind, generation) DO UPDATE
    SET wrapped = NULL, master = NULL, erased_at = COALESCE(held.erased_at, EXCLUDED.erased_at),
        destroyed_at = CASE WHEN held.wrapped IS NULL THEN held.destroyed_at ELSE clock_timestamp() END
    RETURNING held.erased_at";

// By person, so that two who do the same at once wait for each other instead of locking each other out.
const ENTOMB: &str = "
    INSERT INTO vault.person_key AS held (person, kind, generation, erased_at, destroyed_at)
    SELECT person, 'personal', 1, min(erased_at), now()
    FROM unnest($1::uuid[], $2::timestamptz[]) AS erased (person, erased_at) GROUP BY person ORDER BY person
    ON CONFLICT (person, kind, generation) DO UPDATE
    SET wrapped = NULL, master = NULL, erased_at = LEAST(held.erased_at, EXCLUDED.erased_at),
        destroyed_at = CASE WHEN held.wrapped IS NULL THEN held.destroyed_at ELSE clock_timestamp() END
    WHERE held.erased_at IS NULL OR held.erased_at > EXCLUDED.erased_at";

const DESTROYED: &str = "
    SELECT EXTRACT(EPOCH FROM now() - COALESCE(destroyed_at, erased_at))::float8 FROM vault.person_key
    WHERE person = $1 AND kind = 'personal' AND erased_at IS NOT NULL";

/// That a person's key is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who was erased.
    pub person: Uuid,
    /// When, by the clock of the vault's database.
    pub erased_at: DateTime<Utc>,
}

impl Vault {
    /// Destroys the person's key to everything that is not fiscal. A repeat gives the first receipt; a person of whom
    /// nothing was ever sealed gets a tombstone as well.
    pub async fn erase(&self, person: Uuid) -> Result<Receipt, Error> {
        // Also where the answer is lost: then nobody knows whether it was carried out.
        let erased = self.0.pool.row(ERASE, &[&person]).await;
        self.forget(person);
        let row = erased?.ok_or(Error::UnknownRow)?;
        Ok(Receipt { person, erased_at: get(&row, 0)? })
    }

    /// Says again that people were erased, as the log has it: destroys keys that a backup brought back, keeps the
    /// earlier time of each, and changes nothing else. In one statement; some thousands at a time.
    pub async fn entomb(&self, receipts: &[Receipt]) -> Result<(), Error> {
        let persons: Vec<_> = receipts.iter().map(|receipt| receipt.person).collect();
        let times: Vec<_> = receipts.iter().map(|receipt| receipt.erased_at).collect();
        persons.iter().for_each(|person| self.forget(*person));
        let entombed = self.0.pool.rows(ENTOMB, &[&persons, &times]).await;
        persons.into_iter().for_each(|person| self.forget(person));
        entombed?;
        Ok(())
    }

    /// How long ago the person's key was destroyed, by the clock of the vault's database; nothing if it was not. Not how
    /// long ago he was erased: the vault may have heard of that late, and until then the key was there for everybody. After
    /// [`crate::Caching::longest`] no process has it in memory any more.
    pub async fn destroyed(&self, person: Uuid) -> Result<Option<Duration>, Error> {
        let row = self.0.pool.row(DESTROYED, &[&person]).await?;
        let seconds: Option<f64> = row.map(|row| get(&row, 0)).transpose()?;
        Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()))
    }

    /// Drops the person's key from memory. The next use asks the database, so this is for those who hear of an erasure
    /// that the vault has carried out; who hears of one that it may not have yet says `entomb`, which does both.
    pub fn forget(&self, person: Uuid) {
        self.0.cache.forget_one(&KeyName::personal(person));
    }
}
