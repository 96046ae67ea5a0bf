//! What goes back of an order that was sold: money, and pieces that were returned.

use super::{Paper, Sale, StockClaim, Told};
use crate::invoice_series::InvoiceLine;
use crate::{Money, PaymentId, RefundId, Sku, Timestamp, tax_by_rate};
use serde::{Deserialize, Serialize};

/// What goes back, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// Which.
    pub refund_id: RefundId,
    /// How much, with tax.
    pub amount: Money,
    /// What is credited; its sum with tax is the amount, less what an earlier note has credited that did not arrive.
    pub lines: Vec<InvoiceLine>,
    /// Pieces that are credited, in order of SKU; none if only an amount was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<StockClaim>,
    /// Whether the pieces came back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
    /// Of these, what goes back on the shelf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restock: Vec<StockClaim>,
    /// For people; no personal data.
    pub reason: String,
}

impl Reversal {
    /// What its lines come to with tax, in minor units, as the invoice series sums them.
    pub fn credited(&self) -> i64 {
        let open = self.lines.iter().filter(|line| line.fixed_tax.is_none()).map(|line| (line.tax_rate, line.net));
        let fixed = self.lines.iter().filter_map(|line| line.fixed_tax);
        let sum = || {
            let all = self.lines.iter().map(|line| line.net).chain(fixed).chain(tax_by_rate(open).ok()?.into_values());
            all.map(|money| money.amount).try_fold(0, i64::checked_add)
        };
        // What has no number is never asked for.
        sum().unwrap_or(self.amount.amount)
    }

    /// The part of the amount, in minor units, that pays what an earlier note has credited and did not arrive.
    pub fn pays_owed(&self) -> i64 {
        (self.amount.amount - self.credited()).max(0)
    }
}

/// Money is to go back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequested {
    /// What.
    #[serde(flatten)]
    pub reversal: Reversal,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// When the wait for an answer is over.
    pub answer_by: Timestamp,
}

/// Money went back, or counts as credited on account; pieces go back on the shelf, and a credit note is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// What.
    #[serde(flatten)]
    pub reversal: Reversal,
    /// What counts as credited, dated by itself.
    pub credit: Sale,
    /// What the credit note says.
    pub credit_note: Paper,
    /// When the wait for its number is over.
    pub answer_by: Timestamp,
    /// Whether nothing is left to deliver now, of an order of which something has left: it is fulfilled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
    /// Stock items that let go of what they keep for it then, as of a delivery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Sku>,
    /// Who is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Box<Told>>,
}

/// Money did not go back. One that was told as gone back can come to this days later, and stays credited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRefused {
    /// Which.
    pub refund_id: RefundId,
    /// Why: stable, snake case.
    pub code: String,
    /// How much of what counted as gone back does not any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<Money>,
    /// Whether the order was off: it holds money then, and waits for an operator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_off: bool,
}
