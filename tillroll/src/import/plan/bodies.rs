//! The bodies of the requests, as the public API takes them.

use crate::import::rows::Row;
use serde::Serialize;
use tillroll_schemas::order::Customer;
use tillroll_schemas::{Currency, Money, Sku, Timestamp};

/// The most characters that a product's name has.
const LONGEST_NAME: usize = 200;

/// `POST /products`
#[derive(Debug, Serialize)]
pub struct NewProduct {
    /// Which.
    pub sku: Sku,
    /// For people.
    pub name: String,
    /// Per piece.
    pub price: Money,
    /// Whether stock is kept.
    pub tracked: bool,
}

impl NewProduct {
    pub(super) fn new(sku: &Sku, name: &str, price: i64, tracked: bool) -> Self {
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let name = name.chars().take(LONGEST_NAME).map(printable).collect::<String>().trim_end().to_owned();
        Self { sku: sku.clone(), name, price: gbp(price), tracked }
    }
}

/// `PATCH /products/{sku}/inventory`
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct StockChange {
    /// Added to what is on hand.
    pub delta: i64,
    /// Why.
    pub reason: StockReason,
    /// What the file says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why stock changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StockReason {
    /// It came in.
    Received,
    /// It was counted anew.
    Adjusted,
    /// It is lost.
    WrittenOff,
}

impl StockChange {
    /// Stock that came in before the file begins.
    pub fn received(pieces: i64) -> Self {
        Self { delta: pieces, reason: StockReason::Received, note: None }
    }

    /// A line that changes stock and sells nothing: below 0 it is written off, above it was found.
    pub(super) fn counted(row: &Row) -> Self {
        let reason = if row.quantity < 0 { StockReason::WrittenOff } else { StockReason::Adjusted };
        let note = (!row.description.is_empty()).then(|| row.description.chars().take(500).collect());
        Self { delta: row.quantity, reason, note }
    }
}

/// `POST /orders`
#[derive(Debug, Serialize)]
pub struct NewOrder {
    /// The file's invoice number.
    pub reference: String,
    /// A guest has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The earliest time of its lines.
    pub placed_at: Timestamp,
    /// On account, all of them.
    pub payment: OnAccount,
    /// As in the file.
    pub lines: Vec<NewLine>,
}

/// `{"method": "on_account"}`
#[derive(Debug, Default, Serialize)]
pub struct OnAccount {
    method: Method,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    #[default]
    OnAccount,
}

/// A line of an order or of a credit note.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct NewLine {
    /// What.
    pub sku: Sku,
    /// How many, above 0.
    pub quantity: i64,
    /// Per piece, 0 or more.
    pub unit_price: Money,
}

impl NewLine {
    /// The line with the signs taken off.
    pub(super) fn of(row: &Row) -> Self {
        Self { sku: row.sku.clone(), quantity: row.quantity.abs(), unit_price: gbp(row.price.abs()) }
    }
}

/// `POST /credit-notes`
#[derive(Debug, Serialize)]
pub struct NewCreditNote {
    /// The file's invoice number.
    pub reference: String,
    /// A guest has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The earliest time of its lines.
    pub placed_at: Timestamp,
    /// As in the file, without signs.
    pub lines: Vec<NewLine>,
    /// Never: the file does not say that anything went back on the shelf.
    pub restock: bool,
    /// For people.
    pub reason: &'static str,
}

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}
