//! What a product's events cause: its first pieces are received once, where stock is kept of it, and nothing else.

use super::*;
use tillroll_log::{Body, Coordinates, EventId, Offset, PartitionId};
use tillroll_schemas::product::{Added, Archived, Details, Revised};
use tillroll_schemas::{Currency, Money, Quantity, TaxRate};

fn cause() -> Cause {
    let at = Coordinates { topic: "product.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    Cause { id: EventId(uuid::Uuid::from_u128(1)), at, key: "85123A".into(), correlation: None }
}

fn details(tracked: bool) -> Details {
    Details {
        name: "White hanging heart".to_owned(),
        description: String::new(),
        category: None,
        price: Money::zero(Currency::GBP),
        tax_rate: TaxRate::default(),
        tracked,
    }
}

fn caused_by(event: impl Into<ProductEvent>) -> Vec<Outgoing> {
    ProductReactions::on_event(&cause(), &event.into()).unwrap()
}

#[test]
fn the_first_pieces_are_received_by_the_stock_item_of_the_same_sku() {
    let quantity = Quantity::new(120).unwrap();
    let caused = caused_by(Added { details: details(true), initial_stock: Some(quantity) });
    let [outgoing] = caused.as_slice() else { panic!("one command: {caused:?}") };
    assert_eq!(outgoing.to, catalogue::STOCK_ITEM);
    assert_eq!(&*outgoing.key, "85123A");
    assert_eq!(outgoing.step, "initial-stock");
    let command = StockItemCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
    assert_eq!(command, ReceiveStock { quantity, note: Some("initial stock".to_owned()) }.into());
}

#[test]
fn nothing_is_received_where_there_are_no_first_pieces_or_no_stock_is_kept() {
    assert_eq!(caused_by(Added { details: details(true), initial_stock: None }), []);
    assert_eq!(caused_by(Added { details: details(false), initial_stock: Quantity::new(1).ok() }), []);
}

#[test]
fn revising_and_archiving_cause_nothing() {
    assert_eq!(caused_by(Revised { details: details(true) }), []);
    assert_eq!(caused_by(Archived { details: details(true) }), []);
}
