//! A cart is bought for what it was shown to come to, or not at all.

use serde_json::{Value, json};
use tillroll_log::Aggregate;
use tillroll_schemas::{Currency, Money, Quantity, Sku, UserId};
use uuid::Uuid;

use super::{Cart, Items, Line, Problem, opens, order_of, priced, wanted};
use crate::cart::{CartState, Stage};
use crate::routes::lines::tests::{catalogue, gbp, named};

fn cart(items: &[(&str, i64)]) -> Items {
    items.iter().map(|(sku, pieces)| (Sku::parse(sku).unwrap(), Quantity::new(*pieces).unwrap())).collect()
}

/// Two mugs for 2.55 and one postage for 3.00.
fn bought(expected_net: Option<Money>) -> Result<Vec<Line>, Problem> {
    priced(&wanted(&cart(&[("POST", 1), ("MUG", 2)])), expected_net, &catalogue)
}

#[test]
fn a_cart_that_comes_to_what_was_shown_is_bought_at_the_catalogues_prices() {
    for expected in [None, Some(gbp(810))] {
        let prices: Vec<_> = bought(expected).unwrap().into_iter().map(|line| line.unit_price).collect();
        assert_eq!(prices, [gbp(255), gbp(300)]);
    }
}

#[test]
fn a_cart_that_comes_to_anything_else_is_not_bought_and_its_prices_of_now_are_told() {
    let eur: Currency = "EUR".parse().unwrap();
    for shown in [gbp(809), gbp(811), Money { amount: 810, currency: eur }] {
        let refused = bought(Some(shown)).unwrap_err();
        let (code, fields) = named(&refused);
        assert_eq!(code, "price_changed");
        assert_eq!(fields, ["/expected_net", "/items/0/unit_price", "/items/1/unit_price"]);
        let told = serde_json::to_value(&refused).unwrap();
        let details: Vec<_> = told["errors"].as_array().unwrap().iter().map(|error| &error["detail"]).collect();
        let expected: [Value; 3] = [
            json!("the cart's net is 810 GBP in minor units"),
            json!("the price of MUG is 255 GBP in minor units"),
            json!("the price of POST is 300 GBP in minor units"),
        ];
        assert_eq!(details, expected.iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_cannot_be_bought_is_told_before_what_it_would_cost() {
    let refused = priced(&wanted(&cart(&[("OLD", 1)])), Some(gbp(1)), &catalogue).unwrap_err();
    assert_eq!(refused.code(), "unknown_product");
}

/// Who repeats an old checkout must not wait for the end of a newer one: his cart was open in between.
#[test]
fn an_order_waits_for_its_own_checkout_of_the_cart_and_no_other() {
    let user = UserId(Uuid::from_u128(1));
    let (old, newer) = (order_of(user, 1), order_of(user, 3));
    let told = |stage| Cart::answer(&"user".into(), None, &CartState { version: 4, stage });
    assert!(opens(old, &told(Stage::CheckedOut(cart(&[("MUG", 1)]), old))));
    assert!(opens(old, &told(Stage::Open(cart(&[])))));
    assert!(!opens(old, &told(Stage::CheckedOut(cart(&[("MUG", 1)]), newer))));
}
