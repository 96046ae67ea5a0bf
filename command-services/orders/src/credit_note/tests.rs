//! What a credit note does, and that it is given once however often it is asked for.

use proptest::prelude::*;
use serde_json::json;
use tillroll_log::{Aggregate, Rejection};
use tillroll_schemas::credit_note::{CreditNoteCommand, CreditNoteEvent, IssueCreditNote, Issued};
use tillroll_schemas::order::{Customer, Line};
use tillroll_schemas::{Money, Quantity, Sku, TaxRate, Timestamp};
use tillroll_testkit::{assert_twice_adds_nothing, story};

use super::{CreditNote, CreditNoteState};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_291_191_960 + seconds, 0).unwrap()
}

fn gbp(amount: i64) -> Money {
    Money { amount, currency: "GBP".parse().unwrap() }
}

fn line(sku: &str, pieces: i64, pence: i64) -> Line {
    Line {
        sku: Sku::parse(sku).unwrap(),
        name: format!("a fine {sku}"),
        category: None,
        quantity: Quantity::new(pieces).unwrap(),
        unit_price: gbp(pence),
        line_total: gbp(0),
        tax_rate: TaxRate::default(),
        tracked: true,
        product_version: 3,
    }
}

fn issue(lines: Vec<Line>) -> IssueCreditNote {
    IssueCreditNote {
        reference: "C536379".to_owned(),
        customer: Some(Customer { reference: "14527".to_owned() }),
        country: Some("United Kingdom".to_owned()),
        placed_at: None,
        lines,
        restock: false,
        reason: "discount".to_owned(),
    }
}

fn decide(state: &CreditNoteState, command: IssueCreditNote) -> Result<Option<Issued>, &'static str> {
    match CreditNote::decide(state, &CreditNoteCommand::from(command), at(0)) {
        Ok(event) => Ok(event.map(|CreditNoteEvent::Issued(issued)| issued)),
        Err(rejection) => {
            assert!(!rejection.detail().is_empty());
            Err(rejection.code())
        }
    }
}

fn issued() -> CreditNoteState {
    let issued = decide(&CreditNoteState::default(), issue(vec![line("MUG", 2, 255), line("D", 1, 2750)]));
    CreditNote::evolve(CreditNoteState::default(), &issued.unwrap().unwrap().into())
}

#[test]
fn a_credit_note_is_issued_with_its_sums() {
    let event = decide(&CreditNoteState::default(), issue(vec![line("MUG", 2, 255), line("D", 1, 2750)]));
    let event = event.unwrap().unwrap();
    assert_eq!(event.total, gbp(3260));
    assert_eq!(event.lines.iter().map(|line| line.line_total).collect::<Vec<_>>(), [gbp(510), gbp(2750)]);
    assert_eq!(CreditNote::occurred_at(&event.into()), Some(at(0)));
}

#[test]
fn a_credit_note_counts_for_the_day_that_the_shop_says() {
    let command = IssueCreditNote { placed_at: Some(at(-86_400)), ..issue(vec![line("MUG", 1, 1)]) };
    let event = decide(&CreditNoteState::default(), command).unwrap().unwrap();
    assert_eq!(CreditNote::occurred_at(&event.into()), Some(at(-86_400)));
}

#[test]
fn a_credit_note_that_was_issued_is_not_issued_again() {
    assert_eq!(decide(&issued(), issue(vec![line("OTHER", 1, 1)])), Ok(None));
}

#[test]
fn a_credit_note_whose_lines_cannot_be_summed_is_refused() {
    let none = CreditNoteState::default();
    assert_eq!(decide(&none, issue(vec![])), Err("no_lines"));
    assert_eq!(decide(&none, issue(vec![line("MUG", 1, -1)])), Err("negative_price"));
    assert_eq!(decide(&none, issue(vec![line("MUG", 2, i64::MAX)])), Err("amount_overflow"));
    let most = line("MUG", Quantity::MAX, 0);
    assert_eq!(decide(&none, issue(vec![most.clone(), most])), Err("quantity_overflow"));
    let euro = Line { unit_price: Money { amount: 1, currency: "EUR".parse().unwrap() }, ..line("MUG", 1, 1) };
    assert_eq!(decide(&none, issue(vec![line("MUG", 1, 1), euro])), Err("currency_mismatch"));
}

#[test]
fn a_credit_note_is_told_as_it_was_issued() {
    let state = CreditNote::evolve(issued(), &issue_event("later"));
    let told = CreditNote::answer(&"0190".into(), None, &state).unwrap();
    assert_eq!(told.version, 2);
    let expected = json!({
        "id": "0190",
        "reference": "C536379",
        "customer": {"reference": "14527"},
        "country": "United Kingdom",
        "placed_at": "2010-12-01T08:26:00Z",
        "lines": [
            {"sku": "MUG", "name": "a fine MUG", "quantity": 2, "unit_price": {"amount": 255, "currency": "GBP"},
             "line_total": {"amount": 510, "currency": "GBP"}, "tax_rate": 0},
            {"sku": "D", "name": "a fine D", "quantity": 1, "unit_price": {"amount": 2750, "currency": "GBP"},
             "line_total": {"amount": 2750, "currency": "GBP"}, "tax_rate": 0},
        ],
        "total": {"amount": 3260, "currency": "GBP"},
        "restock": false,
        "reason": "discount",
        "version": 2,
    });
    assert_eq!(serde_json::to_value(told).unwrap(), expected, "the first issue stands");
    assert!(CreditNote::answer(&"0190".into(), None, &CreditNoteState::default()).is_none());
}

fn issue_event(reason: &str) -> CreditNoteEvent {
    let command = IssueCreditNote { reason: reason.to_owned(), ..issue(vec![line("OTHER", 1, 1)]) };
    decide(&CreditNoteState::default(), command).unwrap().unwrap().into()
}

fn some_command() -> impl Strategy<Value = CreditNoteCommand> {
    let lines = prop::collection::vec((1..9_i64, -1..9_i64), 0..3);
    lines.prop_map(|lines| issue(lines.iter().map(|(pieces, pence)| line("MUG", *pieces, *pence)).collect()).into())
}

proptest! {
    #[test]
    fn whatever_is_credited_the_total_is_the_sum_of_its_lines_and_asking_twice_adds_nothing(
        pieces_and_pence in prop::collection::vec((1i64..10_000, 0i64..1_000_000), 1..40),
    ) {
        let lines = pieces_and_pence.iter().map(|(pieces, pence)| line("MUG", *pieces, *pence)).collect();
        let command = CreditNoteCommand::from(issue(lines));
        let event = CreditNote::decide(&CreditNoteState::default(), &command, at(0)).unwrap().unwrap();
        let CreditNoteEvent::Issued(issued) = &event;
        let sum: i64 = pieces_and_pence.iter().map(|(pieces, pence)| pieces * pence).sum();
        prop_assert_eq!(issued.total, gbp(sum));
        let lines: i64 = issued.lines.iter().map(|line| line.line_total.amount).sum();
        prop_assert_eq!(lines, sum);
        let state = CreditNote::evolve(CreditNoteState::default(), &event);
        prop_assert!(matches!(CreditNote::decide(&state, &command, at(9)), Ok(None)));
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(story in story(prop::collection::vec(some_command(), 0..8))) {
        assert_twice_adds_nothing::<CreditNote>("0190", &story);
    }
}
