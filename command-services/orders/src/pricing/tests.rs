//! Sums over lines: pieces and claims per SKU, and a refusal that says why.

use tillroll_schemas::order::Line;
use tillroll_schemas::{Money, Quantity, Sku, TaxRate};

use super::{LinesRefused, claims, pieces, priced};

fn line(sku: &str, pieces: i64, tracked: bool) -> Line {
    let unit_price = Money { amount: 100, currency: "GBP".parse().unwrap() };
    Line {
        sku: Sku::parse(sku).unwrap(),
        name: sku.to_owned(),
        category: None,
        quantity: Quantity::new(pieces).unwrap(),
        unit_price,
        line_total: unit_price,
        tax_rate: TaxRate::default(),
        tracked,
        product_version: 1,
    }
}

#[test]
fn pieces_are_summed_over_the_lines_of_a_sku() {
    let sums = pieces(&[line("B", 1, true), line("A", 2, false), line("B", 3, true)]).unwrap();
    let sums: Vec<(String, i64)> = sums.iter().map(|(sku, sum)| (sku.to_string(), sum.get())).collect();
    assert_eq!(sums, [("A".to_owned(), 2), ("B".to_owned(), 4)]);
}

#[test]
fn claims_leave_out_what_no_stock_is_kept_of() {
    let claims = claims(&[line("B", 1, true), line("A", 2, false)]).unwrap();
    assert_eq!(claims.iter().map(|claim| claim.sku.to_string()).collect::<Vec<_>>(), ["B"]);
}

#[test]
fn every_refusal_says_why() {
    let sku = || Sku::parse("A").unwrap();
    let gbp = "GBP".parse().unwrap();
    for refused in [
        LinesRefused::NoLines,
        LinesRefused::NegativePrice(sku()),
        LinesRefused::CurrencyMismatch(gbp, gbp),
        LinesRefused::AmountOverflow,
        LinesRefused::QuantityOverflow(sku()),
    ] {
        assert!(!refused.code().is_empty() && !refused.detail().is_empty());
    }
    assert_eq!(priced(&[]), Err(LinesRefused::NoLines));
}
