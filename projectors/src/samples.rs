//! What the tests of the projections share: envelopes and a few events.

use tillroll_log::record::Envelope;
use tillroll_log::{Coordinates, EventId, Offset, PartitionId, Timestamp, Version};
use tillroll_schemas::order::{Customer, Line, PaymentTerms, Placed, Sale, SaleLine, Totals};
use tillroll_schemas::{Currency, Money, Quantity, Sku, TaxRate};
use uuid::Uuid;

pub(crate) fn envelope(topic: &str, key: &str, version: u64, offset: i64) -> Envelope {
    Envelope {
        id: EventId(Uuid::from_u128(u128::from(version))),
        type_name: "test".into(),
        key: key.into(),
        version: Version(version),
        occurred_at: at("2010-12-01T08:26:00Z"),
        recorded_at: at("2026-01-01T00:00:00Z"),
        actor: Some("staff".into()),
        correlation: None,
        causation: None,
        ends: Vec::new(),
        inbox: None,
        at: Coordinates { topic: topic.into(), partition: PartitionId(3), offset: Offset(offset) },
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

pub(crate) fn quantity(pieces: i64) -> Quantity {
    Quantity::new(pieces).unwrap()
}

pub(crate) fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

pub(crate) fn line(of: &str, category: Option<&str>, pieces: i64, price: i64) -> Line {
    Line {
        sku: sku(of),
        name: format!("name of {of}"),
        category: category.map(str::to_owned),
        quantity: quantity(pieces),
        unit_price: gbp(price),
        line_total: gbp(pieces * price),
        tax_rate: TaxRate::default(),
        tracked: true,
        product_version: 1,
    }
}

pub(crate) fn placed(lines: Vec<Line>) -> Placed {
    let net = gbp(lines.iter().map(|line| line.line_total.amount).sum());
    Placed {
        reference: Some("536365".to_owned()),
        customer: Some(Customer { reference: "17850".to_owned() }),
        country: Some("France".to_owned()),
        user_id: None,
        from_cart: false,
        payment: PaymentTerms::OnAccount,
        placed_at: at("2010-12-01T08:26:00Z"),
        totals: Totals { net, tax: gbp(0), gross: net },
        lines,
        claims: Vec::new(),
        reservations_expire_at: at("2010-12-01T09:26:00Z"),
        answer_by: at("2010-12-01T08:27:00Z"),
        shipping_address: None,
        buyer: None,
    }
}

pub(crate) fn sale(dated: &str, lines: &[(&str, Option<&str>, i64, i64)]) -> Sale {
    let lines = lines.iter().map(|(of, category, pieces, amount)| SaleLine {
        sku: sku(of),
        category: category.map(str::to_owned),
        quantity: quantity(*pieces),
        amount: gbp(*amount),
    });
    Sale { dated: at(dated), country: Some("France".to_owned()), customer: None, lines: lines.collect() }
}
