//! What a client is told.

use serde_json::json;
use tillroll_log::Aggregate;
use tillroll_schemas::order::*;

use super::*;
use crate::order::{OrderBody, Status};

fn told(story: &Given) -> OrderBody {
    Order::answer(&"0190".into(), None, &story.state()).unwrap()
}

#[test]
fn a_client_is_told_what_was_ordered_and_how_it_stands() {
    let expected = json!({
        "id": "0190",
        "status": "pending",
        "lines": [
            {"sku": "MUG", "name": "a fine MUG", "quantity": 2, "unit_price": {"amount": 255, "currency": "GBP"},
             "line_total": {"amount": 510, "currency": "GBP"}, "tax_rate": 2000},
            {"sku": "BOWL", "name": "a fine BOWL", "quantity": 1, "unit_price": {"amount": 100, "currency": "GBP"},
             "line_total": {"amount": 100, "currency": "GBP"}, "tax_rate": 2000},
            {"sku": "POST", "name": "a fine POST", "quantity": 1, "unit_price": {"amount": 300, "currency": "GBP"},
             "line_total": {"amount": 300, "currency": "GBP"}, "tax_rate": 2000},
        ],
        "totals": {
            "net": {"amount": 910, "currency": "GBP"},
            "tax": {"amount": 182, "currency": "GBP"},
            "gross": {"amount": 1092, "currency": "GBP"},
        },
        "payment": {"method": "on_account", "status": "not_required"},
        "placed_at": "2010-12-01T08:26:00Z",
        "refunded": {"amount": 0, "currency": "GBP"},
        "version": 1,
    });
    assert_eq!(serde_json::to_value(told(&given([placed()]))).unwrap(), expected);
}

#[test]
fn a_client_is_told_each_status_and_version() {
    let all = everything();
    let stuck = |step| {
        OrderEvent::from(Stuck {
            step,
            reason: reason("stock_unanswered", "silence"),
            answers: vec![],
            payment_answer: None,
            invoice_answer: None,
            owed: None,
        })
    };
    for (story, status, version) in [
        (given([placed()]), Status::Pending, 1),
        (given([placed(), reserved()]), Status::Pending, 2),
        (given([placed(), reserved(), committed()]), Status::Pending, 3),
        (confirmed_story(), Status::Confirmed, 4),
        (confirmed_story().and([requested(1, &all)]), Status::Confirmed, 5),
        (confirmed_story().and([requested(1, &all), stuck(Step::Fulfil)]), Status::Stuck, 6),
        (confirmed_story().and([requested(1, &all), fulfilled(1, &all, true)]), Status::Fulfilled, 6),
        (given([placed(), compensating(&["MUG"])]), Status::Pending, 2),
        (given([placed(), compensating(&["MUG"]), stuck(Step::Release)]), Status::Stuck, 3),
        (given([placed(), compensating(&["MUG"]), cancelled()]), Status::Cancelled, 3),
    ] {
        let told = told(&story);
        assert_eq!((told.status, told.version), (status, version), "{:?}", story.0.last());
    }
}

#[test]
fn a_client_is_told_why_an_order_is_not_to_be_as_soon_as_that_is_known() {
    assert_eq!(told(&given([placed()])).cancellation, None);
    for story in [given([placed(), compensating(&["MUG"])]), given([placed(), cancelled()])] {
        assert_eq!(told(&story).cancellation.unwrap().code, "insufficient_stock");
    }
}

#[test]
fn pieces_that_left_count_for_the_first_lines_of_their_sku() {
    let lines = vec![line("MUG", 2, 255), line("BOWL", 1, 100), line("MUG", 3, 200)];
    let placed = given([]).when(place(lines)).event();
    let part = [claim("MUG", 3)];
    let story = given([placed, reserved(), committed(), confirmed(), requested(1, &part), fulfilled(1, &part, false)]);
    let fulfilled: Vec<_> = told(&story).lines.iter().map(|line| line.fulfilled).collect();
    assert_eq!(fulfilled, [Some(2), None, Some(1)]);
}

#[test]
fn every_rejection_says_why() {
    let excess = |text| Excess { sku: sku(text), left: 1 };
    for (rejection, code) in [
        (OrderRejection::NotFound, "not_found"),
        (OrderRejection::AlreadyFulfilled, "already_fulfilled"),
        (OrderRejection::QuantityExceedsOrder(vec![excess("A")]), "quantity_exceeds_order"),
        (OrderRejection::QuantityExceedsOrder(vec![excess("A"), excess("B")]), "quantity_exceeds_order"),
    ] {
        assert_eq!(rejection.code(), code);
        assert!(!rejection.detail().is_empty());
    }
}
