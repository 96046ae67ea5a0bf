//! What a file means: products, opening stock, orders, credit notes, write-offs, found stock. Pure.
//!
//! The same file always gives the same plan, byte for byte, and every request of it has a key made of the file's own
//! numbers: so a plan may be carried out twice, or broken off and begun again, and changes nothing.

mod bodies;
mod invoice;

use super::rows::{Fault, FileFault, Row};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use tillroll_schemas::Sku;

pub use bodies::{NewCreditNote, NewOrder, NewProduct, StockChange};
use invoice::Parts;

/// Services and discounts: nothing that could be counted.
const UNTRACKED: [&str; 6] = ["POST", "DOT", "M", "D", "C2", "BANK-CHARGES"];
/// All keys begin with it.
const SOURCE: &str = "online-retail";

/// Everything that is to be done.
#[derive(Debug)]
pub struct Plan {
    /// Before anything else, in order of SKU.
    pub products: Vec<Product>,
    /// Then, in the file's order; they do not wait for each other.
    pub invoices: Vec<Invoice>,
    /// What comes out.
    pub sums: Sums,
}

/// A product and what must be in stock of it before the first order.
#[derive(Debug)]
pub struct Product {
    /// What is sold.
    pub body: NewProduct,
    /// Pieces that the file sells or writes off; none where no stock is kept.
    pub opening: Option<Opening>,
}

/// Stock that must have come in before the file begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Opening {
    /// How many pieces.
    pub pieces: i64,
    /// The first invoice that takes some: another file with the same SKU brings its own opening stock.
    pub first_invoice: String,
}

/// All that one invoice of the file asks for.
#[derive(Debug)]
pub struct Invoice {
    /// Its number.
    pub number: String,
    /// What is to be done.
    pub steps: Vec<Step>,
}

/// One thing to be done.
#[derive(Debug)]
pub enum Step {
    /// Place it, then deliver all of it.
    Order(NewOrder),
    /// Issue it.
    Credit(NewCreditNote),
    /// Change the stock of a SKU.
    Stock {
        /// Which.
        sku: Sku,
        /// The place of the line within its invoice, from 1.
        nth: usize,
        /// By how much.
        change: StockChange,
    },
}

/// What the file adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Lines of the file.
    pub lines: usize,
    /// Invoices of the file, of any kind.
    pub invoices: usize,
    /// Orders.
    pub orders: usize,
    /// Lines of orders.
    pub order_lines: usize,
    /// Credit notes.
    pub credit_notes: usize,
    /// Lines that write stock off.
    pub written_off: usize,
    /// Lines that find stock.
    pub found: usize,
    /// Quantity × price over the whole file, in pence.
    pub net: i128,
}

/// The key of the request that adds a product.
pub fn product_key(sku: &Sku) -> String {
    format!("{SOURCE}/product/{sku}")
}

/// The key of the request that receives opening stock.
pub fn opening_key(sku: &Sku, opening: &Opening) -> String {
    format!("{SOURCE}/opening/{sku}/{}", opening.first_invoice)
}

/// The key of the request that delivers an order.
pub fn fulfilment_key(invoice: &str) -> String {
    format!("{SOURCE}/fulfilment/{invoice}")
}

impl Step {
    /// The key of its request.
    pub fn key(&self, invoice: &str) -> String {
        match self {
            Self::Order(_) => format!("{SOURCE}/order/{invoice}"),
            Self::Credit(_) => format!("{SOURCE}/credit-note/{invoice}"),
            Self::Stock { nth, .. } => format!("{SOURCE}/stock/{invoice}/{nth}"),
        }
    }

    /// The body of its request.
    pub fn body(&self) -> serde_json::Result<Value> {
        match self {
            Self::Order(order) => serde_json::to_value(order),
            Self::Credit(note) => serde_json::to_value(note),
            Self::Stock { change, .. } => serde_json::to_value(change),
        }
    }
}

/// Makes the plan of a file's rows.
pub fn plan(rows: &[Row]) -> Result<Plan, FileFault> {
    let mut invoices = Vec::new();
    let (mut stock, mut faults) = (Stock::default(), Vec::new());
    for (number, lines) in by_invoice(rows) {
        match Parts::of(&lines) {
            Ok(parts) => {
                stock.take(number, &parts);
                invoices.push(Invoice { number: number.to_owned(), steps: parts.steps(number) });
            }
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        faults.sort_by_key(|fault: &Fault| fault.line);
        return Err(FileFault::Lines(faults));
    }
    let sums = sums(rows, &invoices);
    Ok(Plan { products: products(rows, stock), invoices, sums })
}

/// The lines of each invoice, in the order of the invoices' first lines; lines of one invoice may be apart.
fn by_invoice(rows: &[Row]) -> Vec<(&str, Vec<&Row>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut invoices: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in rows {
        let place = *places.entry(&row.invoice).or_insert_with(|| {
            invoices.push((&row.invoice, Vec::new()));
            invoices.len() - 1
        });
        invoices[place].1.push(row);
    }
    invoices
}

/// Whether stock is kept of it.
fn is_tracked(sku: &Sku) -> bool {
    !UNTRACKED.contains(&sku.as_str())
}

/// What the file takes out of stock.
#[derive(Default)]
struct Stock(HashMap<Sku, Opening>);

impl Stock {
    fn take(&mut self, invoice: &str, parts: &Parts<'_>) {
        for (sku, pieces) in parts.taken().filter(|(sku, _)| is_tracked(sku)) {
            let first = || Opening { pieces: 0, first_invoice: invoice.to_owned() };
            self.0.entry(sku.clone()).or_insert_with(first).pieces += pieces;
        }
    }
}

/// Each product once: its first description that says something, and its first price above 0.
fn products(rows: &[Row], mut stock: Stock) -> Vec<Product> {
    let (mut names, mut prices) = (HashMap::new(), HashMap::new());
    for row in rows {
        if !row.description.is_empty() {
            names.entry(&row.sku).or_insert(row.description.as_str());
        }
        if row.price > 0 {
            prices.entry(&row.sku).or_insert(row.price);
        }
    }
    let skus: BTreeSet<&Sku> = rows.iter().map(|row| &row.sku).collect();
    let product = |sku: &Sku| Product {
        body: NewProduct::new(
            sku,
            names.get(sku).copied().unwrap_or(sku.as_str()),
            prices.get(sku).copied().unwrap_or(0),
            is_tracked(sku),
        ),
        opening: stock.0.remove(sku),
    };
    skus.into_iter().map(product).collect()
}

fn sums(rows: &[Row], invoices: &[Invoice]) -> Sums {
    let net = rows.iter().map(|row| i128::from(row.price) * i128::from(row.quantity)).sum();
    let mut sums = Sums { lines: rows.len(), invoices: invoices.len(), net, ..Sums::default() };
    for step in invoices.iter().flat_map(|invoice| &invoice.steps) {
        match step {
            Step::Order(order) => {
                sums.orders += 1;
                sums.order_lines += order.lines.len();
            }
            Step::Credit(_) => sums.credit_notes += 1,
            Step::Stock { change, .. } if change.delta < 0 => sums.written_off += 1,
            Step::Stock { .. } => sums.found += 1,
        }
    }
    sums
}

#[cfg(test)]
mod tests;
