//! What a sale, or a credit of one, counts for.

use super::Customer;
use crate::{Money, Quantity, Sku, Timestamp};
use serde::{Deserialize, Serialize};

/// What is counted as sold (or credited): frozen here so that a sales report needs no other record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The date that it counts for.
    pub dated: Timestamp,
    /// Where it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Who bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// What, without tax.
    pub lines: Vec<SaleLine>,
}

/// One line of a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleLine {
    /// What.
    pub sku: Sku,
    /// Its category then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How many.
    pub quantity: Quantity,
    /// For how much, tax excluded.
    pub amount: Money,
}
