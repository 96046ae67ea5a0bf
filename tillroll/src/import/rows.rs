//! The rows of an "Online Retail" file: columns, quoting, dates, prices. Pure; nothing is guessed.
//!
//! A row that cannot be read exactly is a fault that names its line, and a file with a fault is not imported at all:
//! half an invoice would be another invoice.

use super::amount;
use chrono::{Datelike, NaiveDateTime, TimeZone, Utc};
use csv::ByteRecord;
use std::fmt;
use tillroll_schemas::{Quantity, Sku, Timestamp};

/// Faults that are told one by one.
const TOLD: usize = 20;
/// The columns, in the order that `Columns` keeps them in. The file may have them in any order, and others besides.
const COLUMNS: [&str; 8] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];
/// Dates as the two usual copies of the data have them; without a zone, which is UTC.
const DATES: [&str; 7] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%d %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%y %H:%M",
];

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line in the file, from 1, where it begins.
    pub line: u64,
    /// The invoice's number, as in the file.
    pub invoice: String,
    /// Upper case; blanks are dashes.
    pub sku: Sku,
    /// Trimmed; may be empty.
    pub description: String,
    /// Never 0.
    pub quantity: i64,
    /// When.
    pub at: Timestamp,
    /// Per piece, in pence.
    pub price: i64,
    /// The customer's number, without `.0`.
    pub customer: Option<String>,
    /// Where he is.
    pub country: Option<String>,
}

/// A line that cannot be read, or that contradicts another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong.
    pub problem: String,
}

/// Why the file cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// There is nothing in it.
    #[error("the file is empty: its first line must name the columns {}", COLUMNS.join(", "))]
    Empty,
    /// The first line does not name all columns.
    #[error("line 1 does not name the columns {}; it must name {}", .missing.join(", "), COLUMNS.join(", "))]
    MissingColumns {
        /// Those that are missing.
        missing: Vec<&'static str>,
    },
    /// Some lines cannot be read.
    #[error("nothing was imported, the file has faults:\n{}", Told(.0))]
    Lines(Vec<Fault>),
}

struct Told<'a>(&'a [Fault]);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, fault) in self.0.iter().take(TOLD).enumerate() {
            let separator = if nth == 0 { "" } else { "\n" };
            write!(f, "{separator}  line {}: {}", fault.line, fault.problem)?;
        }
        match self.0.len().checked_sub(TOLD) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  and {more} more"),
        }
    }
}

/// Reads all rows of the file.
pub fn read(file: &[u8]) -> Result<Vec<Row>, FileFault> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord| reader.read_byte_record(record).unwrap_or(false);
    if !next(&mut record) {
        return Err(FileFault::Empty);
    }
    let columns = Columns::find(&record)?;
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    while next(&mut record) {
        let line = line_of(file, &record);
        match columns.row(line, &record) {
            Ok(row) => rows.push(row),
            Err(problem) => faults.push(Fault { line, problem }),
        }
    }
    if faults.is_empty() { Ok(rows) } else { Err(FileFault::Lines(faults)) }
}

/// The reader counts from where the record before ended: line breaks that it skipped are before this record.
fn line_of(file: &[u8], record: &ByteRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let begin = usize::try_from(position.byte()).unwrap_or(file.len());
    let skipped = file.get(begin..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
}

/// Where each column stands.
struct Columns {
    places: [usize; 8],
    width: usize,
}

impl Columns {
    fn find(head: &ByteRecord) -> Result<Self, FileFault> {
        let names: Vec<String> = head.iter().map(|name| text(name).to_ascii_lowercase()).collect();
        let place = |column: &str| names.iter().position(|name| *name == column.to_ascii_lowercase());
        let missing: Vec<&'static str> = COLUMNS.into_iter().filter(|column| place(column).is_none()).collect();
        if !missing.is_empty() {
            return Err(FileFault::MissingColumns { missing });
        }
        Ok(Self { places: COLUMNS.map(|column| place(column).unwrap_or_default()), width: names.len() })
    }

    fn row(&self, line: u64, record: &ByteRecord) -> Result<Row, String> {
        if record.len() != self.width {
            let (found, wanted) = (record.len(), self.width);
            return Err(format!("{found} columns instead of {wanted}; is a quotation mark missing?"));
        }
        let [invoice, sku, description, quantity, at, price, customer, country] =
            self.places.map(|place| text(record.get(place).unwrap_or_default()));
        Ok(Row {
            line,
            invoice: invoice_number(invoice)?,
            sku: stock_code(&sku)?,
            description,
            quantity: pieces(&quantity)?,
            at: time(&at)?,
            price: amount::minor_units(&price).map_err(|why| format!("UnitPrice {price:?}: {why}"))?,
            customer: short("CustomerID", amount::without_zero_decimals(&customer))?,
            country: short("Country", &country)?,
        })
    }
}

/// A field without the blanks around it. What is not UTF-8 is Latin-1, which older copies of the data are in.
fn text(field: &[u8]) -> String {
    match std::str::from_utf8(field) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => field.iter().map(|byte| char::from(*byte)).collect::<String>().trim().to_owned(),
    }
}

/// Idempotency keys are made of it, so it must be fit for a header.
fn invoice_number(number: String) -> Result<String, String> {
    if number.is_empty() {
        return Err("no InvoiceNo".to_owned());
    }
    if number.len() > 64 || !number.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("InvoiceNo {number:?} is not 1 to 64 visible ASCII characters"));
    }
    Ok(number)
}

fn stock_code(code: &str) -> Result<Sku, String> {
    if code.is_empty() {
        return Err("no StockCode".to_owned());
    }
    Sku::parse(&code.replace(' ', "-")).map_err(|why| format!("StockCode {code:?}: {why}"))
}

fn pieces(text: &str) -> Result<i64, String> {
    let pieces: i64 =
        amount::without_zero_decimals(text).parse().map_err(|_| format!("Quantity {text:?} is not a whole number"))?;
    if pieces == 0 || pieces.unsigned_abs() > Quantity::MAX.unsigned_abs() {
        return Err(format!("Quantity {text:?} is 0 or beyond {}", Quantity::MAX));
    }
    Ok(pieces)
}

fn time(text: &str) -> Result<Timestamp, String> {
    DATES
        .iter()
        .filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        // `12/1/10` is not the year 10.
        .find(|time| (1970..=9999).contains(&time.year()))
        .map(|time| Utc.from_utc_datetime(&time))
        .ok_or_else(|| format!("InvoiceDate {text:?} is neither 2010-12-01 08:26:00 nor 12/1/2010 8:26"))
}

fn short(column: &str, text: &str) -> Result<Option<String>, String> {
    if text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err(format!("{column} {text:?} is longer than 64 characters or has control characters"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests;
