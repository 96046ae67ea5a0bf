//! Fiscal keys: what stands on documents is kept for its legal term, whatever becomes of the person, and not for longer.
//! They are destroyed by calendar years, those of all persons at once.

use chrono::{Datelike, NaiveDate};
use tillroll_postgres::connect;
use uuid::Uuid;

use crate::table::get;
use crate::{Error, Kind, Vault};

const RAISE_FLOOR: &str = "
    UPDATE vault.fiscal_floor SET before = GREATEST(before, $1::integer)
    WHERE $1::integer <= EXTRACT(YEAR FROM now() AT TIME ZONE 'UTC') RETURNING before";

const DESTROY: &str = "DELETE FROM vault.person_key WHERE kind = 'fiscal' AND generation < $1";

const COUNT: &str = "SELECT count(*) FROM vault.person_key WHERE kind = 'fiscal' AND generation < $1";

const LAST_YEAR: &str = "
    SELECT max(key.generation) FROM vault.person_key AS key CROSS JOIN vault.fiscal_floor AS floor
    WHERE key.person = $1 AND key.kind = 'fiscal' AND key.generation >= floor.before";

/// For how many years after that of a fiscal key it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiscalTerm(u16);

impl FiscalTerm {
    /// So many calendar years after the key's own.
    pub fn of_years(years: u16) -> Self {
        Self(years)
    }

    /// The last day on which the keys of this year are kept.
    pub fn until(self, year: u16) -> NaiveDate {
        NaiveDate::from_ymd_opt(i32::from(year) + i32::from(self.0), 12, 31).unwrap_or(NaiveDate::MAX)
    }

    /// The first year whose keys are still kept on that day: those of the years before may go.
    pub fn kept_from(self, day: NaiveDate) -> i32 {
        day.year() - i32::from(self.0)
    }
}

impl Vault {
    /// Destroys the fiscal keys of all persons for the calendar years that ended before this day, and lets none be made
    /// for them again; how many keys there were. A repeat destroys what a backup brought back.
    ///
    /// `Error::YearNotOver` if that would be a year that is not over.
    pub async fn erase_fiscal(&self, before: NaiveDate) -> Result<u64, Error> {
        let mut connection = connect(&self.0.settings).await?;
        let transaction = connection.transaction().await.map_err(tillroll_postgres::Error::from)?;
        let raised = transaction.query_opt(RAISE_FLOOR, &[&before.year()]).await;
        let raised = raised.map_err(tillroll_postgres::Error::from)?;
        let floor: i32 = get(&raised.ok_or(Error::YearNotOver { year: before.year() - 1 })?, 0)?;
        let destroyed = tillroll_postgres::execute(&transaction, DESTROY, &[&floor]).await?;
        transaction.commit().await.map_err(tillroll_postgres::Error::from)?;
        self.0.cache.forget(|name| name.kind == Kind::Fiscal);
        tracing::info!(year = floor, keys = destroyed, "fiscal keys of the years before destroyed");
        Ok(destroyed)
    }

    /// How many keys that would be.
    pub async fn fiscal_keys(&self, before: NaiveDate) -> Result<u64, Error> {
        let row = self.0.pool.row(COUNT, &[&before.year()]).await?.ok_or(Error::UnknownRow)?;
        u64::try_from(get::<i64>(&row, 0)?).map_err(|_| Error::UnknownRow)
    }

    /// The last year of which the person has a fiscal key; nothing if no document of his can be read.
    pub async fn last_fiscal_year(&self, person: Uuid) -> Result<Option<u16>, Error> {
        let row = self.0.pool.row(LAST_YEAR, &[&person]).await?.ok_or(Error::UnknownRow)?;
        let year: Option<i32> = get(&row, 0)?;
        year.map(|year| u16::try_from(year).map_err(|_| Error::UnknownRow)).transpose()
    }
}

#[cfg(test)]
mod tests {
    //! Terms end with their year.

    use super::FiscalTerm;
    use chrono::NaiveDate;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn keys_are_kept_to_the_last_day_of_the_terms_last_year() {
        let term = FiscalTerm::of_years(11);
        assert_eq!(term.until(2026), day(2037, 12, 31));
        assert_eq!(term.kept_from(day(2037, 12, 31)), 2026, "on its last day it is kept");
        assert_eq!(term.kept_from(day(2038, 1, 1)), 2027, "and on the next it may go");
        assert_eq!(FiscalTerm::of_years(0).kept_from(day(2026, 6, 1)), 2026, "a year that is not over is always kept");
    }
}
