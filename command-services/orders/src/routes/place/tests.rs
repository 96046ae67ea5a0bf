//! From a body to an order: read strictly, nothing sent that no record can hold, and who may say what.

use serde_json::{Value, json};
use tillroll_http::{LARGE_BODY, Problem, StrictJson};
use tillroll_log::{Aggregate, Key};
use tillroll_schemas::order::{Line, OrderCommand, OrderEvent, PlaceOrder};
use tillroll_schemas::{OrderId, Sku, Timestamp, UserId};
use uuid::Uuid;

use super::{MEASURED_FROM, PlaceBody, Whose, fits, rehearsed};
use crate::order::{self, Order, OrderState, grows_to};
use crate::routes::lines::tests::{catalogue, gbp, named};

const ANN: UserId = UserId(Uuid::from_u128(9));

fn read(body: &Value) -> Result<PlaceBody, Problem> {
    let body = StrictJson::<PlaceBody, LARGE_BODY>::parse(body.to_string().as_bytes())?.value;
    body.check(Some(ANN)).map(|()| body)
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
    let whose = Whose { id: OrderId(Uuid::from_u128(7)), user: None };
    read(body).unwrap().command(whose, catalogue).unwrap()
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
    assert_eq!(refused(with("payment", json!({"method": "cash"}))), expected("invalid_field", "/payment/method"));
    assert_eq!(refused(with("payment", json!({"method": "card"}))), expected("invalid_field", "/payment/token"));
    let card = |token: &str| json!({"method": "card", "token": token});
    assert_eq!(refused(with("payment", card("pm card"))), expected("invalid_field", "/payment/token"));
    let account = json!({"method": "on_account", "token": "pm_card_visa"});
    assert_eq!(refused(with("payment", account)), expected("invalid_field", "/payment/token"));
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
fn a_card_is_named_as_its_provider_names_it() {
    let paid = |token: &str| read(&with("payment", json!({"method": "card", "token": token})));
    let longest = format!("pm_{}", "x".repeat(252));
    let good =
        ["pm_card_visa", "pm_sandbox_told_twice", "pm_1MqLiJLkdIwHu7ixUEgbFdYF", "tok_visa", "card_1Mv", &longest];
    for token in good {
        assert!(paid(token).is_ok(), "{token}");
    }
    let longer = format!("{longest}x");
    let number = ["4242424242424242", "4242-4242-4242-4242", "pm_4242424242424242", "tok_4242_4242_4242_4242"];
    let other = ["", "pm_", "visa", "PM_card_visa", "ann@example.org", "pm_ann@example.org", "pm_card-visa", &longer];
    for token in number.iter().chain(&other) {
        let (code, fields) = named(&paid(token).unwrap_err());
        assert_eq!((code.as_str(), fields), ("invalid_field", vec!["/payment/token".to_owned()]), "{token}");
    }
}

#[test]
fn what_a_cart_comes_to_is_expected_of_a_cart_alone() {
    let net = |amount: i64| json!({"amount": amount, "currency": "GBP"});
    let mut of_cart = json!({"from_cart": true, "payment": {"method": "on_account"}, "expected_net": net(810)});
    assert_eq!(read(&of_cart).unwrap().expected_net, Some(gbp(810)));
    of_cart["expected_net"] = net(-1);
    let (code, fields) = named(&read(&of_cart).unwrap_err());
    assert_eq!((code.as_str(), fields), ("invalid_field", vec!["/expected_net/amount".to_owned()]));
    let (code, fields) = named(&read(&with("expected_net", net(810))).unwrap_err());
    assert_eq!((code.as_str(), fields), ("invalid_field", vec!["/expected_net".to_owned()]));
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

/// A sale says each SKU twice, for the sales and for the invoice: it may be larger than the order was.
#[test]
fn an_order_whose_sale_no_record_can_hold_is_not_taken() {
    let order = command(&with("reference", json!("536365")));
    let services = |name: usize| {
        let sku = Sku::parse(&"S".repeat(64)).unwrap();
        let line = Line { sku, name: "n".repeat(name), category: None, tracked: false, ..order.lines[0].clone() };
        PlaceOrder { lines: vec![line; 10_000], ..order.clone() }
    };
    let can_be_sold = |order: PlaceOrder| {
        let placed = Order::decide(&OrderState::default(), &order.into(), tillroll_log::now()).unwrap();
        let Some(OrderEvent::Placed(placed)) = placed else { panic!() };
        order::fits(&grows_to(&placed, tillroll_log::now()))
    };
    let taken: Vec<usize> = (60..=200).step_by(20).filter(|name| fits(services(*name)).is_ok()).collect();
    assert!(taken.contains(&60) && !taken.contains(&200), "{taken:?}");
    assert!(taken.into_iter().all(|name| can_be_sold(services(name))));
}

#[test]
fn where_it_is_sent_and_who_pays_a_customer_says_and_every_field_that_is_wrong_is_named() {
    let address = json!({"lines": ["1 High Street"], "city": "Leeds", "country": "GB"});
    for which in ["shipping_address", "billing_address"] {
        assert!(read(&with(which, address.clone())).is_ok());
        let bad = json!({"lines": ["1 High Street", "\u{7}"], "city": " ", "postal_code": "", "country": "England"});
        let (code, mut fields) = named(&read(&with(which, bad)).unwrap_err());
        fields.sort();
        let below = |field: &str| format!("/{which}/{field}");
        assert_eq!(code, "invalid_field");
        assert_eq!(fields, ["city", "country", "lines/1", "postal_code"].map(below));
        let mut unknown = address.clone();
        unknown["planet"] = json!("Earth");
        let (code, fields) = named(&read(&with(which, unknown)).unwrap_err());
        assert_eq!((code.as_str(), fields), ("unknown_field", vec![below("planet")]));
        let of_nobody = with(which, address.clone());
        let of_nobody = StrictJson::<PlaceBody, LARGE_BODY>::parse(of_nobody.to_string().as_bytes()).unwrap().value;
        let (code, fields) = named(&of_nobody.check(None).unwrap_err());
        assert_eq!((code.as_str(), fields), ("invalid_field", vec![format!("/{which}")]));
    }
}
