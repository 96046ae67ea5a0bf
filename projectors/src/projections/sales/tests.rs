//! Sales as sums: what counts, for which day and key, and that sums are wider than amounts.

use super::*;
use crate::samples::{at, envelope, gbp, line, sale};
use tillroll_schemas::RefundId;
use tillroll_schemas::credit_note::Issued;
use tillroll_schemas::order::{Cancelled, Confirmed, Paper, Reason, Refunded, Reversal};
use uuid::Uuid;

fn fold(events: Vec<SalesEvent>) -> Batch {
    let mut batch = Batch::default();
    for event in events {
        Sales::fold(&mut batch, &envelope("order.events.v1", "any", 1, 1), &event);
    }
    batch
}

fn order(event: impl Into<OrderEvent>) -> SalesEvent {
    SalesEvent::Order(Box::new(event.into()))
}

fn row(batch: &Batch, dimension: &'static str, day: &str, key: &str) -> (i128, i128, i128, i64, i64) {
    let place = Place { dimension, day: day.parse().unwrap(), key: key.to_owned(), currency: Currency::GBP };
    let sums = &batch.0[&place];
    (sums.gross, sums.credits, sums.quantity, sums.orders, sums.credit_notes)
}

#[test]
fn an_order_counts_once_for_a_product_that_is_on_two_lines() {
    let lines = [("LAMP", Some("Light"), 6, 1530), ("LAMP", Some("Light"), 2, 400), ("CUP", None, 1, 99)];
    let batch = fold(vec![order(Confirmed {
        told: None,
        sale: sale("2010-12-01T23:59:59Z", &lines),
        capture: None,
        invoice: None,
        cart: None,
        answer_by: None,
    })]);
    assert_eq!(row(&batch, "day", "2010-12-01", ""), (2029, 0, 9, 1, 0));
    assert_eq!(row(&batch, "country", "2010-12-01", "France"), (2029, 0, 9, 1, 0));
    assert_eq!(row(&batch, "customer", "2010-12-01", ""), (2029, 0, 9, 1, 0));
    assert_eq!(row(&batch, "product", "2010-12-01", "LAMP"), (1930, 0, 8, 1, 0));
    assert_eq!(row(&batch, "product", "2010-12-01", "CUP"), (99, 0, 1, 1, 0));
    assert_eq!(row(&batch, "category", "2010-12-01", "Light"), (1930, 0, 8, 1, 0));
    assert_eq!(row(&batch, "category", "2010-12-01", ""), (99, 0, 1, 1, 0));
    assert_eq!(batch.0.len(), 7);
}

#[test]
fn a_cancellation_after_confirmation_is_a_credit_of_its_own_day() {
    let lines = [("LAMP", None, 6, 1530)];
    let reason = Reason { code: "cancelled_by_customer".to_owned(), detail: String::new() };
    let credit = Some(sale("2010-12-03T00:00:00Z", &lines));
    let batch = fold(vec![
        order(Confirmed {
            told: None,
            sale: sale("2010-12-01T08:26:00Z", &lines),
            capture: None,
            invoice: None,
            cart: None,
            answer_by: None,
        }),
        order(Cancelled {
            told: None,
            reason: reason.clone(),
            answers: Vec::new(),
            credit,
            payment_answer: None,
            invoice_answer: None,
            refunded: None,
            cart: None,
        }),
        order(Cancelled {
            told: None,
            reason,
            answers: Vec::new(),
            credit: None,
            payment_answer: None,
            invoice_answer: None,
            refunded: None,
            cart: None,
        }),
    ]);
    assert_eq!(row(&batch, "day", "2010-12-01", ""), (1530, 0, 6, 1, 0));
    assert_eq!(row(&batch, "day", "2010-12-03", ""), (0, 1530, 0, 0, 0));
}

#[test]
fn a_credit_note_is_counted_by_its_own_date() {
    let issued = Issued {
        reference: "C536379".to_owned(),
        customer: None,
        country: Some("France".to_owned()),
        placed_at: at("2010-12-02T10:00:00Z"),
        lines: vec![line("LAMP", None, 1, 2750), line("LAMP", None, 1, 250)],
        total: gbp(3000),
        restock: false,
        reason: "discount".to_owned(),
    };
    let batch = fold(vec![SalesEvent::CreditNote(Box::new(issued.into()))]);
    for (dimension, key) in [("day", ""), ("product", "LAMP"), ("country", "France")] {
        assert_eq!(row(&batch, dimension, "2010-12-02", key), (0, 3000, 0, 0, 1));
    }
}

#[test]
fn sums_are_wider_than_the_amounts() {
    let lines = [("LAMP", None, 1, i64::MAX), ("LAMP", None, 1, i64::MAX)];
    let batch = fold(vec![order(Confirmed {
        told: None,
        sale: sale("2010-12-01T08:26:00Z", &lines),
        capture: None,
        invoice: None,
        cart: None,
        answer_by: None,
    })]);
    assert_eq!(row(&batch, "day", "2010-12-01", "").0, 2 * i128::from(i64::MAX));
}

#[test]
fn what_goes_back_is_a_credit_of_its_own_day_and_no_credit_note_that_stands_alone() {
    let credit = sale("2010-12-05T00:00:00Z", &[("LAMP", None, 1, 255)]);
    let reversal = Reversal {
        refund_id: RefundId(Uuid::from_u128(1)),
        amount: gbp(306),
        lines: Vec::new(),
        pieces: Vec::new(),
        returned: false,
        restock: Vec::new(),
        reason: "late".to_owned(),
    };
    let credit_note =
        Paper { dated: credit.dated, user_id: None, customer: None, country: None, buyer: None, lines: Vec::new() };
    let answer_by = credit.dated;
    let (complete, releases) = (false, vec![]);
    let back = Refunded { told: None, reversal, credit, credit_note, answer_by, complete, releases };
    let batch = fold(vec![order(back)]);
    assert_eq!(row(&batch, "day", "2010-12-05", ""), (0, 255, 0, 0, 0));
    assert_eq!(row(&batch, "product", "2010-12-05", "LAMP"), (0, 255, 0, 0, 0));
}
