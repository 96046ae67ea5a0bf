//! The words that orders are told with.

use crate::shop::SKUS;
use tillroll_schemas::order::{Line, PaymentTerms, PlaceOrder};
use tillroll_schemas::payment::payment_of;
use tillroll_schemas::{Money, OrderId, Quantity, Sku, TaxRate, UserId};
use uuid::Uuid;

/// Whose orders these are.
pub const BUYER: UserId = UserId(Uuid::from_u128(77));

pub fn quantity(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

pub fn sku(shelf: usize) -> Sku {
    Sku::parse(SKUS[shelf]).unwrap()
}

pub fn order_id(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(number))
}

pub fn line(shelf: usize, pieces: i64) -> Line {
    let gbp = |amount| Money { amount, currency: "GBP".parse().unwrap() };
    Line {
        sku: sku(shelf),
        name: SKUS[shelf].to_lowercase(),
        category: None,
        quantity: quantity(pieces),
        unit_price: gbp(100),
        line_total: gbp(0),
        tax_rate: TaxRate::try_from(2_000).unwrap(),
        tracked: true,
        product_version: 1,
    }
}

/// What no stock is kept of.
pub fn postage() -> Line {
    Line { sku: Sku::parse("POST").unwrap(), tracked: false, ..line(0, 1) }
}

pub fn place(lines: Vec<Line>) -> PlaceOrder {
    PlaceOrder {
        reference: None,
        customer: None,
        country: None,
        user_id: Some(BUYER),
        from_cart: false,
        payment: PaymentTerms::OnAccount,
        placed_at: None,
        lines,
        shipping_address: None,
        buyer: None,
    }
}

/// The same, paid by this card.
pub fn place_by(card: &str, order: OrderId, lines: Vec<Line>) -> PlaceOrder {
    let payment = PaymentTerms::Card { payment_id: payment_of(order), token: card.into() };
    PlaceOrder { payment, ..place(lines) }
}
