//! Amounts as Stripe writes them: mostly in the minor units of ISO 4217, with the exceptions of
//! <https://docs.stripe.com/currencies>. What it cannot be told exactly is not told at all.

use tillroll_schemas::{Currency, Money};

/// How Stripe writes a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// In the minor units of ISO 4217.
    Same,
    /// With two digits that ISO 4217 does not give it, always 00.
    Hundredths,
    /// Without the two digits that ISO 4217 gives it.
    Whole,
    /// In thousandths, the last digit always 0.
    Tens,
    /// Not at all.
    Never,
}

fn unit(currency: Currency) -> Unit {
    match (currency.as_str(), currency.digits()) {
        ("ISK" | "UGX", _) => Unit::Hundredths,
        ("MGA", _) => Unit::Whole,
        ("BHD" | "JOD" | "KWD" | "OMR" | "TND", _) => Unit::Tens,
        ("UYI", _) => Unit::Never,
        (_, 0 | 2) => Unit::Same,
        _ => Unit::Never,
    }
}

/// The number that Stripe is told; none if there is none that says the same.
pub(super) fn told(money: Money) -> Option<i64> {
    let amount = money.amount;
    match unit(money.currency) {
        Unit::Same => Some(amount),
        Unit::Hundredths => amount.checked_mul(100),
        Unit::Whole => (amount % 100 == 0).then_some(amount / 100),
        Unit::Tens => (amount % 10 == 0).then_some(amount),
        Unit::Never => None,
    }
}

/// What a number of Stripe says; none if it is too large. Hundredths of what is not divided are from years ago, and not
/// of ours.
pub(super) fn heard(amount: i64, currency: Currency) -> Option<Money> {
    let amount = match unit(currency) {
        Unit::Same | Unit::Tens | Unit::Never => amount,
        Unit::Hundredths => amount / 100,
        Unit::Whole => amount.checked_mul(100)?,
    };
    Some(Money { amount, currency })
}

#[cfg(test)]
mod tests;
