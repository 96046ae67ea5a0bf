//! What a reversal credits: for pieces what they cost, line by line as they were ordered; for an amount a share of each
//! rate of tax. Either way the note's sum with tax is the money to the last minor unit; but an amount pays first what
//! was credited before and did not arrive.

use std::collections::BTreeMap;

use tillroll_schemas::invoice_series::InvoiceLine;
use tillroll_schemas::order::{Line, StockClaim};
use tillroll_schemas::{Money, Quantity, Sku, TaxRate, tax_shares};

use crate::order::{OrderRejection, Sold};
use crate::pricing::LinesRefused;

/// What goes back, and the lines of its credit note.
pub(super) struct Credited {
    pub(super) lines: Vec<InvoiceLine>,
    pub(super) amount: Money,
    /// Minor units of the amount that the lines do not come to, as an earlier note has credited them.
    pub(super) owed: i64,
}

/// What these pieces cost, of which so many were ordered and not credited yet. The first of a SKU are those of its first
/// line. Each bears of the tax what the invoice took for it, and so all of them together what was paid.
pub(super) fn of_pieces(sold: &Sold, pieces: &[StockClaim]) -> Result<Credited, OrderRejection> {
    let of_lines: Vec<(TaxRate, Money)> =
        sold.order.lines.iter().map(|line| (line.tax_rate, line.line_total)).collect();
    let taxes = tax_shares(&of_lines).map_err(LinesRefused::from)?;
    let mut by_sku: BTreeMap<&Sku, Vec<(&Line, Money)>> = BTreeMap::new();
    for (line, tax) in sold.order.lines.iter().zip(taxes) {
        by_sku.entry(&line.sku).or_default().push((line, tax));
    }
    let mut lines = Vec::new();
    for claim in pieces {
        let credited = sold.reversed.pieces.get(&claim.sku).copied().unwrap_or(0);
        let of_sku = by_sku.get(&claim.sku).map_or(&[][..], Vec::as_slice);
        lines.extend(taken(of_sku, claim.quantity, credited));
    }
    let none = Money::zero(sold.order.totals.gross.currency);
    let with_tax = |sum: Money, line: &InvoiceLine| sum.plus(line.net)?.plus(line.fixed_tax.unwrap_or(none));
    let amount = lines.iter().try_fold(none, with_tax).map_err(LinesRefused::from)?;
    Ok(Credited { lines, amount, owed: 0 })
}

/// The lines of a SKU, with their taxes, that so many pieces are of, after so many.
fn taken(of_sku: &[(&Line, Money)], pieces: Quantity, credited: i64) -> Vec<InvoiceLine> {
    let (mut skip, mut wanted) = (credited, pieces.get());
    let mut lines = Vec::new();
    for (line, tax) in of_sku {
        let skipped = skip.min(line.quantity.get());
        skip -= skipped;
        let of_this = wanted.min(line.quantity.get() - skipped);
        wanted -= of_this;
        lines.extend(Quantity::new(of_this).ok().and_then(|quantity| part_of(line, *tax, skipped, quantity)));
    }
    lines
}

/// So many pieces of a line after those, with their part of the line's tax: the last take what is left of it.
fn part_of(line: &Line, tax: Money, after: i64, quantity: Quantity) -> Option<InvoiceLine> {
    // At most the line's own total, which was formed.
    let net = line.unit_price.times(quantity).ok()?;
    let of_the_first = |pieces: i64| {
        let exact = i128::from(tax.amount) * i128::from(pieces) / i128::from(line.quantity.get());
        i64::try_from(exact).unwrap_or(tax.amount)
    };
    let amount = of_the_first(after + quantity.get()) - of_the_first(after);
    let (sku, name, tax_rate) = (line.sku.clone(), line.name.clone(), line.tax_rate);
    Some(InvoiceLine { sku, name, quantity, net, tax_rate, fixed_tax: Some(Money { amount, ..tax }) })
}

/// An amount with tax: what of it is not owed for an earlier note is spread over the rates of the order like its own sum.
pub(super) fn of_amount(sold: &Sold, amount: Money) -> Result<Credited, OrderRejection> {
    let order = &sold.order;
    let whole = order.totals.gross;
    if amount.currency != whole.currency {
        return Err(LinesRefused::CurrencyMismatch(amount.currency, whole.currency).into());
    }
    if amount.amount <= 0 {
        return Err(OrderRejection::NothingToRefund);
    }
    let left = super::uncredited(sold) + sold.reversed.owed;
    if amount.amount > left {
        return Err(OrderRejection::ExceedsCaptured(Money { amount: left, ..whole }));
    }
    let mut largest: BTreeMap<TaxRate, (&Line, i64)> = BTreeMap::new();
    for line in &order.lines {
        let (first, net) = largest.entry(line.tax_rate).or_insert((line, 0));
        *net += line.line_total.amount;
        if line.line_total.amount > first.line_total.amount {
            *first = line;
        }
    }
    let owed = sold.reversed.owed.min(amount.amount);
    let anew = amount.amount - owed;
    let mut lines = Vec::new();
    let mut left = anew;
    for (rate, (line, net)) in &largest {
        let share = i128::from(anew) * i128::from(with_tax(*net, *rate)) / i128::from(whole.amount);
        let net = net_of(i64::try_from(share).unwrap_or(0).min(left), *rate);
        left -= with_tax(net, *rate);
        lines.extend(as_line(line, net, *rate, whole));
    }
    // What no net amount under a rate comes to with its tax is credited without tax.
    let heaviest = order.lines.iter().max_by_key(|line| line.line_total.amount);
    if let Some(line) = heaviest.filter(|_| left > 0) {
        lines.extend(as_line(line, left, TaxRate::default(), whole));
    }
    Ok(Credited { lines, amount, owed })
}

fn as_line(line: &Line, net: i64, tax_rate: TaxRate, whole: Money) -> Option<InvoiceLine> {
    let quantity = Quantity::new(1).ok().filter(|_| net > 0)?;
    let net = Money { amount: net, currency: whole.currency };
    let (sku, name) = (line.sku.clone(), line.name.clone());
    Some(InvoiceLine { sku, name, quantity, net, tax_rate, fixed_tax: None })
}

/// A net amount with its tax, half up.
fn with_tax(net: i64, rate: TaxRate) -> i64 {
    let tax = (i128::from(net) * i128::from(u32::from(rate)) + 5_000).div_euclid(10_000);
    net.saturating_add(i64::try_from(tax).unwrap_or(i64::MAX))
}

/// The greatest net amount that comes to no more than that with its tax.
fn net_of(gross: i64, rate: TaxRate) -> i64 {
    let exact = i128::from(gross) * 10_000 / i128::from(10_000 + u32::from(rate));
    let near = i64::try_from(exact).unwrap_or(0);
    (near.saturating_sub(1)..=near + 1).rev().find(|net| *net >= 0 && with_tax(*net, rate) <= gross).unwrap_or(0)
}
