//! `product`: what the shop sells. Key: the SKU.

use crate::{Money, Quantity, TaxRate};
use serde::{Deserialize, Serialize};

/// What is known of a product. Each event carries all of it, so a reader needs no other record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Shown to customers; 1 to 200 characters.
    pub name: String,
    /// At most 4,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Per piece, tax excluded.
    pub price: Money,
    /// Basis points.
    #[serde(default)]
    pub tax_rate: TaxRate,
    /// False for services: no stock is kept.
    pub tracked: bool,
}

/// The product is in the catalogue from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// All of it.
    #[serde(flatten)]
    pub details: Details,
    /// Pieces to be received at once by the stock item of the same SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_stock: Option<Quantity>,
}

/// It was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revised {
    /// All of it, as it is now.
    #[serde(flatten)]
    pub details: Details,
}

/// It is no longer sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// All of it, as it was at the end.
    #[serde(flatten)]
    pub details: Details,
}

tillroll_log::bodies! {
    /// What happened to a product.
    pub enum ProductEvent {
        Added(Added) = "product.added.v1",
        Revised(Revised) = "product.revised.v1",
        Archived(Archived) = "product.archived.v1",
    }
}

/// Adds a product; refused if the SKU is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddProduct {
    /// All of it.
    #[serde(flatten)]
    pub details: Details,
    /// Received at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_stock: Option<Quantity>,
}

/// Changes it. Whether stock is tracked cannot change: reservations would lose their meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviseProduct {
    /// Shown to customers; 1 to 200 characters.
    pub name: String,
    /// At most 4,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// At most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Per piece, tax excluded.
    pub price: Money,
    /// Basis points.
    #[serde(default)]
    pub tax_rate: TaxRate,
    /// What the client takes it to be; refused if it is not so. As it is, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracked: Option<bool>,
}

/// Takes it out of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveProduct {}

tillroll_log::bodies! {
    /// What can be asked of a product.
    pub enum ProductCommand {
        Add(AddProduct) = "product.add",
        Revise(ReviseProduct) = "product.revise",
        Archive(ArchiveProduct) = "product.archive",
    }
}
