//! From a body to a credit note: read strictly, at the price that staff give, only for what was sold once.

use serde_json::{Value, json};
use tillroll_http::{LARGE_BODY, Problem, StrictJson};

use super::{CreditNoteRequest, IssueCreditNote};
use crate::routes::lines::tests::{catalogue, gbp, named};

fn read(body: &Value) -> Result<IssueCreditNote, Problem> {
    let request = StrictJson::<CreditNoteRequest, LARGE_BODY>::parse(body.to_string().as_bytes())?.value;
    request.checked()?.command(catalogue)
}

fn with(member: &str, value: Value) -> Value {
    let mut body = json!({
        "reference": "C536379",
        "lines": [{"sku": "OLD", "quantity": 1, "unit_price": {"amount": 2750, "currency": "GBP"}}],
        "reason": "discount",
    });
    body[member] = value;
    body
}

#[test]
fn a_credit_note_is_given_at_the_price_that_staff_give() {
    let command = read(&with("customer", json!({"reference": "14527"}))).unwrap();
    assert_eq!(command.lines[0].unit_price, gbp(2750));
    assert_eq!((command.reference.as_str(), command.reason.as_str()), ("C536379", "discount"));
    assert!(!command.restock, "pieces stay where they are unless the shop says otherwise");
    assert!(read(&with("restock", json!(true))).unwrap().restock);
}

#[test]
fn a_credit_note_is_read_strictly() {
    for (member, value, code, field) in [
        ("reference", json!(""), "invalid_field", "/reference"),
        ("reason", json!(" "), "invalid_field", "/reason"),
        ("reason", json!(null), "invalid_field", "/reason"),
        ("lines", json!([]), "invalid_field", "/lines"),
        ("lines", json!([{"sku": "MUG", "quantity": 1}]), "invalid_field", "/lines/0/unit_price"),
        ("restok", json!(true), "unknown_field", "/restok"),
    ] {
        let (told, fields) = named(&read(&with(member, value)).unwrap_err());
        assert_eq!((told.as_str(), fields), (code, vec![field.to_owned()]), "{member}");
    }
}

#[test]
fn what_was_never_sold_cannot_be_credited() {
    let unit_price = json!({"amount": 1, "currency": "GBP"});
    let lines = json!([{"sku": "NEVER", "quantity": 1, "unit_price": unit_price}]);
    let (code, fields) = named(&read(&with("lines", lines)).unwrap_err());
    assert_eq!((code.as_str(), fields), ("unknown_product", vec!["/lines/0/sku".to_owned()]));
}
