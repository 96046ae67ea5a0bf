//! A refund says an amount or lines, a return says lines, both say why.

use serde_json::{Value, json};
use tillroll_http::{LARGE_BODY, Problem, StrictJson};
use tillroll_schemas::order::Returning;

use super::{RefundRequest, ReturnRequest, is_for_now, refused};
use crate::order::OrderRejection;
use crate::routes::lines::tests::named;

fn refund(body: &Value) -> Result<Returning, Problem> {
    StrictJson::<RefundRequest, LARGE_BODY>::parse(body.to_string().as_bytes())?.value.checked()
}

fn take_back(body: &Value) -> Result<Returning, Problem> {
    StrictJson::<ReturnRequest, LARGE_BODY>::parse(body.to_string().as_bytes())?.value.checked()
}

#[test]
fn a_refund_is_of_an_amount_or_of_lines() {
    let (amount, lines) = (json!({"amount": 5, "currency": "GBP"}), json!([{"sku": "mug", "quantity": 1}]));
    assert!(matches!(refund(&json!({"amount": amount, "reason": "late"})), Ok(Returning::Amount(_))));
    assert!(matches!(refund(&json!({"lines": lines, "reason": "late"})), Ok(Returning::Lines(_))));
    for (body, field) in [
        (json!({"reason": "late"}), "/amount"),
        (json!({"amount": amount, "lines": lines, "reason": "late"}), "/amount"),
        (json!({"amount": {"amount": 0, "currency": "GBP"}, "reason": "late"}), "/amount/amount"),
        (json!({"lines": [], "reason": "late"}), "/lines"),
        (json!({"amount": amount, "reason": " "}), "/reason"),
    ] {
        let (code, fields) = named(&refund(&body).unwrap_err());
        assert_eq!((code.as_str(), fields), ("invalid_field", vec![field.to_owned()]), "{body}");
    }
}

#[test]
fn what_comes_back_goes_on_the_shelf_only_if_that_is_said() {
    let lines = json!([{"sku": "mug", "quantity": 1}]);
    let restocks = |body: &Value| matches!(take_back(body), Ok(Returning::Returned { restock: true, .. }));
    assert!(restocks(&json!({"lines": lines, "restock": true, "reason": "broken"})));
    assert!(!restocks(&json!({"lines": lines, "reason": "broken"})));
    assert_eq!(take_back(&json!({"lines": [], "reason": "x"})).unwrap_err().code(), "invalid_field");
}

#[test]
fn a_refund_that_was_refused_is_a_conflict_that_says_why() {
    let told = serde_json::to_value(refused("charge_disputed")).unwrap();
    assert_eq!((&told["code"], &told["status"]), (&json!("refund_refused"), &json!(409)));
    assert_eq!(told["reason"], "charge_disputed");
    assert!(include_str!("../../../../../docs/problems.md").contains("| `refund_refused` |"));
}

#[test]
fn only_what_passes_by_itself_is_waited_for() {
    assert!([OrderRejection::PaymentPending, OrderRejection::RefundInProgress].iter().all(is_for_now));
    let lasting = [OrderRejection::NotConfirmed, OrderRejection::OrderCancelled, OrderRejection::NothingToRefund];
    assert!(!lasting.iter().any(is_for_now));
}
