//! `invoice-series`: the invoices and credit notes of one month, numbered without gaps. Key: the series, `2026-11`.

use crate::order::{Customer, Totals};
use crate::{Money, OrderId, Quantity, Sealed, Sku, TaxRate, Timestamp, UserId};
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A month, UTC: `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Series {
    year: i32,
    month: u32,
}

/// The text is no series.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a series is a year and a month: 2026-11")]
pub struct InvalidSeries;

impl Series {
    /// The series of what is dated so.
    pub fn of(dated: Timestamp) -> Self {
        Self { year: dated.year(), month: dated.month() }
    }

    /// The number as it is printed: `2026-11-000017`.
    pub fn numbered(self, number: u32) -> String {
        format!("{self}-{number:06}")
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl std::str::FromStr for Series {
    type Err = InvalidSeries;
    fn from_str(text: &str) -> Result<Self, InvalidSeries> {
        let (year, month) = text.split_once('-').ok_or(InvalidSeries)?;
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(InvalidSeries);
        }
        let (Ok(year), Ok(month @ 1..=12)) = (year.parse(), month.parse()) else { return Err(InvalidSeries) };
        Ok(Self { year, month })
    }
}

impl TryFrom<String> for Series {
    type Error = InvalidSeries;
    fn try_from(text: String) -> Result<Self, InvalidSeries> {
        text.parse()
    }
}

impl From<Series> for String {
    fn from(series: Series) -> Self {
        series.to_string()
    }
}

/// What is issued. An order has one invoice, and each credit one credit note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Document {
    /// An invoice.
    Invoice {
        /// Of which order.
        order_id: OrderId,
    },
    /// A credit note.
    CreditNote {
        /// Of which credit: the id of a refund, a return, a cancellation's order or a credit that stands alone.
        credit_id: Uuid,
        /// Of which order, if it belongs to one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_id: Option<OrderId>,
    },
}

impl Document {
    /// Names the document among all of a series, all that it says of itself included: an order's cancellation may bear
    /// the order's own id, and a number is told to no other order than the document's.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Invoice { order_id } => Uuid::new_v5(&order_id.0, b"invoice"),
            Self::CreditNote { credit_id, order_id: None } => Uuid::new_v5(credit_id, b"credit-note"),
            Self::CreditNote { credit_id, order_id: Some(order) } => {
                Uuid::new_v5(credit_id, &[b"credit-note", order.0.as_bytes().as_slice()].concat())
            }
        }
    }

    /// Who is told its number.
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::Invoice { order_id } => Some(*order_id),
            Self::CreditNote { order_id, .. } => *order_id,
        }
    }
}

/// One line as it is asked for: positive on a credit note, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// What.
    pub sku: Sku,
    /// Its name then.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// For how much, all pieces together, tax excluded.
    pub net: Money,
    /// Basis points.
    #[serde(default)]
    pub tax_rate: TaxRate,
    /// Its tax, if that does not follow from this document: of what is credited, what the invoice took for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_tax: Option<Money>,
}

/// One line as it was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedLine {
    /// What was asked for.
    #[serde(flatten)]
    pub line: InvoiceLine,
    /// Its share of its rate's tax, or its fixed one.
    pub tax: Money,
}

/// The sums of the lines under one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateTotal {
    /// Basis points.
    pub tax_rate: TaxRate,
    /// Without tax.
    pub net: Money,
    /// The tax: fixed ones, and that of all other lines together, rounded half up once.
    pub tax: Money,
}

/// A document has its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentIssued {
    /// In which series.
    pub series: Series,
    /// Its number there: 1, 2, 3, …
    pub number: u32,
    /// What.
    #[serde(flatten)]
    pub document: Document,
    /// The date that it bears, fixed by what caused it.
    pub dated: Timestamp,
    /// To whom, if he has an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// To whom, as the shop's staff name him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// To whom by name and address, as the order has it: a [`Buyer`](crate::Buyer), sealed under a fiscal key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Sealed>,
    /// What for, in the order's order.
    pub lines: Vec<IssuedLine>,
    /// The sums by rate, the least first.
    pub rates: Vec<RateTotal>,
    /// The sums of all.
    pub totals: Totals,
}

/// A document that has a number was asked for again: it is told once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRecalled {
    /// In which series.
    pub series: Series,
    /// Its number there.
    pub number: u32,
    /// What.
    #[serde(flatten)]
    pub document: Document,
}

tillroll_log::bodies! {
    /// What happened to a series.
    pub enum InvoiceSeriesEvent {
        DocumentIssued(DocumentIssued) = "invoice-series.document-issued.v1",
        NumberRecalled(NumberRecalled) = "invoice-series.number-recalled.v1",
    }
}

/// Gives a document the next number, or tells the one that it has. Its key follows from its date:
/// [`IssueDocument::to_series`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueDocument {
    /// What.
    #[serde(flatten)]
    pub document: Document,
    /// The date that it bears. It comes from the event that causes the document and never from the clock at issue, so
    /// that asking again asks the same series.
    pub dated: Timestamp,
    /// To whom, if he has an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// To whom, as the shop's staff name him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// To whom by name and address, as the order has it: a [`Buyer`](crate::Buyer), sealed under a fiscal key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Sealed>,
    /// At least one, in one currency, none below 0.
    pub lines: Vec<InvoiceLine>,
}

impl IssueDocument {
    /// The command, and the series that it is for: no other may be asked.
    pub fn to_series(self) -> (Series, InvoiceSeriesCommand) {
        (Series::of(self.dated), self.into())
    }
}

tillroll_log::bodies! {
    /// What can be asked of a series.
    pub enum InvoiceSeriesCommand {
        Issue(IssueDocument) = "invoice-series.issue",
    }
}

/// What the order is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum InvoiceOutcome {
    /// It has a number.
    Issued {
        /// In which series.
        series: Series,
        /// Its number there.
        number: u32,
    },
    /// It has none.
    Refused {
        /// Why.
        code: String,
    },
}

/// A series' answer to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordInvoiceAnswer {
    /// What was asked for.
    #[serde(flatten)]
    pub document: Document,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: InvoiceOutcome,
}

#[cfg(test)]
mod tests;
