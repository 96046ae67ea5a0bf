//! What an order asks of stock items, and what they answer.

use crate::{FulfilmentId, Quantity, Sku};
use serde::{Deserialize, Serialize};

/// So many pieces of a SKU, all lines together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockClaim {
    /// What.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

/// What a stock item answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StockOutcome {
    /// The pieces are held.
    Reserved,
    /// They cannot be held.
    ReservationRefused {
        /// Why: `insufficient_stock`, `released`, `dead_lettered`.
        code: String,
    },
    /// The pieces are sold.
    Committed,
    /// They cannot be sold.
    CommitRefused {
        /// Why.
        code: String,
    },
    /// The claim ended.
    Released,
    /// The release was not carried out.
    ReleaseRefused {
        /// Why.
        code: String,
    },
    /// The pieces left.
    Fulfilled {
        /// In which delivery.
        fulfilment_id: FulfilmentId,
    },
    /// They did not leave.
    FulfilmentRefused {
        /// In which delivery.
        fulfilment_id: FulfilmentId,
        /// Why.
        code: String,
    },
}

/// A stock item's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAnswer {
    /// Whose.
    pub sku: Sku,
    /// What.
    #[serde(flatten)]
    pub outcome: StockOutcome,
}
