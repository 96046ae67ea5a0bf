//! What the lines of one invoice mean.

use super::bodies::{NewCreditNote, NewLine, NewOrder, OnAccount, StockChange};
use super::{Step, is_tracked};
use crate::import::rows::{Fault, Row};
use tillroll_schemas::order::Customer;
use tillroll_schemas::{Sku, Timestamp};

/// The lines of one invoice, sorted by what they mean. Each with its place within the invoice, from 1.
pub(super) struct Parts<'a> {
    head: Head,
    sold: Vec<(usize, &'a Row)>,
    credited: Vec<(usize, &'a Row)>,
    written_off: Vec<(usize, &'a Row)>,
    found: Vec<(usize, &'a Row)>,
}

/// What all lines of an invoice have in common.
struct Head {
    customer: Option<Customer>,
    country: Option<String>,
    placed_at: Timestamp,
}

/// What one line means by itself.
enum Meaning {
    Sold,
    Credited,
    WrittenOff,
}

impl<'a> Parts<'a> {
    pub(super) fn of(lines: &[&'a Row]) -> Result<Self, Fault> {
        let mut parts = Self {
            head: head(lines)?,
            sold: Vec::new(),
            credited: Vec::new(),
            written_off: Vec::new(),
            found: Vec::new(),
        };
        for (nth, row) in (1..).zip(lines.iter().copied()) {
            match meaning(row)? {
                Meaning::Sold => parts.sold.push((nth, row)),
                Meaning::Credited => parts.credited.push((nth, row)),
                Meaning::WrittenOff => parts.written_off.push((nth, row)),
            }
        }
        if parts.head.customer.is_none() && parts.sold.iter().all(|(_, row)| row.price == 0) {
            parts.found = std::mem::take(&mut parts.sold);
        }
        Ok(parts)
    }

    /// What leaves the stock, sold or lost.
    pub(super) fn taken(&self) -> impl Iterator<Item = (&'a Sku, i64)> {
        self.sold.iter().chain(&self.written_off).map(|(_, row)| (&row.sku, row.quantity.abs()))
    }

    /// What is to be done.
    pub(super) fn steps(self, number: &str) -> Vec<Step> {
        let Head { customer, country, placed_at } = self.head;
        let mut steps = Vec::new();
        for (nth, row) in self.written_off.into_iter().chain(self.found) {
            // Of a service there is nothing to count.
            if is_tracked(&row.sku) {
                steps.push(Step::Stock { sku: row.sku.clone(), nth, change: StockChange::counted(row) });
            }
        }
        if !self.credited.is_empty() {
            steps.push(Step::Credit(NewCreditNote {
                reference: number.to_owned(),
                customer: customer.clone(),
                country: country.clone(),
                placed_at,
                lines: new_lines(&self.credited),
                restock: false,
                reason: "credit note of the imported file",
            }));
        }
        if !self.sold.is_empty() {
            steps.push(Step::Order(NewOrder {
                reference: number.to_owned(),
                customer,
                country,
                placed_at,
                payment: OnAccount::default(),
                lines: new_lines(&self.sold),
            }));
        }
        steps
    }
}

fn new_lines(rows: &[(usize, &Row)]) -> Vec<NewLine> {
    rows.iter().map(|(_, row)| NewLine::of(row)).collect()
}

fn meaning(row: &Row) -> Result<Meaning, Fault> {
    let fault = |problem: &str| Err(Fault { line: row.line, problem: problem.to_owned() });
    if row.invoice.starts_with(['C', 'c']) {
        return match (row.quantity < 0, row.price < 0) {
            (true, false) => Ok(Meaning::Credited),
            (_, true) => fault("a credit note with a price below 0"),
            (false, false) => fault("a credit note with a quantity above 0"),
        };
    }
    match (row.quantity < 0, row.price.signum()) {
        (false, 0 | 1) => Ok(Meaning::Sold),
        // Bad debt: money given up for nothing that came back.
        (false, _) => Ok(Meaning::Credited),
        (true, 0) => Ok(Meaning::WrittenOff),
        (true, _) => fault("a quantity below 0 with a price, on an invoice that is no credit note (C…)"),
    }
}

/// One customer, one country, the earliest time.
fn head(lines: &[&Row]) -> Result<Head, Fault> {
    let (mut customer, mut country): (Option<&String>, Option<&String>) = (None, None);
    let mut placed_at = Timestamp::MAX_UTC;
    for row in lines {
        placed_at = placed_at.min(row.at);
        one_only(&mut customer, row.customer.as_ref(), row, "customers")?;
        one_only(&mut country, row.country.as_ref(), row, "countries")?;
    }
    let customer = customer.map(|reference| Customer { reference: reference.clone() });
    Ok(Head { customer, country: country.cloned(), placed_at })
}

fn one_only<'a>(known: &mut Option<&'a String>, said: Option<&'a String>, row: &Row, what: &str) -> Result<(), Fault> {
    match (&known, said) {
        (Some(known), Some(said)) if *known != said => {
            let problem = format!("invoice {} names two {what}, {known:?} and {said:?}", row.invoice);
            Err(Fault { line: row.line, problem })
        }
        (None, Some(_)) => {
            *known = said;
            Ok(())
        }
        _ => Ok(()),
    }
}
