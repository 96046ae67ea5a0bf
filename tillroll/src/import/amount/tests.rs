//! Decimals to minor units: exactly, or not at all.

use super::*;

#[test]
fn decimals_become_exact_pence() {
    for (text, pence) in
        [("2.55", 255), ("2.5", 250), ("3", 300), ("0.0", 0), ("0", 0), ("-11062.06", -1_106_206), ("2.500", 250)]
    {
        assert_eq!(minor_units(text), Ok(pence), "{text}");
    }
}

#[test]
fn what_is_no_exact_price_is_refused() {
    for text in ["2.555", "0.001", "", ".", "2.", ".5", "-", "1e3", "2,55", "+1", "nan", "92233720368547759", " 1"] {
        assert!(minor_units(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_decimal_that_says_nothing_is_left_out() {
    for (text, without) in [("17850.0", "17850"), ("17850", "17850"), ("17850.5", "17850.5"), ("A.", "A."), ("", "")] {
        assert_eq!(without_zero_decimals(text), without);
    }
}

#[test]
fn sums_are_written_for_people() {
    assert_eq!(readable(18_066_775), "180,667.75");
    assert_eq!(readable(-5), "-0.05");
    assert_eq!(readable(100_000), "1,000.00");
}
