//! What tests of this crate are told with.

use tillroll_schemas::order::{Line, PaymentTerms, PlaceOrder, StockClaim};
use tillroll_schemas::{Money, Quantity, Sku, TaxRate, Timestamp};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_291_191_960 + seconds, 0).unwrap()
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

pub(crate) fn quantity(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

pub(crate) fn gbp(amount: i64) -> Money {
    Money { amount, currency: "GBP".parse().unwrap() }
}

pub(crate) fn claim(text: &str, pieces: i64) -> StockClaim {
    StockClaim { sku: sku(text), quantity: quantity(pieces) }
}

/// A line as the handler makes it; its total is not filled in.
pub(crate) fn line(text: &str, pieces: i64, pence: i64) -> Line {
    Line {
        sku: sku(text),
        name: format!("a fine {text}"),
        category: None,
        quantity: quantity(pieces),
        unit_price: gbp(pence),
        line_total: gbp(0),
        tax_rate: TaxRate::try_from(2_000).unwrap(),
        tracked: true,
        product_version: 1,
    }
}

pub(crate) fn service(text: &str, pence: i64) -> Line {
    Line { tracked: false, ..line(text, 1, pence) }
}

pub(crate) fn place(lines: Vec<Line>) -> PlaceOrder {
    PlaceOrder {
        reference: None,
        customer: None,
        country: None,
        user_id: None,
        from_cart: false,
        payment: PaymentTerms::OnAccount,
        placed_at: None,
        lines,
        shipping_address: None,
        buyer: None,
    }
}
