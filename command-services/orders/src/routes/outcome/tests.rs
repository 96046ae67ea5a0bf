//! How a settled order is answered: one that is off is a conflict under its reason.

use tillroll_schemas::OrderId;
use uuid::Uuid;

use super::{Cancellation, refusal};

fn told(code: &str) -> serde_json::Value {
    let why = Cancellation { code: code.to_owned(), detail: "because".to_owned() };
    serde_json::to_value(refusal(OrderId(Uuid::nil()), &why)).unwrap()
}

#[test]
fn an_order_that_is_off_is_a_conflict_under_its_reason() {
    for (code, as_told) in [
        ("insufficient_stock", "insufficient_stock"),
        ("stock_unanswered", "stock_unanswered"),
        ("cancelled_by_customer", "order_cancelled"),
        ("dead_lettered", "order_cancelled"),
        ("unauthenticated", "order_cancelled"),
    ] {
        let told = told(code);
        assert_eq!((&told["code"], &told["status"]), (&as_told.into(), &409.into()));
        assert_eq!(told["order_id"], Uuid::nil().to_string());
        assert_eq!(told["detail"], "because");
        assert_eq!(told["cancellation"]["code"], code, "the reason is told in any case");
    }
}
