//! Money, quantities and tax rates: no sum wraps, nothing but whole positive pieces, tax rounded once per rate.

use super::*;

fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

#[test]
fn sums_are_checked() -> Result<(), QuantityError> {
    assert_eq!(gbp(i64::MAX).plus(gbp(1)), Err(MoneyError::Overflow));
    assert_eq!(gbp(i64::MAX).times(Quantity::new(2)?), Err(MoneyError::Overflow));
    let euro = Money { amount: 1, currency: "EUR".parse().unwrap() };
    assert!(matches!(gbp(1).plus(euro), Err(MoneyError::CurrencyMismatch { .. })));
    Ok(())
}

#[test]
fn quantities_are_positive_whole_and_bounded() {
    for bad in ["0", "-1", "1.5", "1000000001", "9223372036854775808", "\"1\""] {
        assert!(serde_json::from_str::<Quantity>(bad).is_err(), "{bad}");
    }
    assert!(serde_json::from_str::<Quantity>("1000000000").is_ok());
}

#[test]
fn tax_is_rounded_half_up_once_per_rate() {
    let rate = TaxRate(2_000);
    // Three lines of 0.03: 20 % of 0.09 is 0.018, so 0.02; line by line it would be 3 × 0.01 = 0.03.
    let tax = tax_by_rate([(rate, gbp(3)), (rate, gbp(3)), (rate, gbp(3))]).unwrap_or_default();
    assert_eq!(tax.get(&rate), Some(&gbp(2)));
    let half = tax_by_rate([(TaxRate(5_000), gbp(1))]).unwrap_or_default();
    assert_eq!(half.get(&TaxRate(5_000)), Some(&gbp(1)));
}
