//! Who is told of an order, and what of it.

use super::*;
use crate::order::Order;
use crate::order::tests::{placed, sku};
use tillroll_log::Aggregate;
use tillroll_schemas::order::{Fulfilled, OrderEvent};
use tillroll_schemas::{FulfilmentId, Quantity, UserId};
use uuid::Uuid;

const ANN: UserId = UserId(Uuid::from_u128(1));

/// What its customer is told of a delivery of two mugs.
fn told_of_two_mugs(user_id: Option<UserId>) -> Option<Told> {
    let OrderEvent::Placed(order) = placed() else { panic!() };
    let state = Order::evolve(Default::default(), &Placed { user_id, ..order }.into());
    let items = vec![StockClaim { sku: sku("MUG"), quantity: Quantity::new(2).unwrap() }];
    let fulfilment_id = FulfilmentId(Uuid::from_u128(5));
    let out = Fulfilled { fulfilment_id, items, answers: vec![], complete: false, releases: vec![], told: None };
    let mut event = told(&state.life, out.into());
    event.told_mut().unwrap().take().map(|told| *told)
}

#[test]
fn a_delivery_tells_the_pieces_that_leave_by_the_names_under_which_they_were_ordered() {
    let told = told_of_two_mugs(Some(ANN)).unwrap();
    let [line] = told.lines.as_slice() else { panic!("{told:?}") };
    assert_eq!((told.user_id, line.sku.clone(), line.quantity), (ANN, sku("MUG"), Quantity::new(2).unwrap()));
}

#[test]
fn an_order_without_an_account_tells_nobody() {
    assert_eq!(told_of_two_mugs(None), None);
}
