//! The numbers that Stripe is told, by currency.

use super::*;

fn money(amount: i64, currency: &str) -> Money {
    Money { amount, currency: currency.parse().unwrap() }
}

#[test]
fn an_amount_is_told_as_stripe_writes_its_currency_and_heard_as_it_was() {
    let cases = [
        (255, "GBP", 255),
        (500, "JPY", 500),
        (1_050, "HUF", 1_050),
        (5, "ISK", 500),
        (5, "UGX", 500),
        (500, "MGA", 5),
        (5_120, "KWD", 5_120),
        (0, "ISK", 0),
    ];
    for (amount, currency, number) in cases {
        let money = money(amount, currency);
        assert_eq!(told(money), Some(number), "{money:?}");
        assert_eq!(heard(number, money.currency), Some(money), "{money:?}");
    }
}

#[test]
fn what_stripe_has_no_number_for_is_not_told() {
    for (amount, currency) in
        [(5_124, "KWD"), (250, "MGA"), (i64::MAX, "ISK"), (12_345, "CLF"), (12_345, "UYW"), (10, "UYI"), (1_000, "IQD")]
    {
        assert_eq!(told(money(amount, currency)), None, "{amount} {currency}");
    }
}

#[test]
fn what_is_too_large_is_not_heard() {
    assert_eq!(heard(i64::MAX, money(0, "MGA").currency), None);
    assert_eq!(heard(1_010, money(0, "ISK").currency), Some(money(10, "ISK")));
}
