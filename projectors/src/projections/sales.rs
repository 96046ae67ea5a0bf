//! `sales`: sums per day and country, category, product or customer, of what was sold and what was credited.
//!
//! Fed by every partition of two topics, so rows change only by addition. A sale counts when its order is confirmed,
//! dated as the event says; a cancellation after that, a refund or a return, and a credit note are credits, dated by
//! themselves.

use crate::{Projection, Undecodable};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use tillroll_log::Body;
use tillroll_log::record::Envelope;
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::credit_note::CreditNoteEvent;
use tillroll_schemas::order::{Customer, OrderEvent, Sale};
use tillroll_schemas::{Currency, Money, Quantity, Sku, Timestamp, catalogue};

/// The read model `sales.total`.
pub struct Sales;

/// Of the two topics.
pub enum SalesEvent {
    /// Of `order.events.v1`.
    Order(Box<OrderEvent>),
    /// Of `credit-note.events.v1`.
    CreditNote(Box<CreditNoteEvent>),
}

/// What is to be added, by row.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<Place, Sums>);

/// The key of a row, in the order of the table's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    dimension: &'static str,
    day: NaiveDate,
    /// Empty for none.
    key: String,
    currency: Currency,
}

/// Wide enough for any sum of 64-bit amounts that a log can hold.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    gross: i128,
    credits: i128,
    quantity: i128,
    orders: i64,
    credit_notes: i64,
}

const ADD: &str = "
    INSERT INTO sales.total AS t (dimension, day, key, currency, gross, credits, quantity, orders, credit_notes)
    SELECT n.dimension, n.day, n.key, n.currency, n.gross::numeric, n.credits::numeric, n.quantity::numeric,
        n.orders, n.credit_notes
    FROM UNNEST($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
            $9::bigint[])
        AS n (dimension, day, key, currency, gross, credits, quantity, orders, credit_notes)
    ON CONFLICT (dimension, day, key, currency) DO UPDATE SET
        gross = t.gross + EXCLUDED.gross, credits = t.credits + EXCLUDED.credits,
        quantity = t.quantity + EXCLUDED.quantity, orders = t.orders + EXCLUDED.orders,
        credit_notes = t.credit_notes + EXCLUDED.credit_notes";

/// What a document is counted as.
#[derive(Clone, Copy)]
enum Kind {
    /// An order that was confirmed.
    Sold,
    /// An order that had been confirmed and was cancelled.
    Cancelled,
    /// A part of one for which money went back.
    Refunded,
    /// A credit note.
    Credited,
}

/// A document with what all its lines share.
struct Document<'a> {
    kind: Kind,
    day: NaiveDate,
    country: &'a str,
    customer: &'a str,
}

impl<'a> Document<'a> {
    fn new(kind: Kind, dated: Timestamp, country: Option<&'a str>, customer: Option<&'a Customer>) -> Self {
        let customer = customer.map_or("", |customer| customer.reference.as_str());
        Self { kind, day: dated.date_naive(), country: country.unwrap_or_default(), customer }
    }

    fn of(kind: Kind, sale: &'a Sale) -> Self {
        Self::new(kind, sale.dated, sale.country.as_deref(), sale.customer.as_ref())
    }
}

/// A line as far as it counts: what, its category, how many, for how much.
type Counted<'a> = (&'a Sku, Option<&'a str>, Quantity, Money);

impl Projection for Sales {
    const NAME: &'static str = "sales";
    const TOPICS: &'static [&'static str] = &[catalogue::ORDER.events, catalogue::CREDIT_NOTE.events];
    type Event = SalesEvent;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<SalesEvent, Undecodable> {
        if &*envelope.at.topic == catalogue::CREDIT_NOTE.events {
            return Ok(SalesEvent::CreditNote(Box::new(CreditNoteEvent::decode(&envelope.type_name, value)?)));
        }
        Ok(SalesEvent::Order(Box::new(OrderEvent::decode(&envelope.type_name, value)?)))
    }

    fn fold(batch: &mut Batch, _envelope: &Envelope, event: &SalesEvent) {
        match event {
            SalesEvent::Order(event) => batch.take_order(event),
            SalesEvent::CreditNote(event) => batch.take_credit_note(event),
        }
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        if batch.0.is_empty() {
            return Ok(());
        }
        let dimensions: Vec<&str> = batch.0.keys().map(|place| place.dimension).collect();
        let days: Vec<NaiveDate> = batch.0.keys().map(|place| place.day).collect();
        let keys: Vec<&str> = batch.0.keys().map(|place| place.key.as_str()).collect();
        let currencies: Vec<&str> = batch.0.keys().map(|place| place.currency.as_str()).collect();
        let gross: Vec<String> = batch.0.values().map(|sums| sums.gross.to_string()).collect();
        let credits: Vec<String> = batch.0.values().map(|sums| sums.credits.to_string()).collect();
        let quantities: Vec<String> = batch.0.values().map(|sums| sums.quantity.to_string()).collect();
        let orders: Vec<i64> = batch.0.values().map(|sums| sums.orders).collect();
        let credit_notes: Vec<i64> = batch.0.values().map(|sums| sums.credit_notes).collect();
        execute(
            transaction,
            ADD,
            &[&dimensions, &days, &keys, &currencies, &gross, &credits, &quantities, &orders, &credit_notes],
        )
        .await
        .map(drop)
    }
}

impl Batch {
    fn take_order(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Confirmed(confirmed) => self.take_sale(Kind::Sold, &confirmed.sale),
            OrderEvent::Cancelled(cancelled) => {
                if let Some(credit) = &cancelled.credit {
                    self.take_sale(Kind::Cancelled, credit);
                }
            }
            OrderEvent::Refunded(refunded) => self.take_sale(Kind::Refunded, &refunded.credit),
            OrderEvent::Placed(_)
            | OrderEvent::StockAnswered(_)
            | OrderEvent::StockReserved(_)
            | OrderEvent::StockCommitted(_)
            | OrderEvent::StepOverdue(_)
            | OrderEvent::CompensationStarted(_)
            | OrderEvent::Stuck(_)
            | OrderEvent::StepRetried(_)
            | OrderEvent::StepCompleted(_)
            | OrderEvent::FulfilmentRequested(_)
            | OrderEvent::Fulfilled(_)
            | OrderEvent::PaymentRequested(_)
            | OrderEvent::PaymentActionRequired(_)
            | OrderEvent::PaymentAuthorised(_)
            | OrderEvent::PaymentCaptured(_)
            | OrderEvent::PaymentAnswered(_)
            | OrderEvent::UndoRequested(_)
            | OrderEvent::Invoiced(_)
            | OrderEvent::RefundRequested(_)
            | OrderEvent::RefundRefused(_) => {}
        }
    }

    fn take_credit_note(&mut self, event: &CreditNoteEvent) {
        match event {
            CreditNoteEvent::Issued(issued) => {
                let (country, customer) = (issued.country.as_deref(), issued.customer.as_ref());
                let document = Document::new(Kind::Credited, issued.placed_at, country, customer);
                let lines = issued.lines.iter();
                self.take(
                    &document,
                    lines.map(|line| (&line.sku, line.category.as_deref(), line.quantity, line.line_total)),
                );
            }
        }
    }

    fn take_sale(&mut self, kind: Kind, sale: &Sale) {
        let document = Document::of(kind, sale);
        let lines = sale.lines.iter();
        self.take(&document, lines.map(|line| (&line.sku, line.category.as_deref(), line.quantity, line.amount)));
    }

    /// Counts every line once in each dimension, and the document once for each row that it touches.
    fn take<'a>(&mut self, document: &Document<'a>, lines: impl Iterator<Item = Counted<'a>>) {
        let mut touched = BTreeSet::new();
        for (sku, category, quantity, amount) in lines {
            let keys = [
                ("day", ""),
                ("country", document.country),
                ("category", category.unwrap_or_default()),
                ("product", sku.as_str()),
                ("customer", document.customer),
            ];
            for (dimension, key) in keys {
                let place = Place { dimension, day: document.day, key: key.to_owned(), currency: amount.currency };
                self.0.entry(place.clone()).or_default().add_line(document.kind, quantity, amount);
                touched.insert(place);
            }
        }
        for place in touched {
            self.0.entry(place).or_default().add_document(document.kind);
        }
    }
}

impl Sums {
    fn add_line(&mut self, kind: Kind, quantity: Quantity, amount: Money) {
        match kind {
            Kind::Sold => {
                self.gross += i128::from(amount.amount);
                self.quantity += i128::from(quantity.get());
            }
            Kind::Cancelled | Kind::Refunded | Kind::Credited => self.credits += i128::from(amount.amount),
        }
    }

    fn add_document(&mut self, kind: Kind) {
        match kind {
            Kind::Sold => self.orders += 1,
            Kind::Cancelled | Kind::Refunded => {}
            Kind::Credited => self.credit_notes += 1,
        }
    }
}

#[cfg(test)]
mod tests;
