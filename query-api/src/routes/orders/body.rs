//! An order as a client sees it, made from one row: what commands to orders answer, and `recorded_at`, which an order's
//! own events do not say.

use crate::answer::Table;
use crate::failure::{column, money};
use serde::Serialize;
use std::collections::HashMap;
use tillroll_http::Problem;
use tillroll_postgres::Row;
use tillroll_schemas::order::Totals;
use tillroll_schemas::{Currency, Money, Timestamp};
use uuid::Uuid;

#[derive(Debug, Serialize)]
pub(crate) struct Order {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    lines: Vec<Line>,
    totals: Totals,
    payment: Payment,
    placed_at: Timestamp,
    recorded_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellation: Option<Cancellation>,
    refunded: Money,
    version: i64,
}

#[derive(Debug, Serialize)]
struct Customer {
    reference: String,
}

#[derive(Debug, Serialize)]
struct Line {
    sku: String,
    name: String,
    quantity: i64,
    unit_price: Money,
    line_total: Money,
    tax_rate: i32,
    /// Pieces that have left, if any have.
    #[serde(skip_serializing_if = "Option::is_none")]
    fulfilled: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Payment {
    method: String,
    status: &'static str,
}

#[derive(Debug, Serialize)]
struct Cancellation {
    code: String,
    detail: String,
}

impl Order {
    /// From the columns of `order_columns!`.
    pub(super) fn of(row: &Row) -> Result<Self, Problem> {
        // All money of an order is in one currency.
        let of = |index| money(row, index, 6);
        let gross = of(9)?;
        let code: Option<String> = column(row, 13)?;
        let detail: Option<String> = column(row, 14)?;
        Ok(Self {
            id: column(row, 0)?,
            reference: column(row, 1)?,
            status: column(row, 4)?,
            customer: column::<Option<String>>(row, 2)?.map(|reference| Customer { reference }),
            country: column(row, 3)?,
            lines: lines(row, gross.currency)?,
            totals: Totals { net: of(7)?, tax: of(8)?, gross },
            // On account: nothing is asked for.
            payment: Payment { method: column(row, 5)?, status: "not_required" },
            placed_at: column(row, 11)?,
            recorded_at: column(row, 12)?,
            cancellation: code.zip(detail).map(|(code, detail)| Cancellation { code, detail }),
            refunded: of(10)?,
            version: column(row, 15)?,
        })
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn placed_at(&self) -> Timestamp {
        self.placed_at
    }

    pub(super) fn version(&self) -> i64 {
        self.version
    }
}

fn array<T>(row: &Row, index: usize) -> Result<Vec<T>, Problem>
where
    Option<Vec<T>>: for<'a> tillroll_postgres::FromSql<'a>,
{
    Ok(column::<Option<Vec<T>>>(row, index)?.unwrap_or_default())
}

fn lines(row: &Row, currency: Currency) -> Result<Vec<Line>, Problem> {
    let (skus, names): (Vec<String>, Vec<String>) = (array(row, 18)?, array(row, 19)?);
    let (quantities, prices): (Vec<i64>, Vec<i64>) = (array(row, 20)?, array(row, 21)?);
    let (totals, rates): (Vec<i64>, Vec<i32>) = (array(row, 22)?, array(row, 23)?);
    let mut gone: HashMap<String, i64> = array(row, 24)?.into_iter().zip(array(row, 25)?).collect();
    let price_of = |amount| Money { amount, currency };
    let texts = skus.into_iter().zip(names).zip(quantities);
    let amounts = prices.into_iter().zip(totals).zip(rates);
    let line = |(((sku, name), quantity), ((price, total), tax_rate))| {
        let fulfilled = gone.get_mut(&sku).map(|gone| left_of(quantity, gone)).filter(|pieces| *pieces > 0);
        Line { sku, name, quantity, unit_price: price_of(price), line_total: price_of(total), tax_rate, fulfilled }
    };
    Ok(texts.zip(amounts).map(line).collect())
}

/// What has left of a SKU counts for its lines from the first to the last.
fn left_of(quantity: i64, gone: &mut i64) -> i64 {
    let of_this = quantity.min(*gone);
    *gone -= of_this;
    of_this
}

/// Orders without their lines.
pub(super) fn table(orders: &[Order]) -> Table {
    let row = |order: &Order| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            order.id.to_string(),
            text(&order.reference),
            order.status.clone(),
            order.customer.as_ref().map(|customer| customer.reference.clone()).unwrap_or_default(),
            text(&order.country),
            order.lines.len().to_string(),
            order.totals.gross.currency.to_string(),
            order.totals.net.amount.to_string(),
            order.totals.tax.amount.to_string(),
            order.totals.gross.amount.to_string(),
            order.refunded.amount.to_string(),
            order.payment.method.clone(),
            order.payment.status.to_owned(),
            moment(order.placed_at),
            moment(order.recorded_at),
            order.cancellation.as_ref().map(|cancellation| cancellation.code.clone()).unwrap_or_default(),
            order.version.to_string(),
        ]
    };
    let columns = &[
        "id",
        "reference",
        "status",
        "customer",
        "country",
        "lines",
        "currency",
        "net",
        "tax",
        "gross",
        "refunded",
        "payment_method",
        "payment_status",
        "placed_at",
        "recorded_at",
        "cancellation_code",
        "version",
    ];
    Table { columns, rows: orders.iter().map(row).collect() }
}

fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
