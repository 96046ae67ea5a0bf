//! The sums of a document. Tax is of a rate's whole net, rounded half up once; each line shows its share cut to whole
//! units, and what is left of the rate's tax goes to its largest line. Worked examples: docs/invoices.md.

use std::collections::BTreeMap;

use tillroll_schemas::invoice_series::{InvoiceLine, IssuedLine, RateTotal};
use tillroll_schemas::order::Totals;
use tillroll_schemas::{Money, MoneyError, TaxRate, tax_by_rate};

use super::InvoiceRejection;

/// What a document says about money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The lines, each with its share of the tax.
    pub lines: Vec<IssuedLine>,
    /// By rate, the least first.
    pub rates: Vec<RateTotal>,
    /// Of all.
    pub totals: Totals,
}

impl From<MoneyError> for InvoiceRejection {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::CurrencyMismatch { .. } | MoneyError::InvalidCurrency => Self::CurrencyMismatch,
            MoneyError::Overflow => Self::TooLarge,
        }
    }
}

/// The sums of lines that are at least one, in one currency, none below 0.
pub fn sums(lines: Vec<InvoiceLine>) -> Result<Sums, InvoiceRejection> {
    let zero = Money::zero(lines.first().ok_or(InvoiceRejection::NoLines)?.net.currency);
    if lines.iter().any(|line| line.net.amount < 0) {
        return Err(InvoiceRejection::NegativeLine);
    }
    let net = lines.iter().try_fold(zero, |sum, line| sum.plus(line.net))?;
    let by_rate = tax_by_rate(lines.iter().map(|line| (line.tax_rate, line.net)))?;
    let tax = by_rate.values().try_fold(zero, |sum, tax| sum.plus(*tax))?;
    let totals = Totals { net, tax, gross: net.plus(tax)? };
    let rates = by_rate.iter().map(|(rate, tax)| rate_total(&lines, *rate, *tax)).collect::<Result<_, _>>()?;
    Ok(Sums { lines: with_shares(lines, by_rate), rates, totals })
}

fn rate_total(lines: &[InvoiceLine], tax_rate: TaxRate, tax: Money) -> Result<RateTotal, MoneyError> {
    let of_rate = lines.iter().filter(|line| line.tax_rate == tax_rate);
    let net = of_rate.map(|line| line.net).try_fold(Money::zero(tax.currency), Money::plus)?;
    Ok(RateTotal { tax_rate, net, tax })
}

/// Each line's share of its rate's tax; the shares of a rate add up to it.
fn with_shares(lines: Vec<InvoiceLine>, mut left: BTreeMap<TaxRate, Money>) -> Vec<IssuedLine> {
    let mut issued: Vec<IssuedLine> = lines.into_iter().map(with_cut_share).collect();
    for line in &issued {
        if let Some(left) = left.get_mut(&line.line.tax_rate) {
            left.amount -= line.tax.amount;
        }
    }
    for (rate, left) in left {
        let of_rate = issued.iter_mut().filter(|line| line.line.tax_rate == rate);
        // The first of several that are as large.
        if let Some(largest) = of_rate.rev().max_by_key(|line| line.line.net.amount) {
            largest.tax.amount += left.amount;
        }
    }
    issued
}

fn with_cut_share(line: InvoiceLine) -> IssuedLine {
    let exact = i128::from(line.net.amount) * i128::from(u32::from(line.tax_rate));
    // A rate is at most 100 %, so the share is no greater than the net.
    let share = i64::try_from(exact / 10_000).unwrap_or(line.net.amount);
    IssuedLine { tax: Money { amount: share, currency: line.net.currency }, line }
}
