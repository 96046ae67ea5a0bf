//! Numbers without gaps, one for each document for ever; sums as docs/invoices.md works them out.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tillroll_log::through_store;
use tillroll_schemas::invoice_series::{Document, InvoiceLine};
use tillroll_schemas::{Currency, Money, OrderId, Quantity, Sealed, Sku, TaxRate, UserId};
use tillroll_testkit::{assert_twice_adds_nothing, story};
use uuid::Uuid;

const EXAMPLES: &str = include_str!("../../../../docs/invoices.md");

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

fn line(net: i64, rate: u32) -> InvoiceLine {
    let (sku, quantity) = (Sku::parse("A").unwrap(), Quantity::new(1).unwrap());
    let tax_rate = TaxRate::try_from(rate).unwrap();
    InvoiceLine { sku, name: "a".to_owned(), quantity, net: gbp(net), tax_rate, fixed_tax: None }
}

fn invoice(order: u128) -> IssueDocument {
    let document = Document::Invoice { order_id: OrderId(Uuid::from_u128(order)) };
    issue_of(document)
}

fn credit(of: u128) -> IssueDocument {
    let order_id = OrderId(Uuid::from_u128(of));
    issue_of(Document::CreditNote { credit_id: order_id.0, order_id: Some(order_id) })
}

fn issue_of(document: Document) -> IssueDocument {
    let dated = "2026-11-22T10:00:00Z".parse().unwrap();
    let (user_id, buyer) = (Some(UserId(Uuid::from_u128(9))), Some(Sealed::from_stored("s1.buyer")));
    IssueDocument { document, dated, user_id, customer: None, country: None, buyer, lines: vec![line(1_000, 2_000)] }
}

fn decide(state: &SeriesState, command: &IssueDocument) -> Result<InvoiceSeriesEvent, InvoiceRejection> {
    // The clock says something else than the document.
    let at = "2027-02-01T00:00:00Z".parse().unwrap();
    InvoiceSeries::decide(state, &command.clone().into(), at).map(|event| event.expect("an event"))
}

fn issued(state: SeriesState, command: &IssueDocument) -> (SeriesState, InvoiceSeriesEvent) {
    let event = decide(&state, command).expect("it is issued");
    (InvoiceSeries::evolve(state, &event), event)
}

fn number(event: &InvoiceSeriesEvent, state: &SeriesState) -> u32 {
    InvoiceSeries::answer(&"2026-11".into(), Some(event), state).expect("a number").number
}

#[test]
fn documents_are_numbered_from_one_and_the_first_number_stays() {
    let (state, first) = issued(SeriesState::default(), &invoice(1));
    let (state, second) = issued(state, &credit(1));
    let (state, again) = issued(state, &invoice(1));
    assert_eq!((number(&first, &state), number(&second, &state), number(&again, &state)), (1, 2, 1));
    assert!(matches!(again, InvoiceSeriesEvent::NumberRecalled(_)));
    assert_eq!(state.numbers.given(), 2);
}

#[test]
fn a_document_is_made_out_to_whom_it_was_asked_for() {
    let asked = invoice(1);
    let (_, event) = issued(SeriesState::default(), &asked);
    let InvoiceSeriesEvent::DocumentIssued(issued) = event else { panic!("it is issued") };
    assert_eq!((issued.user_id, issued.buyer), (asked.user_id, asked.buyer));
}

#[test]
fn a_document_that_comes_again_with_other_lines_keeps_what_was_issued() {
    let (state, _) = issued(SeriesState::default(), &invoice(1));
    let other = IssueDocument { lines: Vec::new(), ..invoice(1) };
    assert!(matches!(decide(&state, &other), Ok(InvoiceSeriesEvent::NumberRecalled(NumberRecalled { number: 1, .. }))));
}

#[test]
fn series_and_date_are_those_of_the_cause_whatever_the_clock_says() {
    let InvoiceSeriesEvent::DocumentIssued(issued) = decide(&SeriesState::default(), &invoice(1)).unwrap() else {
        panic!("it is issued")
    };
    assert_eq!((issued.series.to_string(), issued.dated), ("2026-11".to_owned(), invoice(1).dated));
    assert_eq!(InvoiceSeries::occurred_at(&issued.clone().into()), Some(issued.dated));
}

#[test]
fn what_belongs_to_another_month_is_refused() {
    let (state, _) = issued(SeriesState::default(), &invoice(1));
    let december = IssueDocument { dated: "2026-12-01T00:00:00Z".parse().unwrap(), ..invoice(2) };
    assert_eq!(decide(&state, &december), Err(InvoiceRejection::WrongSeries));
}

#[test]
fn every_refusal_has_a_code_of_its_own_and_says_why() {
    use tillroll_log::Rejection;
    let codes: std::collections::BTreeSet<_> = InvoiceRejection::ALL.iter().map(Rejection::code).collect();
    assert_eq!(codes.len(), InvoiceRejection::ALL.len());
    assert!(InvoiceRejection::ALL.iter().all(|rejection| !rejection.detail().is_empty()));
}

#[test]
fn a_document_is_asked_of_the_series_of_its_date() {
    let (series, command) = invoice(1).to_series();
    assert_eq!((series.to_string(), command), ("2026-11".to_owned(), invoice(1).into()));
}

#[test]
fn a_date_that_no_series_can_be_named_after_is_refused() {
    for year in [-1, 10_000] {
        let dated = chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
        let far = IssueDocument { dated, ..invoice(1) };
        assert_eq!(decide(&SeriesState::default(), &far), Err(InvoiceRejection::DateOutOfRange), "{year}");
    }
}

#[test]
fn a_number_is_told_to_the_order_of_its_document_alone() {
    let credit_of = |order_id| issue_of(Document::CreditNote { credit_id: Uuid::from_u128(9), order_id });
    let (first, second) = (OrderId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)));
    let mut state = SeriesState::default();
    for (order, number) in [(Some(first), 1), (Some(second), 2), (None, 3), (Some(first), 1)] {
        let asked = credit_of(order);
        let (after, event) = issued(state, &asked);
        state = after;
        let (InvoiceSeriesEvent::DocumentIssued(DocumentIssued { document, number: told, .. })
        | InvoiceSeriesEvent::NumberRecalled(NumberRecalled { document, number: told, .. })) = event;
        assert_eq!((document, told), (asked.document, number));
    }
}

#[test]
fn a_line_with_a_fixed_tax_counts_with_that() {
    let fixed = |net, tax| InvoiceLine { fixed_tax: Some(gbp(tax)), ..line(net, 2_000) };
    let sums = sums(vec![fixed(3, 0), line(9, 2_000), fixed(3, 1)]).unwrap();
    assert_eq!(sums.lines.iter().map(|line| line.tax.amount).collect::<Vec<_>>(), [0, 2, 1]);
    assert_eq!((sums.rates[0].net, sums.rates[0].tax), (gbp(15), gbp(3)));
    assert_eq!((sums.rates.len(), sums.totals.tax), (1, gbp(3)));
}

#[test]
fn what_cannot_be_summed_is_refused_and_takes_no_number() {
    let euro = InvoiceLine { net: Money { amount: 1, currency: "EUR".parse().unwrap() }, ..line(1, 0) };
    let refused = [
        (vec![], InvoiceRejection::NoLines),
        (vec![line(5, 0), line(-1, 0)], InvoiceRejection::NegativeLine),
        (vec![InvoiceLine { fixed_tax: Some(gbp(-1)), ..line(5, 0) }], InvoiceRejection::NegativeLine),
        (vec![line(5, 0), euro], InvoiceRejection::CurrencyMismatch),
        (vec![line(i64::MAX, 0), line(1, 0)], InvoiceRejection::TooLarge),
        (vec![line(i64::MAX, 10_000)], InvoiceRejection::TooLarge),
    ];
    for (lines, why) in refused {
        assert_eq!(decide(&SeriesState::default(), &IssueDocument { lines, ..invoice(1) }), Err(why));
    }
    let (state, event) = issued(SeriesState::default(), &invoice(2));
    assert_eq!(number(&event, &state), 1);
}

/// The rows of a table: (net, rate, tax), then the totals of net and tax.
type Example = (Vec<(i64, u32, i64)>, (i64, i64));

/// Each table in the page.
fn examples() -> Vec<Example> {
    let (mut tables, mut rows) = (Vec::new(), Vec::new());
    for row in EXAMPLES.lines().filter(|row| row.starts_with("| ") && !row.starts_with("| line")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        // What a credit note takes of an invoice's line is worked out by orders.
        let [name, net, rate, tax] = cells.as_slice() else { continue };
        let (net, tax) = (net.parse().unwrap(), tax.parse().unwrap());
        if *name == "total" {
            tables.push((std::mem::take(&mut rows), (net, tax)));
        } else {
            rows.push((net, rate.parse().unwrap(), tax));
        }
    }
    assert!(rows.is_empty(), "each table ends in a total");
    tables
}

#[test]
fn the_worked_examples_of_the_page_are_right() {
    let examples = examples();
    assert_eq!(examples.len(), 6);
    for (rows, (net, tax)) in examples {
        let sums = sums(rows.iter().map(|(net, rate, _)| line(*net, *rate)).collect()).unwrap();
        let shares: Vec<i64> = sums.lines.iter().map(|line| line.tax.amount).collect();
        assert_eq!(shares, rows.iter().map(|(_, _, tax)| *tax).collect::<Vec<_>>(), "{rows:?}");
        assert_eq!((sums.totals.net, sums.totals.tax), (gbp(net), gbp(tax)), "{rows:?}");
        assert_eq!(sums.totals.gross, gbp(net + tax));
    }
}

/// What a series of that many documents costs where it is stored, in bytes.
fn stored(documents: u128) -> usize {
    let mut numbers = Numbers::default();
    (0..documents).for_each(|n| numbers.give(invoice(n).document.id()));
    let state = SeriesState { series: Some(Series::of(invoice(0).dated)), numbers };
    let (bytes, read) = through_store(&state).expect("it can be stored");
    assert_eq!(read, state);
    bytes.len()
}

#[test]
fn ten_thousand_documents_are_remembered_in_sixteen_bytes_each() {
    let (few, many) = (stored(100), stored(10_000));
    assert_eq!(many - few, 9_900 * 16 + 2, "and two bytes for a longer length");
}

fn some_lines() -> impl Strategy<Value = Vec<InvoiceLine>> {
    let rate = prop::sample::select(vec![0_u32, 1, 500, 1_750, 2_000, 3_333, 10_000]);
    prop::collection::vec((0..5_000_i64, rate).prop_map(|(net, rate)| line(net, rate)), 1..40)
}

proptest! {
    #[test]
    fn numbers_have_no_gaps_and_each_document_has_one(asked in prop::collection::vec((0..12_u128, any::<bool>()), 0..60)) {
        let mut state = SeriesState::default();
        let (mut known, mut next) = (BTreeMap::new(), 1);
        for (which, is_credit) in asked {
            let command = if is_credit { credit(which) } else { invoice(which) };
            let (after, event) = issued(state, &command);
            let expected = *known.entry((which, is_credit)).or_insert_with(|| { next += 1; next - 1 });
            prop_assert_eq!(number(&event, &after), expected);
            prop_assert_eq!(after.numbers.of(command.document.id()), Some(expected));
            prop_assert_eq!(through_store(&after).map(|(_, read)| read), Some(after.clone()));
            state = after;
        }
        prop_assert_eq!(state.numbers.given(), known.len());
    }

    #[test]
    fn shares_add_up_to_their_rates_and_rates_to_the_total(lines in some_lines()) {
        let sums = sums(lines.clone()).unwrap();
        prop_assert!(sums.lines.iter().all(|line| line.tax.amount >= 0));
        for rate in &sums.rates {
            let of_rate: Vec<_> = sums.lines.iter().filter(|line| line.line.tax_rate == rate.tax_rate).collect();
            let net: i64 = of_rate.iter().map(|line| line.line.net.amount).sum();
            let exact = i128::from(net) * i128::from(u32::from(rate.tax_rate));
            prop_assert_eq!(rate.net.amount, net);
            prop_assert_eq!(i128::from(rate.tax.amount), (exact + 5_000) / 10_000, "half up, once");
            prop_assert_eq!(of_rate.iter().map(|line| line.tax.amount).sum::<i64>(), rate.tax.amount);
            let kept = of_rate.iter().filter(|line| {
                let cut = line.line.net.amount * i64::from(u32::from(rate.tax_rate)) / 10_000;
                line.tax.amount != cut
            });
            let largest = of_rate.iter().map(|line| line.line.net.amount).max().unwrap();
            prop_assert!(kept.clone().count() <= 1);
            prop_assert!(kept.into_iter().all(|line| line.line.net.amount == largest));
        }
        let (net, tax) = sums.rates.iter().fold((0, 0), |(net, tax), rate| (net + rate.net.amount, tax + rate.tax.amount));
        prop_assert_eq!((sums.totals.net.amount, sums.totals.tax.amount), (net, tax));
        prop_assert_eq!(sums.totals.gross.amount, net + tax);
        let as_asked: Vec<InvoiceLine> = sums.lines.into_iter().map(|line| line.line).collect();
        prop_assert_eq!(as_asked, lines);
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec((0..6_u128).prop_map(|n| InvoiceSeriesCommand::from(invoice(n))), 0..30)),
    ) {
        assert_twice_adds_nothing::<InvoiceSeries>("2026-11", &story);
    }
}
