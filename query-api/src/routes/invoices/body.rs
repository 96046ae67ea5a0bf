//! An invoice or credit note as a client sees it, in the list, whole, and as a sheet of paper.

use crate::answer::{Table, moment};
use crate::failure::{column, money};
use crate::pdf::{Line as SheetLine, Sheet, Tax};
use crate::queries::Queries;
use serde::Serialize;
use tillroll_http::{Problem, problems};
use tillroll_postgres::Row;
use tillroll_schemas::invoice_series::Series;
use tillroll_schemas::order::Totals;
use tillroll_schemas::{Address, Buyer, Money, MoneyError, Sealed, Timestamp};
use uuid::Uuid;

/// What stands in the list.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// As it is printed: `2026-11-000017`.
    number: String,
    pub(super) series: String,
    #[serde(skip)]
    pub(super) nth: i64,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    dated: Timestamp,
    recorded_at: Timestamp,
    totals: Totals,
}

#[derive(Debug, Serialize)]
struct Customer {
    reference: String,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Printed {
    #[serde(flatten)]
    entry: Entry,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<Billed>,
    lines: Vec<Line>,
    rates: Vec<Rate>,
}

/// To whom a document is made out.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Billed {
    /// To him.
    To(Buyer),
    /// Nobody reads it any more: null.
    NoLonger,
}

impl Billed {
    /// As it is printed, line by line.
    fn lines(&self) -> Vec<String> {
        let Self::To(Buyer { name, address }) = self else {
            return vec!["(name and address are kept no longer)".to_owned()];
        };
        let mut text: Vec<String> = name.iter().cloned().collect();
        if let Some(Address { name: _, lines, city, postal_code, country }) = address {
            text.extend(lines.iter().cloned());
            text.push(postal_code.iter().fold(city.clone(), |city, code| format!("{city}  {code}")));
            text.push(country.clone());
        }
        text
    }
}

impl Queries {
    /// To whom it is made out, opened.
    pub(super) async fn billed(&self, user: Uuid, sealed: &str) -> Result<Billed, Problem> {
        let opened = self.opened(&[(user, Buyer::FIELD, &Sealed::from_stored(sealed))]).await?;
        let Some(text) = opened.into_iter().flatten().next() else { return Ok(Billed::NoLonger) };
        serde_json::from_str(&text).map(Billed::To).map_err(|_| {
            // Not the error's text: it may quote what was opened.
            tracing::error!("the buyer of a document has another shape than this build's");
            Problem::new(&problems::INTERNAL)
        })
    }
}

#[derive(Debug, Serialize)]
struct Line {
    sku: String,
    name: String,
    quantity: i64,
    net: Money,
    tax_rate: i32,
    tax: Money,
}

/// The sums under one rate.
#[derive(Debug, Serialize)]
struct Rate {
    tax_rate: i32,
    net: Money,
    tax: Money,
}

impl Entry {
    /// From the columns of `document_columns!`.
    pub(super) fn of(row: &Row) -> Result<Self, Problem> {
        let (series, nth): (String, i64) = (column(row, 0)?, column(row, 1)?);
        Ok(Self {
            number: numbered(&series, nth)?,
            nth,
            kind: column(row, 2)?,
            order_id: column(row, 3)?,
            credit_id: column(row, 4)?,
            customer: column::<Option<String>>(row, 5)?.map(|reference| Customer { reference }),
            country: column(row, 6)?,
            dated: column(row, 7)?,
            recorded_at: column(row, 8)?,
            totals: Totals { net: money(row, 10, 9)?, tax: money(row, 11, 9)?, gross: money(row, 12, 9)? },
            series,
        })
    }
}

fn numbered(series: &str, number: i64) -> Result<String, Problem> {
    let numbered = series.parse::<Series>().ok().zip(u32::try_from(number).ok());
    numbered.map(|(series, number)| series.numbered(number)).ok_or_else(|| {
        tracing::error!(series, number, "row has no number of a series");
        Problem::new(&problems::INTERNAL)
    })
}

impl Printed {
    /// From the columns of `printed!`.
    pub(super) fn of(row: &Row) -> Result<Self, Problem> {
        let entry = Entry::of(row)?;
        let lines = lines(row, &entry.totals)?;
        let rates = rates(&lines, &entry.totals).map_err(|error| {
            tracing::error!(%error, document.number = entry.number, "the lines of a document do not add up");
            Problem::new(&problems::INTERNAL)
        })?;
        Ok(Self { entry, buyer: None, lines, rates })
    }

    /// Says to whom it is made out.
    pub(super) fn is_made_out_to(&mut self, buyer: Billed) {
        self.buyer = Some(buyer);
    }

    /// As it is printed.
    pub(super) fn sheet(&self) -> Sheet<'_> {
        let Entry { number, kind, dated, customer, country, order_id, totals, .. } = &self.entry;
        let line = |line: &Line| SheetLine {
            name: format!("{}  {}", line.sku, line.name),
            quantity: line.quantity,
            rate: percent(line.tax_rate),
            net: line.net,
        };
        Sheet {
            title: if kind == "invoice" { "Invoice" } else { "Credit note" },
            number,
            dated: dated.format("%Y-%m-%d").to_string(),
            customer: customer.as_ref().map(|customer| customer.reference.as_str()),
            country: country.as_deref(),
            order: order_id.map(|order| order.to_string()),
            buyer: self.buyer.as_ref().map(Billed::lines).unwrap_or_default(),
            lines: self.lines.iter().map(line).collect(),
            taxes: self
                .rates
                .iter()
                .map(|rate| Tax { rate: percent(rate.tax_rate), net: rate.net, tax: rate.tax })
                .collect(),
            totals: *totals,
        }
    }
}

/// `2000` → `20 %`, `1250` → `12.5 %`.
fn percent(basis_points: i32) -> String {
    let (whole, part) = (basis_points / 100, basis_points % 100);
    let part = format!("{part:02}");
    match part.trim_end_matches('0') {
        "" => format!("{whole} %"),
        part => format!("{whole}.{part} %"),
    }
}

fn lines(row: &Row, totals: &Totals) -> Result<Vec<Line>, Problem> {
    let Some(skus) = column::<Option<Vec<String>>>(row, 16)? else { return Ok(Vec::new()) };
    let (names, quantities): (Vec<String>, Vec<i64>) = (column(row, 17)?, column(row, 18)?);
    let (nets, rates): (Vec<i64>, Vec<i32>) = (column(row, 19)?, column(row, 20)?);
    let taxes: Vec<i64> = column(row, 21)?;
    let money = |amount| Money { amount, currency: totals.gross.currency };
    let amounts = nets.into_iter().zip(rates).zip(taxes);
    let line = |(((sku, name), quantity), ((net, tax_rate), tax))| Line {
        sku,
        name,
        quantity,
        net: money(net),
        tax_rate,
        tax: money(tax),
    };
    Ok(skus.into_iter().zip(names).zip(quantities).zip(amounts).map(line).collect())
}

/// The shares of a rate's lines add up to the rate's tax, as it was issued.
fn rates(lines: &[Line], totals: &Totals) -> Result<Vec<Rate>, MoneyError> {
    let mut rates: Vec<Rate> = Vec::new();
    for line in lines {
        let zero = Money::zero(totals.gross.currency);
        let at = match rates.binary_search_by_key(&line.tax_rate, |rate| rate.tax_rate) {
            Ok(at) => at,
            Err(at) => {
                rates.insert(at, Rate { tax_rate: line.tax_rate, net: zero, tax: zero });
                at
            }
        };
        rates[at].net = rates[at].net.plus(line.net)?;
        rates[at].tax = rates[at].tax.plus(line.tax)?;
    }
    Ok(rates)
}

/// Documents without their lines.
pub(super) fn table(entries: &[Entry]) -> Table {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let id = |id: &Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let row = |entry: &Entry| {
        vec![
            entry.number.clone(),
            entry.series.clone(),
            entry.kind.clone(),
            id(&entry.order_id),
            id(&entry.credit_id),
            entry.customer.as_ref().map(|customer| customer.reference.clone()).unwrap_or_default(),
            text(&entry.country),
            moment(entry.dated),
            moment(entry.recorded_at),
            entry.totals.gross.currency.to_string(),
            entry.totals.net.amount.to_string(),
            entry.totals.tax.amount.to_string(),
            entry.totals.gross.amount.to_string(),
        ]
    };
    let columns = &[
        "number",
        "series",
        "kind",
        "order_id",
        "credit_id",
        "customer",
        "country",
        "dated",
        "recorded_at",
        "currency",
        "net",
        "tax",
        "gross",
    ];
    Table { columns, rows: entries.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    //! Rates as they are printed.

    use super::percent;

    #[test]
    fn a_rate_is_printed_without_needless_digits() {
        let printed = [0, 500, 1_250, 2_005, 10_000].map(percent);
        assert_eq!(printed, ["0 %", "5 %", "12.5 %", "20.05 %", "100 %"]);
    }
}
