//! Statements whose conditions depend on what was asked for: fixed pieces of SQL, values as parameters only. And what
//! statements of lists have in common: the count beside the page.

use crate::failure::column;
use crate::paging::{CursorKey, Paging};
use std::error::Error;
use tillroll_http::Problem;
use tillroll_postgres::{FromSql, Param, Row, ToSql, Type};

/// The conditions of a statement and the values of its parameters. There are few texts, so each is prepared once.
#[derive(Default)]
pub(super) struct Conditions {
    sql: String,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// One condition more; `?` in it stands for the value.
    pub(super) fn and(&mut self, sql: &'static str, value: impl ToSql + Sync + Send + 'static) {
        let parameter = self.bind(value);
        self.push(&sql.replace('?', &parameter));
    }

    /// One condition more, on two values: `?` stands for the first, `!` for the second.
    pub(super) fn and_two(
        &mut self,
        sql: &'static str,
        first: impl ToSql + Sync + Send + 'static,
        second: impl ToSql + Sync + Send + 'static,
    ) {
        let (first, second) = (self.bind(first), self.bind(second));
        self.push(&sql.replace('?', &first).replace('!', &second));
    }

    /// One condition more, as it stands.
    pub(super) fn push(&mut self, condition: &str) {
        self.sql.push_str(if self.sql.is_empty() { "WHERE " } else { " AND " });
        self.sql.push_str(condition);
    }

    /// A parameter outside the conditions: `$3`.
    pub(super) fn bind(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    /// How many rows of the table meet the conditions so far, to be selected: pages alone are counted.
    pub(super) fn total<K>(&self, table: &'static str, paging: &Paging<K>) -> String {
        match paging {
            Paging::Numbered { .. } => format!("(SELECT COUNT(*) FROM {table} {})", self.sql),
            Paging::After { .. } => "0::bigint".to_owned(),
        }
    }

    /// The parameters of `LIMIT` and `OFFSET`.
    pub(super) fn window<K: CursorKey>(&mut self, paging: &Paging<K>) -> (String, String) {
        let (limit, offset) = paging.window();
        (self.bind(limit), self.bind(offset))
    }

    /// `WHERE … AND …`, or nothing.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// The values, in order.
    pub(super) fn params(&self) -> Vec<Param<'_>> {
        self.values.iter().map(|value| -> Param<'_> { value.as_ref() }).collect()
    }
}

/// What the rows of a list are, and the count in the column `total` of each. A page beyond the end is one row with a
/// count, whose first column is null.
pub(super) fn counted<T>(
    rows: &[Row],
    total: usize,
    item: impl Fn(&Row) -> Result<T, Problem>,
) -> Result<(Vec<T>, i64), Problem> {
    let Some(first) = rows.first() else { return Ok((Vec::new(), 0)) };
    let total = column(first, total)?;
    if column::<Option<Something>>(first, 0)?.is_none() {
        return Ok((Vec::new(), total));
    }
    Ok((rows.iter().map(item).collect::<Result<_, _>>()?, total))
}

/// A value of any type that is not null.
struct Something;

impl<'a> FromSql<'a> for Something {
    fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
