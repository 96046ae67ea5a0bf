//! An order as a client sees it, made from one row: what commands to orders answer, and `recorded_at`, which an order's
//! own events do not say.

use crate::answer::{Table, moment};
use crate::failure::{column, money};
use crate::queries::Queries;
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use tillroll_http::{Problem, problems};
use tillroll_postgres::Row;
use tillroll_schemas::order::Totals;
use tillroll_schemas::{Currency, Money, Sealed, Timestamp};
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
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    lines: Vec<Line>,
    totals: Totals,
    payment: Payment,
    placed_at: Timestamp,
    recorded_at: Timestamp,
    /// Null where nobody can open it any more; absent where nothing was said, and in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellation: Option<Cancellation>,
    refunded: Money,
    /// What was credited and did not arrive, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<Money>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    method: String,
    status: String,
    /// Where the customer learns how to authenticate himself, while he has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_by: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Cancellation {
    code: String,
    detail: String,
}

impl Queries {
    /// Where an order is sent; null if the person was erased.
    pub(super) async fn opened_address(&self, user: Uuid, sealed: &str) -> Result<Value, Problem> {
        let opened = self.opened(&[(user, "shipping_address", &Sealed::from_stored(sealed))]).await?;
        let Some(text) = opened.into_iter().flatten().next() else { return Ok(Value::Null) };
        serde_json::from_str(&text).map_err(|_| {
            // Not the error's text: it may quote what was opened.
            tracing::error!("an order's address has another shape than this build's");
            Problem::new(&problems::INTERNAL)
        })
    }
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
            user_id: column(row, 26)?,
            customer: column::<Option<String>>(row, 2)?.map(|reference| Customer { reference }),
            country: column(row, 3)?,
            lines: lines(row, gross.currency)?,
            totals: Totals { net: of(7)?, tax: of(8)?, gross },
            payment: payment(row, gross, of(10)?)?,
            placed_at: column(row, 11)?,
            recorded_at: column(row, 12)?,
            shipping_address: None,
            cancellation: code.zip(detail).map(|(code, detail)| Cancellation { code, detail }),
            refunded: of(10)?,
            owed: Some(of(30)?).filter(|owed| owed.amount > 0),
            version: column(row, 15)?,
        })
    }

    /// Shows where it is sent.
    pub(super) fn is_sent_to(&mut self, address: Value) {
        self.shipping_address = Some(address);
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

fn payment(row: &Row, gross: Money, refunded: Money) -> Result<Payment, Problem> {
    let id: Option<Uuid> = column(row, 27)?;
    let status: String = column(row, 28)?;
    let action_by: Option<Timestamp> = column(row, 29)?;
    // What was taken stays taken; how much of it went back stands beside it. Of what went back before it was called off
    // nothing had to be undone then.
    let status = match status.as_str() {
        "captured" if refunded == gross => "refunded".to_owned(),
        "voided" if refunded.amount > 0 => "refunded".to_owned(),
        "captured" if refunded.amount > 0 => "partially_refunded".to_owned(),
        _ => status,
    };
    let action = id.filter(|_| action_by.is_some()).map(|id| format!("/api/v1/payments/{id}/action"));
    Ok(Payment { id, method: column(row, 5)?, status, action, action_by })
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
            order.payment.status.clone(),
            moment(order.placed_at),
            moment(order.recorded_at),
            order.cancellation.as_ref().map(|cancellation| cancellation.code.clone()).unwrap_or_default(),
            order.version.to_string(),
            order.owed.map_or(0, |owed| owed.amount).to_string(),
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
        "owed",
    ];
    Table { columns, rows: orders.iter().map(row).collect() }
}
