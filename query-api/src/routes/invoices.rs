//! `GET /orders/{id}/invoice`, and for staff every invoice and credit note: as JSON, or as PDF for who prefers that.

mod body;

use super::moments::{Moment, in_order};
use super::place::place;
use super::select::{Conditions, counted};
use crate::answer::Table;
use crate::failure::{column, money};
use crate::freshness::Reads;
use crate::paging::{CursorKey, Paging};
use crate::pdf;
use crate::queries::Queries;
use crate::scopes::{OwnOrders, ReadInvoices, ReadOrders};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use body::{Billed, Entry, Printed};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_http::{Allowed, PathId, Problem, Reach, Reaching, StrictQuery, problems};
use tillroll_postgres::{Param, Row};
use tillroll_schemas::invoice_series::Series;
use tillroll_schemas::{Money, OrderId};
use uuid::Uuid;

/// The columns of a document; `d` is the document.
macro_rules! document_columns {
    () => {
        "d.series, d.number, d.kind, d.order_id, d.credit_id, d.customer, d.country, d.dated, d.recorded_at, d.currency,
        d.net, d.tax, d.gross, d.user_id, d.at_partition, d.at_offset"
    };
}

/// The columns of a document, as arrays of its lines, and to whom it is made out; lists do not show that.
macro_rules! printed {
    ($where:literal) => {
        concat!(
            "SELECT ",
            document_columns!(),
            ", l.skus, l.names, l.quantities, l.nets, l.tax_rates, l.taxes, d.buyer
            FROM invoices.document AS d
            LEFT JOIN LATERAL (
                SELECT array_agg(l.sku ORDER BY l.line) AS skus, array_agg(l.name ORDER BY l.line) AS names,
                    array_agg(l.quantity ORDER BY l.line) AS quantities, array_agg(l.net ORDER BY l.line) AS nets,
                    array_agg(l.tax_rate ORDER BY l.line) AS tax_rates, array_agg(l.tax ORDER BY l.line) AS taxes
                FROM invoices.document_line AS l WHERE l.series = d.series AND l.number = d.number
            ) AS l ON TRUE
            WHERE ",
            $where
        )
    };
}

const OF_ORDER: &str = printed!("d.order_id = $1 AND d.kind = 'invoice'");
const BY_NUMBER: &str = printed!("d.series = $1 AND d.number = $2");

/// The column of the user whose document it is.
const USER: usize = 13;
/// The column of who stands on it, sealed.
const BUYER: usize = 22;

const SERIES: &str = "
    SELECT d.series, d.currency, COUNT(*), COUNT(*) FILTER (WHERE d.kind = 'credit_note'), MAX(d.number),
        SUM(CASE d.kind WHEN 'invoice' THEN d.net ELSE -d.net END)::bigint,
        SUM(CASE d.kind WHEN 'invoice' THEN d.tax ELSE -d.tax END)::bigint,
        SUM(CASE d.kind WHEN 'invoice' THEN d.gross ELSE -d.gross END)::bigint
    FROM invoices.document AS d
    GROUP BY d.series, d.currency
    ORDER BY d.series DESC, d.currency";

/// The invoice of an order; 404 until it is issued.
pub(crate) async fn of_order(
    State(queries): State<Arc<Queries>>,
    caller: Reaching<ReadOrders, OwnOrders>,
    PathId(id): PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    printed(&queries, &headers, caller.reach, OF_ORDER, &[&id.0]).await
}

/// One invoice or credit note, by its number as it is printed.
pub(crate) async fn one(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadInvoices>,
    PathId(number): PathId<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (series, number) = place_of(&number).ok_or_else(|| Problem::new(&problems::NOT_FOUND))?;
    printed(&queries, &headers, Reach::All, BY_NUMBER, &[&series, &number]).await
}

/// `2026-11-000017` → the series and the number in it.
fn place_of(number: &str) -> Option<(String, i64)> {
    let (series, number) = number.rsplit_once('-')?;
    let (series, number) = (series.parse::<Series>().ok()?, number.parse::<u32>().ok()?);
    Some((series.to_string(), i64::from(number)))
}

async fn printed(
    queries: &Queries,
    headers: &HeaderMap,
    reach: Reach,
    sql: &str,
    params: &[Param<'_>],
) -> Result<Response, Problem> {
    queries
        .answered(headers, Reads::Invoices, |reading| async {
            let row = queries.one(sql, params).await?;
            let user: Option<Uuid> = column(&row, USER)?;
            reach.require(user)?;
            let mut document = Printed::of(&row)?;
            let mut place = place(&row, 14)?;
            if let (Some(user), Some(buyer)) = (user, column::<Option<&str>>(&row, BUYER)?) {
                let billed = queries.billed(user, buyer).await?;
                // The end of the term changes no row, and whoever kept the answer has to hear of it.
                if matches!(billed, Billed::NoLonger) {
                    place.push_str(".expired");
                }
                document.is_made_out_to(billed);
            }
            let print = |document: &Printed| pdf::document(&document.sheet());
            reading.one_or_pdf(1, place, document, &queries.printer, print).await
        })
        .await
}

/// What the list is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    series: Option<String>,
    kind: Option<Kind>,
    order: Option<Uuid>,
    /// Dated then or later.
    from: Option<Moment>,
    /// Dated before.
    to: Option<Moment>,
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Invoice,
    CreditNote,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }
}

/// The last document that was seen.
struct Key {
    series: String,
    number: i64,
}

impl CursorKey for Key {
    fn write(&self) -> String {
        format!("{}:{}", self.series, self.number)
    }

    fn read(text: &str) -> Option<Self> {
        let (series, number) = text.split_once(':')?;
        Some(Self { series: series.to_owned(), number: number.parse().ok()? })
    }
}

/// Invoices and credit notes without their lines, those with the highest numbers of the latest series first.
pub(crate) async fn list(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadInvoices>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let paging = Paging::<Key>::of("invoices", asked.page, asked.limit, asked.cursor.as_deref())?;
    in_order(asked.from, asked.to)?;
    queries
        .answered(&headers, Reads::Invoices, |reading| async {
            let (sql, conditions) = statement(&asked, &paging);
            let rows = queries.rows(&sql, &conditions.params()).await?;
            let (entries, total) = counted(&rows, 16, Entry::of)?;
            let list = paging.list(entries, total, |entry| Key { series: entry.series.clone(), number: entry.nth });
            reading.list(&list.extent(), &list, |list| body::table(list.items()))
        })
        .await
}

/// One statement for both: what is on the page, and how many there are in all if pages are numbered.
fn statement(asked: &Asked, paging: &Paging<Key>) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    if let Some(series) = &asked.series {
        conditions.and("d.series = ?", series.clone());
    }
    if let Some(kind) = asked.kind {
        conditions.and("d.kind = ?", kind.name());
    }
    if let Some(order) = asked.order {
        conditions.and("d.order_id = ?", order);
    }
    if let Some(Moment(from)) = asked.from {
        conditions.and("d.dated >= ?", from);
    }
    if let Some(Moment(to)) = asked.to {
        conditions.and("d.dated < ?", to);
    }
    let total = conditions.total("invoices.document AS d", paging);
    if let Some(Key { series, number }) = paging.after() {
        conditions.and_two("(d.series, d.number) < (?, !)", series.clone(), *number);
    }
    let (limit, offset) = conditions.window(paging);
    let sql = format!(
        concat!(
            "SELECT ",
            document_columns!(),
            ", c.total FROM (SELECT {total} AS total) AS c
            LEFT JOIN (
                SELECT * FROM invoices.document AS d {conditions}
                ORDER BY d.series DESC, d.number DESC LIMIT {limit} OFFSET {offset}
            ) AS d ON TRUE
            ORDER BY d.series DESC, d.number DESC"
        ),
        total = total,
        conditions = conditions.sql(),
        limit = limit,
        offset = offset,
    );
    (sql, conditions)
}

/// A series with what was issued in it; credit notes are taken off the sums. One row per currency.
#[derive(Debug, Serialize)]
struct SeriesRow {
    series: String,
    issued: i64,
    credit_notes: i64,
    last_number: i64,
    net: Money,
    tax: Money,
    gross: Money,
}

#[derive(Debug, Serialize)]
struct SeriesList {
    items: Vec<SeriesRow>,
}

/// Every series, the latest first.
pub(crate) async fn series(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadInvoices>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    queries
        .answered(&headers, Reads::Invoices, |reading| async {
            let rows = queries.rows(SERIES, &[]).await?;
            let items = rows.iter().map(SeriesRow::of).collect::<Result<_, _>>()?;
            reading.list(&Default::default(), &SeriesList { items }, |list| series_table(&list.items))
        })
        .await
}

impl SeriesRow {
    fn of(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            series: column(row, 0)?,
            issued: column(row, 2)?,
            credit_notes: column(row, 3)?,
            last_number: column(row, 4)?,
            net: money(row, 5, 1)?,
            tax: money(row, 6, 1)?,
            gross: money(row, 7, 1)?,
        })
    }
}

fn series_table(items: &[SeriesRow]) -> Table {
    let row = |row: &SeriesRow| {
        let SeriesRow { series, issued, credit_notes, last_number, net, tax, gross } = row;
        vec![
            series.clone(),
            issued.to_string(),
            credit_notes.to_string(),
            last_number.to_string(),
            gross.currency.to_string(),
            net.amount.to_string(),
            tax.amount.to_string(),
            gross.amount.to_string(),
        ]
    };
    let columns = &["series", "issued", "credit_notes", "last_number", "currency", "net", "tax", "gross"];
    Table { columns, rows: items.iter().map(row).collect() }
}
