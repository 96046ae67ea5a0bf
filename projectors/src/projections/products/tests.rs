//! Products as rows: the last event makes the row, and a newer build's event is not guessed at.

use super::*;
use crate::samples::{envelope, gbp};
use tillroll_schemas::product::{Added, Archived, Revised};
use tillroll_schemas::{Currency, Money, TaxRate};

fn details(name: &str, price: Money) -> Details {
    let (description, category) = (String::new(), Some("Lamps".to_owned()));
    Details { name: name.to_owned(), description, category, price, tax_rate: TaxRate::default(), tracked: true }
}

#[test]
fn the_last_event_of_a_product_makes_its_row() {
    let mut batch = Batch::default();
    let added = ProductEvent::from(Added { details: details("lamp", gbp(100)), initial_stock: None });
    let revised = ProductEvent::from(Revised { details: details("big lamp", gbp(200)) });
    let archived = ProductEvent::from(Archived { details: details("big lamp", gbp(200)) });
    Products::fold(&mut batch, &envelope("product.events.v1", "LAMP", 1, 4), &added);
    Products::fold(&mut batch, &envelope("product.events.v1", "LAMP", 2, 5), &revised);
    Products::fold(&mut batch, &envelope("product.events.v1", "OLD", 1, 6), &added);
    Products::fold(&mut batch, &envelope("product.events.v1", "OLD", 2, 9), &archived);
    let row = |name, price, archived, offset| Row {
        details: details(name, price),
        archived,
        version: Version(2),
        partition: PartitionId(3),
        offset: Offset(offset),
    };
    let expected =
        [("LAMP".into(), row("big lamp", gbp(200), false, 5)), ("OLD".into(), row("big lamp", gbp(200), true, 9))];
    assert_eq!(batch, Batch(BTreeMap::from(expected)));
    assert_eq!(Currency::GBP, batch.0["LAMP"].details.price.currency);
}

#[test]
fn an_event_of_a_newer_build_is_not_understood() {
    let mut envelope = envelope("product.events.v1", "LAMP", 1, 4);
    envelope.type_name = "product.added.v2".into();
    assert!(matches!(Products::decode(&envelope, b"{}"), Err(Undecodable::Body(_))));
}
