//! What a cart is shown as: the catalogue's prices of now, and what can be bought of it.

use serde_json::{Value, json};
use tillroll_schemas::{Quantity, Sku};

use super::*;
use crate::routes::lines::tests::catalogue;

fn shown(items: &[(&str, i64)]) -> Value {
    let items = items
        .iter()
        .map(|(sku, pieces)| (Sku::parse(sku).unwrap(), Quantity::new(*pieces).unwrap()))
        .collect::<Items>();
    serde_json::to_value(CartBody::of(&items, None, 3, catalogue)).unwrap()
}

#[test]
fn a_cart_is_shown_at_the_catalogues_prices() {
    let gbp = |amount: i64| json!({"amount": amount, "currency": "GBP"});
    let expected = json!({
        "items": [
            {"sku": "MUG", "name": "a fine MUG", "quantity": 2, "unit_price": gbp(255), "line_total": gbp(510), "sold": true},
            {"sku": "POST", "name": "postage", "quantity": 1, "unit_price": gbp(300), "line_total": gbp(300), "sold": true},
        ],
        "net": gbp(810), "order_id": null, "version": 3,
    });
    assert_eq!(shown(&[("POST", 1), ("MUG", 2)]), expected);
}

#[test]
fn what_is_not_sold_any_more_stays_and_does_not_count() {
    let cart = shown(&[("MUG", 1), ("OLD", 5), ("VANISHED", 1)]);
    assert_eq!(cart["net"]["amount"], 255);
    let sold: Vec<_> = cart["items"].as_array().unwrap().iter().map(|item| item["sold"].as_bool().unwrap()).collect();
    assert_eq!(sold, [true, false, false]);
    assert_eq!(cart["items"][2]["unit_price"], Value::Null);
}

#[test]
fn what_cannot_be_summed_has_no_sum() {
    for items in [&[][..], &[("OLD", 1)], &[("MUG", 1), ("EURO", 1)]] {
        assert_eq!(shown(items)["net"], Value::Null, "{items:?}");
    }
}

#[test]
fn only_what_the_catalogue_sells_is_put_in() {
    assert!(sold(&Sku::parse("MUG").unwrap(), &catalogue).is_ok());
    for text in ["OLD", "VANISHED"] {
        assert_eq!(sold(&Sku::parse(text).unwrap(), &catalogue).unwrap_err().code(), "unknown_product");
    }
}

#[test]
fn every_rejection_is_a_known_kind_of_problem() {
    for rejection in Rejection::ALL {
        let code = tillroll_log::Rejection::code(&rejection);
        assert!(tillroll_command_http::kind_of(code).is_some_and(|kind| kind.status == 409), "{code}");
    }
}
