//! Money and times, as people read them.

use super::*;

#[test]
fn money_is_written_with_the_digits_of_its_currency() {
    let cases = [
        (255, "GBP", "GBP 2.55"),
        (5, "EUR", "EUR 0.05"),
        (-1_205, "GBP", "GBP -12.05"),
        (1_500, "JPY", "JPY 1500"),
        (1_500, "KWD", "KWD 1.500"),
        (1_500, "XPF", "XPF 1500"),
        (12_345, "UYW", "UYW 1.2345"),
        (i64::MIN, "USD", "USD -92233720368547758.08"),
    ];
    for (amount, currency, text) in cases {
        assert_eq!(money_text(amount, currency.parse().unwrap()), text);
    }
}

#[test]
fn a_time_is_written_to_the_minute_in_utc() {
    assert_eq!(moment("2010-12-01T08:26:40.250Z").unwrap(), "1 December 2010, 08:26 UTC");
    assert!(moment("yesterday").is_err());
}
