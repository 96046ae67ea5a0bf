//! Events in the shape that they had before, for logs that have them.

use super::{Customer, Line, PaymentTerms, Placed, StockClaim, Totals};
use crate::Timestamp;
use serde::Deserialize;

/// `order.placed.v1`: an order of staff, on account. Cards, accounts of customers and addresses came with v2.
#[derive(Deserialize)]
pub struct PlacedV1 {
    reference: Option<String>,
    customer: Option<Customer>,
    country: Option<String>,
    payment: PaymentMethodV1,
    placed_at: Timestamp,
    lines: Vec<Line>,
    totals: Totals,
    claims: Vec<StockClaim>,
    reservations_expire_at: Timestamp,
    answer_by: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentMethodV1 {
    OnAccount,
}

impl From<PlacedV1> for Placed {
    fn from(old: PlacedV1) -> Self {
        let PaymentMethodV1::OnAccount = old.payment;
        Self {
            reference: old.reference,
            customer: old.customer,
            country: old.country,
            user_id: None,
            from_cart: false,
            payment: PaymentTerms::OnAccount,
            placed_at: old.placed_at,
            lines: old.lines,
            totals: old.totals,
            claims: old.claims,
            reservations_expire_at: old.reservations_expire_at,
            answer_by: old.answer_by,
            shipping_address: None,
            buyer: None,
        }
    }
}
