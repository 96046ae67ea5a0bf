//! Money is an integer of minor units in an ISO 4217 currency; every sum is checked. No floats.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

use crate::Currency;

/// Why an amount cannot be formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three upper-case letters.
    #[error("a currency is an ISO 4217 code of three upper-case letters")]
    InvalidCurrency,
    /// Two currencies in one sum.
    #[error("{left} and {right} cannot be added")]
    CurrencyMismatch {
        /// The currency of the sum so far.
        left: Currency,
        /// The currency of what was to be added.
        right: Currency,
    },
    /// Beyond 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
}

/// An amount of money in minor units (pence, cents).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object {\"amount\": <whole number of minor units>, \"currency\": \"<ISO 4217>\"}"
)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
}

impl Money {
    /// Nothing, in that currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, currency: self.currency })
    }

    /// The price of that many.
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(quantity.get()).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, currency: self.currency })
    }
}

/// A number of pieces: 1 to 1,000,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(i64);

/// The number is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a whole number from 1 to 1000000000")]
pub struct QuantityError;

impl Quantity {
    /// The greatest quantity, small enough that a stock level never overflows.
    pub const MAX: i64 = 1_000_000_000;

    /// A quantity, if it is one.
    pub fn new(pieces: i64) -> Result<Self, QuantityError> {
        if (1..=Self::MAX).contains(&pieces) { Ok(Self(pieces)) } else { Err(QuantityError) }
    }

    /// The number of pieces.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The sum, if it is still a quantity.
    pub fn plus(self, other: Self) -> Result<Self, QuantityError> {
        Self::new(self.0 + other.0)
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;
    fn try_from(pieces: i64) -> Result<Self, QuantityError> {
        Self::new(pieces)
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> i64 {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A tax rate in basis points: 2000 is 20 %. At most 10,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct TaxRate(u32);

impl TryFrom<u32> for TaxRate {
    type Error = &'static str;
    fn try_from(basis_points: u32) -> Result<Self, &'static str> {
        if basis_points <= 10_000 { Ok(Self(basis_points)) } else { Err("a tax rate is 0 to 10000 basis points") }
    }
}

impl From<TaxRate> for u32 {
    fn from(rate: TaxRate) -> u32 {
        rate.0
    }
}

/// The tax on net amounts, rounded half up once per rate (not per line, where the error would add up).
pub fn tax_by_rate(net: impl IntoIterator<Item = (TaxRate, Money)>) -> Result<BTreeMap<TaxRate, Money>, MoneyError> {
    let mut groups: BTreeMap<TaxRate, Money> = BTreeMap::new();
    for (rate, amount) in net {
        let sum = groups.get(&rate).copied().unwrap_or(Money::zero(amount.currency)).plus(amount)?;
        groups.insert(rate, sum);
    }
    for (rate, sum) in &mut groups {
        let exact = i128::from(sum.amount) * i128::from(rate.0);
        let rounded = (exact + 5_000).div_euclid(10_000);
        sum.amount = i64::try_from(rounded).map_err(|_| MoneyError::Overflow)?;
    }
    Ok(groups)
}

/// The share of each of these net amounts in its rate's tax: its own tax cut to whole units; what is then left of the
/// rate's tax goes to the rate's largest amount, the first of those that are as large. So they add up to it.
pub fn tax_shares(net: &[(TaxRate, Money)]) -> Result<Vec<Money>, MoneyError> {
    let mut left = tax_by_rate(net.iter().copied())?;
    // A rate is at most 100 %, so that a share is no greater than the amount.
    let cut = |(rate, net): &(TaxRate, Money)| {
        let exact = i128::from(net.amount) * i128::from(rate.0) / 10_000;
        Money { amount: i64::try_from(exact).unwrap_or(net.amount), currency: net.currency }
    };
    let mut shares: Vec<Money> = net.iter().map(cut).collect();
    for ((rate, _), share) in net.iter().zip(&shares) {
        if let Some(left) = left.get_mut(rate) {
            left.amount -= share.amount;
        }
    }
    for (rate, left) in left {
        let of_rate = net.iter().enumerate().filter(|(_, (other, _))| *other == rate);
        if let Some((largest, _)) = of_rate.rev().max_by_key(|(_, (_, net))| net.amount) {
            shares[largest].amount += left.amount;
        }
    }
    Ok(shares)
}

#[cfg(test)]
mod tests;
