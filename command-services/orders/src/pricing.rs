//! What lines cost and how many pieces they take: sums that an order and a credit note have in common.
//! Pure and checked: no sum wraps, no two currencies are added, no price is below zero.

use std::collections::BTreeMap;

use tillroll_schemas::order::{Line, StockClaim, Totals};
use tillroll_schemas::{Currency, Money, MoneyError, Quantity, Sku, tax_by_rate};

/// Why lines cannot be summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinesRefused {
    /// There is no line.
    NoLines,
    /// A price is below zero.
    NegativePrice(Sku),
    /// Two currencies.
    CurrencyMismatch(Currency, Currency),
    /// A sum of money is beyond 64 bits.
    AmountOverflow,
    /// The lines of one SKU ask for more pieces than a quantity can say.
    QuantityOverflow(Sku),
}

impl LinesRefused {
    /// Stable, snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoLines => "no_lines",
            Self::NegativePrice(_) => "negative_price",
            Self::CurrencyMismatch(..) => "currency_mismatch",
            Self::AmountOverflow => "amount_overflow",
            Self::QuantityOverflow(_) => "quantity_overflow",
        }
    }

    /// For people.
    pub fn detail(&self) -> String {
        match self {
            Self::NoLines => "there is no line".to_owned(),
            Self::NegativePrice(sku) => format!("the price of {sku} is below zero"),
            Self::CurrencyMismatch(left, right) => format!("one line is in {left}, another in {right}"),
            Self::AmountOverflow => "a sum of money is larger than can be stored".to_owned(),
            Self::QuantityOverflow(sku) => {
                format!("the lines of {sku} together ask for more than {} pieces", Quantity::MAX)
            }
        }
    }
}

impl From<MoneyError> for LinesRefused {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch { left, right } => Self::CurrencyMismatch(left, right),
            // A currency that stands in a line was read already, so it is one.
            MoneyError::InvalidCurrency | MoneyError::Overflow => Self::AmountOverflow,
        }
    }
}

/// The sums over the lines, from their prices and quantities. What a line says of its total is not trusted.
pub fn totals(lines: &[Line]) -> Result<Totals, LinesRefused> {
    let currency = lines.first().ok_or(LinesRefused::NoLines)?.unit_price.currency;
    let mut net = Money::zero(currency);
    let mut by_rate = Vec::with_capacity(lines.len());
    for line in lines {
        let line_total = line_total(line)?;
        net = net.plus(line_total)?;
        by_rate.push((line.tax_rate, line_total));
    }
    let mut tax = Money::zero(currency);
    for sum in tax_by_rate(by_rate)?.into_values() {
        tax = tax.plus(sum)?;
    }
    Ok(Totals { net, tax, gross: net.plus(tax)? })
}

/// The lines with their totals, and the sums over them.
pub fn priced(lines: &[Line]) -> Result<(Vec<Line>, Totals), LinesRefused> {
    let totals = totals(lines)?;
    let priced = lines.iter().map(|line| Ok(Line { line_total: line_total(line)?, ..line.clone() }));
    Ok((priced.collect::<Result<_, LinesRefused>>()?, totals))
}

fn line_total(line: &Line) -> Result<Money, LinesRefused> {
    if line.unit_price.amount < 0 {
        return Err(LinesRefused::NegativePrice(line.sku.clone()));
    }
    Ok(line.unit_price.times(line.quantity)?)
}

/// The pieces of each SKU, all its lines together, in order of SKU.
pub fn pieces(lines: &[Line]) -> Result<BTreeMap<Sku, Quantity>, LinesRefused> {
    let mut pieces: BTreeMap<Sku, Quantity> = BTreeMap::new();
    for line in lines {
        let sum = match pieces.get(&line.sku) {
            Some(so_far) => so_far.plus(line.quantity).map_err(|_| LinesRefused::QuantityOverflow(line.sku.clone()))?,
            None => line.quantity,
        };
        pieces.insert(line.sku.clone(), sum);
    }
    Ok(pieces)
}

/// Of these pieces, those that stock is kept of: one claim per SKU, in order of SKU.
pub fn claims(lines: &[Line]) -> Result<Vec<StockClaim>, LinesRefused> {
    let mut pieces = pieces(lines)?;
    let tracked: std::collections::BTreeSet<&Sku> = lines.iter().filter(|l| l.tracked).map(|l| &l.sku).collect();
    pieces.retain(|sku, _| tracked.contains(sku));
    Ok(pieces.into_iter().map(|(sku, quantity)| StockClaim { sku, quantity }).collect())
}

#[cfg(test)]
mod tests;
