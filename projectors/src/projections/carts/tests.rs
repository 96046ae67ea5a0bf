//! Carts as rows: what a batch leaves, however it is cut.

use super::*;
use crate::samples::{envelope, placed, quantity, sku};
use tillroll_schemas::cart::{Bought, CheckedOut, Cleared, Reopened};
use tillroll_schemas::order::{PlaceOrder, Reason};
use tillroll_schemas::{OrderId, Sealed};

const USER: UserId = UserId(Uuid::from_u128(7));
const ORDER: OrderId = OrderId(Uuid::from_u128(9));

fn batch(events: &[CartEvent]) -> Batch {
    let mut batch = Batch::default();
    for (version, event) in (1..).zip(events) {
        let envelope = envelope("cart.events.v1", &USER.to_string(), version, 40 + version.cast_signed());
        let decoded = Carts::decode(
            &Envelope { type_name: event.type_name().into(), ..envelope.clone() },
            &event.encode().unwrap(),
        );
        Carts::fold(&mut batch, &envelope, &decoded.unwrap());
    }
    batch
}

fn put(text: &str, pieces: i64) -> CartEvent {
    ItemPut { sku: sku(text), quantity: quantity(pieces) }.into()
}

/// Whether it was emptied, how many of each were put in or taken out since, and the order that is being made.
type Left = (bool, Vec<(String, Option<i64>)>, Option<Uuid>);

fn left(events: &[CartEvent]) -> Left {
    let cart = batch(events).0.remove(&USER).unwrap();
    let count = u64::try_from(events.len()).unwrap();
    assert_eq!((cart.version, cart.offset), (Version(count), Offset(40 + count.cast_signed())));
    let items = cart.items.iter().map(|(sku, pieces)| (sku.to_string(), pieces.map(Quantity::get)));
    (cart.emptied, items.collect(), cart.order)
}

fn checked_out() -> CartEvent {
    checked_out_to(None)
}

fn checked_out_to(shipping_address: Option<Sealed>) -> CartEvent {
    let of = placed(vec![]);
    let order = PlaceOrder {
        lines: vec![],
        reference: None,
        customer: None,
        country: None,
        user_id: None,
        from_cart: true,
        payment: of.payment,
        placed_at: None,
        shipping_address,
        buyer: None,
    };
    CheckedOut { order_id: ORDER, order }.into()
}

#[test]
fn the_last_word_on_each_item_counts() {
    let removed = ItemRemoved { sku: sku("MUG") }.into();
    assert_eq!(
        left(&[put("MUG", 1), put("LAMP", 1), put("LAMP", 5), removed]),
        (false, vec![("LAMP".to_owned(), Some(5)), ("MUG".to_owned(), None)], None)
    );
}

#[test]
fn what_was_bought_or_cleared_away_lies_there_no_more() {
    for end in [Cleared {}.into(), Bought { order_id: ORDER }.into()] {
        assert_eq!(left(&[put("MUG", 1), end, put("LAMP", 1)]), (true, vec![("LAMP".to_owned(), Some(1))], None));
    }
}

#[test]
fn an_order_that_is_being_made_is_named_until_it_is_good_or_off() {
    assert_eq!(left(&[put("MUG", 1), checked_out()]).2, Some(ORDER.0));
    let reason = Reason { code: "insufficient_stock".to_owned(), detail: String::new() };
    let reopened = Reopened { order_id: ORDER, reason }.into();
    assert_eq!(left(&[put("MUG", 1), checked_out(), reopened]), (false, vec![("MUG".to_owned(), Some(1))], None));
}

#[test]
fn that_it_was_to_be_sent_somewhere_is_known_also_when_it_was_bought() {
    let addressed = |events: &[CartEvent]| batch(events).0.remove(&USER).unwrap().addressed;
    let bought = || Bought { order_id: ORDER }.into();
    let sent = checked_out_to(Some(Sealed::from_stored("s1.street")));
    assert!(addressed(&[put("MUG", 1), sent, bought(), put("MUG", 1), checked_out(), bought()]));
    assert!(!addressed(&[put("MUG", 1), checked_out(), bought()]));
}

#[test]
fn a_cart_under_a_key_that_is_no_user_is_refused() {
    let envelope = envelope("cart.events.v1", "somebody", 1, 1);
    assert!(matches!(Carts::decode(&envelope, b"{}"), Err(Undecodable::Key(_))));
}
