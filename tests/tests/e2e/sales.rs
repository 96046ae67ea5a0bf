//! The sales report as maps, to be compared with what a test added up by itself.

use e2e::{Http, Outcome};
use serde_json::Value;
use std::collections::BTreeMap;

/// One row of the report; money in pence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Gross less credits.
    pub net: i64,
    /// Pieces sold.
    pub quantity: i64,
    /// How many.
    pub orders: i64,
    /// How many.
    pub credit_notes: i64,
}

/// The report by key; nothing for what has none is the key "".
pub async fn report(http: &Http, group_by: &str) -> Outcome<BTreeMap<String, Sums>> {
    let answer = http.get(format!("/analytics/sales?group_by={group_by}")).send().await?.expect_status(200)?.json();
    let rows = answer["items"].as_array().ok_or("no items")?;
    rows.iter().map(row).collect()
}

fn row(row: &Value) -> Outcome<(String, Sums)> {
    let number = |name: &str| row[name].as_i64().ok_or_else(|| format!("{name} is no number: {row}"));
    if number("net")? != number("gross")? - number("credits")? {
        return Err(format!("net is not gross less credits: {row}").into());
    }
    let sums = Sums {
        net: number("net")?,
        quantity: number("quantity")?,
        orders: number("orders")?,
        credit_notes: number("credit_notes")?,
    };
    Ok((row["key"].as_str().unwrap_or_default().to_owned(), sums))
}

/// Net sales by key.
pub fn nets(report: &BTreeMap<String, Sums>) -> BTreeMap<String, i64> {
    report.iter().map(|(key, sums)| (key.clone(), sums.net)).collect()
}

/// All of it.
pub fn total(report: &BTreeMap<String, Sums>) -> Sums {
    report.values().fold(Sums::default(), |sum, row| Sums {
        net: sum.net + row.net,
        quantity: sum.quantity + row.quantity,
        orders: sum.orders + row.orders,
        credit_notes: sum.credit_notes + row.credit_notes,
    })
}
