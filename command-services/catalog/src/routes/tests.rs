//! From a body to a command: what may be left out, what is refused, and that everything wrong is named at once.

use super::*;
use serde_json::{Value, json};

fn new_product(change: impl FnOnce(&mut Value)) -> Result<(Sku, AddProduct), Vec<String>> {
    let mut body = json!({"sku": "85123a", "name": "White hanging heart", "price": {"amount": 255, "currency": "GBP"}});
    change(&mut body);
    let read = StrictJson::<NewProduct>::parse(body.to_string().as_bytes());
    read.and_then(|body| body.value.command()).map_err(fields)
}

fn revision(change: impl FnOnce(&mut Value)) -> Result<ReviseProduct, Vec<String>> {
    let mut body = json!({"name": "White hanging heart", "price": {"amount": 255, "currency": "GBP"}});
    change(&mut body);
    let read = StrictJson::<Revision>::parse(body.to_string().as_bytes());
    read.and_then(|body| body.value.command(&Sku::parse("85123A").unwrap())).map_err(fields)
}

fn fields(problem: Problem) -> Vec<String> {
    problem.errors().iter().map(|error| error.field.clone()).collect()
}

#[test]
fn what_is_left_out_is_tracked_untaxed_and_without_stock() {
    let (sku, AddProduct { details, initial_stock }) = new_product(|_| {}).unwrap();
    assert_eq!(sku.as_str(), "85123A");
    assert_eq!((details.tracked, details.tax_rate, initial_stock), (true, TaxRate::default(), None));
    assert_eq!((details.description.as_str(), details.category), ("", None));
}

#[test]
fn first_pieces_may_be_none() {
    let (_, command) = new_product(|body| body["initial_stock"] = json!(0)).unwrap();
    assert_eq!(command.initial_stock, None);
    let (_, command) = new_product(|body| body["initial_stock"] = json!(120)).unwrap();
    assert_eq!(command.initial_stock, Quantity::new(120).ok());
}

#[test]
fn a_product_without_stock_takes_no_first_pieces() {
    let service = |pieces: i64| {
        new_product(|body| {
            body["tracked"] = json!(false);
            body["initial_stock"] = json!(pieces);
        })
    };
    assert_eq!(service(1).unwrap_err(), ["/initial_stock"]);
    assert!(service(0).is_ok());
}

#[test]
fn each_field_has_its_limits() {
    let cases: [(&str, Value); 12] = [
        ("/sku", json!("A B")),
        ("/name", json!("")),
        ("/name", json!("n".repeat(201))),
        ("/name", json!("two\nlines")),
        ("/description", json!("d".repeat(4_001))),
        ("/category", json!("")),
        ("/category", json!("c".repeat(101))),
        ("/price/amount", json!({"amount": -1, "currency": "GBP"})),
        ("/price/currency", json!({"amount": 1, "currency": "gbp"})),
        ("/tax_rate", json!(10_001)),
        ("/initial_stock", json!(-1)),
        ("/initial_stock", json!(1_000_000_001)),
    ];
    for (field, value) in cases {
        let name = field.split('/').nth(1).unwrap();
        assert_eq!(new_product(|body| body[name] = value).unwrap_err(), [field]);
    }
    assert!(new_product(|body| body["name"] = json!("ü".repeat(200))).is_ok());
    assert!(new_product(|body| body["price"]["amount"] = json!(0)).is_ok());
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let wrong = new_product(|body| {
        body["name"] = json!(" ");
        body["price"]["amount"] = json!(-1);
    });
    assert_eq!(wrong.unwrap_err(), ["/name", "/price/amount"]);
}

#[test]
fn unknown_fields_are_refused() {
    assert_eq!(new_product(|body| body["archived"] = json!(true)).unwrap_err(), ["/archived"]);
    assert_eq!(revision(|body| body["initial_stock"] = json!(1)).unwrap_err(), ["/initial_stock"]);
}

#[test]
fn a_revision_may_repeat_the_sku_of_its_path_and_no_other() {
    assert!(revision(|body| body["sku"] = json!("85123a")).is_ok());
    assert_eq!(revision(|body| body["sku"] = json!("85123B")).unwrap_err(), ["/sku"]);
    assert_eq!(revision(|_| {}).unwrap().tracked, None);
}
