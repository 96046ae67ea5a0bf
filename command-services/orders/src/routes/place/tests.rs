//! From a body to an order: read strictly, nothing sent that no record can hold, and who may say what.

use serde_json::{Value, json};
use tillroll_http::{LARGE_BODY, Problem, StrictJson};
use tillroll_log::Key;
use tillroll_schemas::Timestamp;
use tillroll_schemas::order::{Line, OrderCommand, PlaceOrder};

use super::{MEASURED_FROM, PlaceBody, fits, rehearsed};
use crate::routes::lines::tests::{catalogue, gbp, named};

fn read(body: &Value) -> Result<PlaceBody, Problem> {
    let body = StrictJson::<PlaceBody, LARGE_BODY>::parse(body.to_string().as_bytes())?.value;
    body.check().map(|()| body)
}

fn with(member: &str, value: Value) -> Value {
    let mut body = json!({"lines": [{"sku": "mug", "quantity": 2}], "payment": {"method": "on_account"}});
    body[member] = value;
    body
}

fn with_line(member: &str, value: Value) -> Value {
    let mut body = with("reference", json!("536365"));
    body["lines"][0][member] = value;
    body
}

fn command(body: &Value) -> PlaceOrder {
    read(body).unwrap().command(catalogue).unwrap()
}

#[test]
fn an_order_says_what_who_where_and_when() {
    let mut body = with("reference", json!("536365"));
    body["customer"] = json!({"reference": "17850"});
    body["country"] = json!("United Kingdom");
    body["placed_at"] = json!("2010-12-01T08:26:00.123456Z");
    body["lines"][0]["unit_price"] = json!({"amount": 255, "currency": "GBP"});
    let command = command(&body);
    assert_eq!(command.reference.as_deref(), Some("536365"));
    assert_eq!(command.customer.unwrap().reference, "17850");
    assert_eq!(command.country.as_deref(), Some("United Kingdom"));
    let to_the_millisecond: Timestamp = "2010-12-01T08:26:00.123Z".parse().unwrap();
    assert_eq!(command.placed_at, Some(to_the_millisecond));
    assert_eq!(command.lines[0].sku.as_str(), "MUG");
}

#[test]
fn a_quantity_is_a_positive_whole_number() {
    for bad in [json!(0), json!(-1), json!(1.5), json!("1"), json!(1_000_000_001), json!(null)] {
        let (code, fields) = named(&read(&with_line("quantity", bad.clone())).unwrap_err());
        assert_eq!(
            (code.as_str(), fields.as_slice()),
            ("invalid_field", &["/lines/0/quantity".to_owned()][..]),
            "{bad}"
        );
    }
    let huge = r#"{"lines":[{"sku":"MUG","quantity":99999999999999999999}],"payment":{"method":"on_account"}}"#;
    let (_, fields) = named(&StrictJson::<PlaceBody, LARGE_BODY>::parse(huge.as_bytes()).unwrap_err());
    assert_eq!(fields, ["/lines/0/quantity"]);
}

#[test]
fn a_body_is_read_strictly() {
    let refused = |body: Value| named(&read(&body).unwrap_err());
    let expected = |code: &str, field: &str| (code.to_owned(), vec![field.to_owned()]);
    assert_eq!(refused(with("cuopon", json!(1))), expected("unknown_field", "/cuopon"));
    assert_eq!(refused(with_line("price", json!(1))), expected("unknown_field", "/lines/0/price"));
    assert_eq!(refused(with("lines", json!([]))), expected("invalid_field", "/lines"));
    assert_eq!(refused(with_line("sku", json!("no sku"))), expected("invalid_field", "/lines/0/sku"));
    assert_eq!(refused(with("payment", json!({"method": "card"}))), expected("invalid_field", "/payment/method"));
    let below = json!({"amount": -1, "currency": "GBP"});
    assert_eq!(refused(with_line("unit_price", below)), expected("invalid_field", "/lines/0/unit_price/amount"));
    let customer = json!({"reference": "", "name": "x"});
    assert_eq!(refused(with("customer", customer)), expected("unknown_field", "/customer/name"));
    assert_eq!(refused(with("customer", json!({"reference": " "}))), expected("invalid_field", "/customer/reference"));
    assert_eq!(refused(with("country", json!(""))), expected("invalid_field", "/country"));
    assert_eq!(refused(with("reference", json!("x".repeat(65)))), expected("invalid_field", "/reference"));
    assert_eq!(refused(with("placed_at", json!("yesterday"))), expected("invalid_field", "/placed_at"));
    assert_eq!(refused(with("placed_at", json!("0010-12-01T08:26:00Z"))), expected("invalid_field", "/placed_at"));
}

#[test]
fn only_staff_order_on_account() {
    assert!(read(&with("reference", json!("1"))).unwrap().is_entered_by_staff());
    let plain = json!({"lines": [{"sku": "MUG", "quantity": 1}], "payment": {"method": "on_account"}});
    assert!(read(&plain).unwrap().is_entered_by_staff());
}

#[test]
fn a_rehearsal_tells_what_would_be_placed() {
    let told = rehearsed(&Key::from("0190"), &command(&with("reference", json!("536365"))).into()).unwrap();
    assert_eq!((told.id.as_str(), told.reference.as_deref()), ("0190", Some("536365")));
    assert_eq!((told.totals.net, told.totals.gross), (gbp(510), gbp(612)));
    assert_eq!(told.lines[0].line_total, gbp(510));
}

#[test]
fn an_order_that_no_record_can_hold_is_refused_before_it_is_sent() {
    let order = command(&with("reference", json!("536365")));
    let long = |name: usize| {
        let line = Line { name: "n".repeat(name), ..order.lines[0].clone() };
        PlaceOrder { lines: vec![line; MEASURED_FROM], ..order.clone() }
    };
    assert_eq!(fits(long(3_000)).unwrap(), long(3_000));
    assert_eq!(fits(long(4_000)).unwrap_err().code(), "body_too_large");
    let OrderCommand::Place(small) = OrderCommand::from(order) else { panic!() };
    assert!(fits(small).is_ok());
}
