//! `GET /analytics/sales`: what was sold and credited, by day, week, month, country, category, product or customer.
//!
//! Money is exact in every grouping and adds up to the same; pieces that were credited are not taken off `quantity`; a
//! document counts once for each key that it touches.

use super::moments::{Moment, in_order};
use crate::answer::{Extent, Table};
use crate::failure::column;
use crate::freshness::Reads;
use crate::queries::Queries;
use crate::scopes::ReadAnalytics;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_http::{Allowed, Problem, StrictQuery, problems};
use tillroll_postgres::Row;

/// The report by a key that is made of the day or stands beside it; sums are numeric and travel as text.
macro_rules! report {
    ($key:literal) => {
        concat!(
            "SELECT k.key, k.currency, k.gross::text, k.credits::text, (k.gross - k.credits)::text, k.quantity::text,
                k.orders, k.credit_notes
            FROM (
                SELECT ",
            $key,
            " AS key, t.currency, SUM(t.gross) AS gross, SUM(t.credits) AS credits, SUM(t.quantity) AS quantity,
                    SUM(t.orders)::bigint AS orders, SUM(t.credit_notes)::bigint AS credit_notes
                FROM sales.total AS t
                WHERE t.dimension = $1 AND t.day >= $2 AND t.day < $3
                GROUP BY 1, 2
            ) AS k
            ORDER BY k.key COLLATE \"C\", k.currency"
        )
    };
}

/// What the report is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    from: Option<Moment>,
    to: Option<Moment>,
    #[serde(default)]
    group_by: Grouping,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Grouping {
    #[default]
    Day,
    /// Of ISO 8601: `2010-W48`.
    Week,
    Month,
    Country,
    Category,
    Product,
    Customer,
}

impl Grouping {
    /// The dimension in the table, and the statement.
    fn query(self) -> (&'static str, &'static str) {
        match self {
            Self::Day => ("day", report!("to_char(t.day, 'YYYY-MM-DD')")),
            Self::Week => ("day", report!("to_char(t.day, 'IYYY-\"W\"IW')")),
            Self::Month => ("day", report!("to_char(t.day, 'YYYY-MM')")),
            Self::Country => ("country", report!("t.key")),
            Self::Category => ("category", report!("t.key")),
            Self::Product => ("product", report!("t.key")),
            Self::Customer => ("customer", report!("t.key")),
        }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    items: Vec<Sums>,
    group_by: Grouping,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// One row; money in minor units, tax excluded.
#[derive(Debug, Serialize)]
struct Sums {
    /// Nothing for what has no country, category or customer.
    key: Option<String>,
    gross: i128,
    credits: i128,
    net: i128,
    currency: String,
    orders: i64,
    credit_notes: i64,
    /// Pieces sold.
    quantity: i128,
}

impl Sums {
    fn of(row: &Row) -> Result<Self, Problem> {
        let number = |index| {
            let text: &str = column(row, index)?;
            text.parse::<i128>().map_err(|error| {
                tracing::error!(%error, "a sum is no whole number");
                Problem::new(&problems::INTERNAL)
            })
        };
        Ok(Self {
            key: column::<Option<String>>(row, 0)?.filter(|key| !key.is_empty()),
            gross: number(2)?,
            credits: number(3)?,
            net: number(4)?,
            currency: column(row, 1)?,
            orders: column(row, 6)?,
            credit_notes: column(row, 7)?,
            quantity: number(5)?,
        })
    }
}

/// The report.
pub(crate) async fn report(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadAnalytics>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    in_order(asked.from, asked.to)?;
    let from = asked.from.map(|from| from.day("from")).transpose()?;
    let to = asked.to.map(|to| to.day("to")).transpose()?;
    queries
        .answered(&headers, Reads::Sales, |reading| async {
            let (dimension, sql) = asked.group_by.query();
            let (first, last) = (from.unwrap_or(beginning()), to.unwrap_or(end()));
            let rows = queries.rows(sql, &[&dimension, &first, &last]).await?;
            let items = rows.iter().map(Sums::of).collect::<Result<_, _>>()?;
            let report = Report { items, group_by: asked.group_by, from, to };
            reading.list(&Extent::default(), &report, |report| table(&report.items))
        })
        .await
}

/// Before every day of a sale.
fn beginning() -> NaiveDate {
    NaiveDate::from_ymd_opt(-4000, 1, 1).unwrap_or_default()
}

/// After every day of a sale.
fn end() -> NaiveDate {
    NaiveDate::from_ymd_opt(200_000, 1, 1).unwrap_or_default()
}

fn table(items: &[Sums]) -> Table {
    let row = |sums: &Sums| {
        vec![
            sums.key.clone().unwrap_or_default(),
            sums.gross.to_string(),
            sums.credits.to_string(),
            sums.net.to_string(),
            sums.currency.clone(),
            sums.orders.to_string(),
            sums.credit_notes.to_string(),
            sums.quantity.to_string(),
        ]
    };
    let columns = &["key", "gross", "credits", "net", "currency", "orders", "credit_notes", "quantity"];
    Table { columns, rows: items.iter().map(row).collect() }
}
