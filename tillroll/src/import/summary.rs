//! What an import says in the end.

use super::amount::{grouped, readable};
use super::plan::Sums;
use std::io::Write;
use std::time::Duration;

/// What came of it.
pub struct Summary {
    /// What the file adds up to.
    pub sums: Sums,
    /// From the first request until all of it could be read.
    pub took: Duration,
    /// Records that it cost, if Kafka could be asked.
    pub records: Option<i64>,
    /// Net sales as the shop reports them, in pence.
    pub shown: Option<i128>,
}

impl Summary {
    /// Prints it.
    pub fn print(&self, to: &mut impl Write) -> std::io::Result<()> {
        let Sums { lines, invoices, orders, order_lines, credit_notes, written_off, found, net } = self.sums;
        let number = |number: usize| grouped(number as i128);
        writeln!(to, "{} lines, {} invoices:", number(lines), number(invoices))?;
        writeln!(to, "  {} orders with {} lines", number(orders), number(order_lines))?;
        writeln!(to, "  {} credit notes", number(credit_notes))?;
        writeln!(to, "  {} times stock written off, {} times found", number(written_off), number(found))?;
        let millis = self.took.as_millis().max(1);
        let seconds = format!("{}.{}", millis / 1000, millis % 1000 / 100);
        writeln!(
            to,
            "{seconds} s until all of it could be read: {}/s order lines",
            self.per_second(order_lines as i128)
        )?;
        if let Some(records) = self.records {
            let rate = self.per_second(records.into());
            let each = hundredths(i128::from(records) * 100 / (order_lines.max(1) as i128));
            writeln!(
                to,
                "{} records added to the log (its own marks among them), {rate}/s, {each} per order line",
                grouped(records.into())
            )?;
        }
        writeln!(to, "net sales: {} GBP in the file", readable(net))?;
        match self.shown {
            Some(shown) if shown == net => writeln!(to, "           {} GBP in the shop's report", readable(shown)),
            Some(shown) => writeln!(
                to,
                "           {} GBP in the shop's report of these days: {} GBP were entered besides this file",
                readable(shown),
                readable(shown - net)
            ),
            None => writeln!(to, "           (no report)"),
        }
    }

    fn per_second(&self, number: i128) -> String {
        let millis = i128::try_from(self.took.as_millis().max(1)).unwrap_or(i128::MAX);
        grouped(number * 1000 / millis)
    }
}

/// `2.31` of 231.
fn hundredths(number: i128) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}
