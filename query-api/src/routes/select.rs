//! Statements whose conditions depend on what was asked for: fixed pieces of SQL, values as parameters only.

use tillroll_postgres::{Param, ToSql};

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

    /// `WHERE … AND …`, or nothing.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// The values, in order.
    pub(super) fn params(&self) -> Vec<Param<'_>> {
        self.values.iter().map(|value| -> Param<'_> { value.as_ref() }).collect()
    }
}
