//! The sums of a document. Tax is of a rate's whole net, rounded half up once; each line shows its share. A line of a
//! credit note may bear the tax that the invoice took for it, and counts with that. Worked examples: docs/invoices.md.

use std::collections::BTreeMap;

use tillroll_schemas::invoice_series::{InvoiceLine, IssuedLine, RateTotal};
use tillroll_schemas::order::Totals;
use tillroll_schemas::{Money, MoneyError, TaxRate, tax_shares};

use super::InvoiceRejection;

/// What a document says about money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The lines, each with its tax.
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
    let below = |money: Money| money.amount < 0;
    if lines.iter().any(|line| below(line.net) || line.fixed_tax.is_some_and(below)) {
        return Err(InvoiceRejection::NegativeLine);
    }
    let net = lines.iter().try_fold(zero, |sum, line| sum.plus(line.net))?;
    let lines = with_tax(lines)?;
    let tax = lines.iter().try_fold(zero, |sum, line| sum.plus(line.tax))?;
    let totals = Totals { net, tax, gross: net.plus(tax)? };
    Ok(Sums { rates: by_rate(&lines)?, lines, totals })
}

/// Each with its fixed tax, or with its share of the tax of all lines that have none.
fn with_tax(lines: Vec<InvoiceLine>) -> Result<Vec<IssuedLine>, MoneyError> {
    let open = |line: &&InvoiceLine| line.fixed_tax.is_none();
    let open: Vec<(TaxRate, Money)> = lines.iter().filter(open).map(|line| (line.tax_rate, line.net)).collect();
    let mut shares = tax_shares(&open)?.into_iter();
    let issued = lines.into_iter().map(|line| {
        // There is a share for each that has none.
        let tax = line.fixed_tax.or_else(|| shares.next()).unwrap_or(Money::zero(line.net.currency));
        IssuedLine { line, tax }
    });
    Ok(issued.collect())
}

fn by_rate(lines: &[IssuedLine]) -> Result<Vec<RateTotal>, MoneyError> {
    let mut rates: BTreeMap<TaxRate, RateTotal> = BTreeMap::new();
    for IssuedLine { line, tax } in lines {
        let zero = Money::zero(line.net.currency);
        let none = RateTotal { tax_rate: line.tax_rate, net: zero, tax: zero };
        let total = rates.entry(line.tax_rate).or_insert(none);
        (total.net, total.tax) = (total.net.plus(line.net)?, total.tax.plus(*tax)?);
    }
    Ok(rates.into_values().collect())
}
