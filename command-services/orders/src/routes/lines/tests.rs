//! From lines as asked to lines as frozen: names and prices of the catalogue, every fault named with its line.

use std::sync::Arc;

use serde_json::Value;
use tillroll_command_http::Checks;
use tillroll_http::Problem;
use tillroll_schemas::{Money, Quantity, Sku, TaxRate};

use super::{Archived, LinesRefused, Product, WantedLine, check, frozen, refused};
use crate::product_facts::Facts;

pub(in crate::routes) fn gbp(amount: i64) -> Money {
    Money { amount, currency: "GBP".parse().unwrap() }
}

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn wanted(text: &str) -> WantedLine {
    let quantity = Quantity::new(2).unwrap();
    WantedLine { sku: sku(text), quantity, unit_price: None, expected_unit_price: None }
}

/// A catalogue that sells MUG for 2.55 and POST for 3.00, sold OLD once, and knows EURO in another currency.
pub(in crate::routes) fn catalogue(sku: &Sku) -> Option<Product> {
    let of = |name: &str, price, tracked, archived| {
        let tax_rate = TaxRate::try_from(2_000).unwrap();
        let category = Some("Kitchen".to_owned());
        let facts = Facts { name: name.to_owned(), category, price, tax_rate, tracked, archived };
        Some(Product { version: 7, facts: Arc::new(facts) })
    };
    match sku.as_str() {
        "MUG" => of("a fine MUG", gbp(255), true, false),
        "POST" => of("postage", gbp(300), false, false),
        "OLD" => of("out of fashion", gbp(100), true, true),
        "EURO" => of("from abroad", Money { amount: 1, currency: "EUR".parse().unwrap() }, true, false),
        _ => None,
    }
}

/// What a problem names: its code and its errors' fields.
pub(in crate::routes) fn named(problem: &Problem) -> (String, Vec<String>) {
    let json = serde_json::to_value(problem).unwrap();
    let fields = json["errors"].as_array().cloned().unwrap_or_default();
    let field = |error: &Value| error["field"].as_str().unwrap().to_owned();
    (problem.code().to_owned(), fields.iter().map(field).collect())
}

#[track_caller]
fn assert_refused(lines: &[WantedLine], code: &str, fields: &[&str]) {
    let problem = frozen(lines, Archived::Refused, catalogue).unwrap_err();
    assert_eq!(named(&problem), (code.to_owned(), fields.iter().map(|&field| field.to_owned()).collect()));
}

#[test]
fn a_line_is_frozen_as_the_catalogue_has_it_now() {
    let lines = frozen(&[wanted("MUG"), wanted("POST")], Archived::Refused, catalogue).unwrap();
    let mug = &lines[0];
    assert_eq!((mug.name.as_str(), mug.category.as_deref()), ("a fine MUG", Some("Kitchen")));
    assert_eq!((mug.unit_price, mug.quantity.get(), mug.product_version), (gbp(255), 2, 7));
    assert_eq!((mug.tracked, lines[1].tracked), (true, false));
    assert_eq!(mug.tax_rate, TaxRate::try_from(2_000).unwrap());
}

#[test]
fn a_price_that_staff_give_counts_instead_of_the_catalogues() {
    let line = WantedLine { unit_price: Some(gbp(0)), ..wanted("MUG") };
    assert_eq!(frozen(&[line], Archived::Refused, catalogue).unwrap()[0].unit_price, gbp(0));
}

#[test]
fn products_that_are_not_sold_are_named_line_by_line() {
    let lines = [wanted("NEVER"), wanted("MUG"), wanted("OLD")];
    assert_refused(&lines, "unknown_product", &["/lines/0/sku", "/lines/2/sku"]);
}

#[test]
fn what_was_sold_once_can_be_credited() {
    assert!(frozen(&[wanted("OLD")], Archived::Taken, catalogue).is_ok());
    assert!(frozen(&[wanted("NEVER")], Archived::Taken, catalogue).is_err());
}

#[test]
fn a_price_that_is_not_the_expected_one_is_named_line_by_line() {
    let expecting = |amount| WantedLine { expected_unit_price: Some(gbp(amount)), ..wanted("MUG") };
    assert!(frozen(&[expecting(255)], Archived::Refused, catalogue).is_ok());
    assert_refused(&[expecting(255), expecting(254)], "price_changed", &["/lines/1/expected_unit_price"]);
}

#[test]
fn lines_that_cannot_be_summed_are_refused_before_they_are_sent() {
    assert_refused(&[wanted("MUG"), wanted("EURO")], "currency_mismatch", &[]);
    let dear = WantedLine { unit_price: Some(gbp(i64::MAX)), ..wanted("MUG") };
    assert_refused(&[dear], "amount_overflow", &[]);
    let many = || WantedLine { quantity: Quantity::new(Quantity::MAX).unwrap(), ..wanted("POST") };
    assert_refused(&[wanted("MUG"), many(), many()], "invalid_field", &["/lines/1/quantity"]);
}

#[test]
fn an_owner_that_refuses_lines_is_told_with_the_line() {
    let skus = [sku("A"), sku("B")];
    let told = |why| named(&refused(&why, &skus));
    assert_eq!(told(LinesRefused::NoLines), ("invalid_field".to_owned(), vec!["/lines".to_owned()]));
    let of_b = |field: &str| ("invalid_field".to_owned(), vec![format!("/lines/1/{field}")]);
    assert_eq!(told(LinesRefused::NegativePrice(sku("B"))), of_b("unit_price"));
    assert_eq!(told(LinesRefused::QuantityOverflow(sku("B"))), of_b("quantity"));
}

#[test]
fn lines_are_one_to_ten_thousand_and_prices_not_below_zero() {
    let fields = |lines: &[WantedLine]| {
        let mut checks = Checks::new();
        check(lines, &mut checks);
        checks.finish().map_err(|problem| named(&problem).1)
    };
    assert_eq!(fields(&[]), Err(vec!["/lines".to_owned()]));
    let many = |n| (0..n).map(|_| wanted("MUG")).collect::<Vec<_>>();
    assert_eq!(fields(&many(10_000)), Ok(()));
    assert_eq!(fields(&many(10_001)), Err(vec!["/lines".to_owned()]));
    let below = WantedLine { unit_price: Some(gbp(-1)), expected_unit_price: Some(gbp(-1)), ..wanted("MUG") };
    let expected = ["/lines/1/unit_price/amount", "/lines/1/expected_unit_price/amount"];
    assert_eq!(fields(&[wanted("MUG"), below]), Err(expected.map(str::to_owned).to_vec()));
}
