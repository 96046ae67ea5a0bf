//! From a body to a delivery: read strictly, and every refusal is a problem that names the items.

use tillroll_http::{Problem, StrictJson};
use tillroll_log::ExecuteError;
use tillroll_schemas::order::StockClaim;
use tillroll_schemas::{Quantity, Sku};

use super::{Excess, FulfilBody, OrderRejection, problem};
use crate::routes::lines::tests::named;

fn claims(body: &str) -> Result<Option<Vec<StockClaim>>, Problem> {
    StrictJson::<FulfilBody>::parse(body.as_bytes())?.value.claims()
}

fn claim(text: &str) -> StockClaim {
    StockClaim { sku: Sku::parse(text).unwrap(), quantity: Quantity::new(1).unwrap() }
}

#[test]
fn items_may_be_chosen_or_left_out() {
    assert_eq!(claims("{}").unwrap(), None);
    assert_eq!(claims(r#"{"lines": [{"sku": "mug", "quantity": 1}]}"#).unwrap(), Some(vec![claim("MUG")]));
}

#[test]
fn items_are_read_strictly() {
    for (body, field) in [
        (r#"{"lines": []}"#, "/lines"),
        (r#"{"lines": [{"sku": "MUG", "quantity": 0}]}"#, "/lines/0/quantity"),
        (r#"{"lines": [{"sku": "MUG", "quantity": 1, "note": ""}]}"#, "/lines/0/note"),
        (r#"{"all": true}"#, "/all"),
    ] {
        assert_eq!(named(&claims(body).unwrap_err()).1, [field]);
    }
}

#[test]
fn each_item_of_which_too_much_was_to_leave_is_named() {
    let excess = |text| Excess { sku: Sku::parse(text).unwrap(), left: 1 };
    let rejection = OrderRejection::QuantityExceedsOrder(vec![excess("BOWL"), excess("MUG")]);
    let items = [claim("MUG"), claim("POST"), claim("BOWL")];
    let (code, fields) = named(&problem(ExecuteError::Rejected(rejection), Some(&items)));
    assert_eq!(code, "quantity_exceeds_order");
    assert_eq!(fields, ["/lines/2/quantity", "/lines/0/quantity"]);
}

#[test]
fn every_refusal_of_an_order_has_a_problem() {
    for (rejection, status) in [
        (OrderRejection::NotFound, 404),
        (OrderRejection::AlreadyFulfilled, 409),
        (OrderRejection::FulfilmentInProgress, 409),
        (OrderRejection::QuantityExceedsOrder(vec![]), 409),
        (OrderRejection::NothingToFulfil, 409),
        (OrderRejection::OrderCancelled, 409),
        (OrderRejection::NotConfirmed, 409),
    ] {
        let code = tillroll_log::Rejection::code(&rejection);
        let problem = problem(ExecuteError::Rejected(rejection), None);
        assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
    }
}
