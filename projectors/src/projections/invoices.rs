//! `invoices`: every document as it was issued, with its lines. Fed by invoice-series.events.v1 alone; a document never
//! changes.

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Offset, PartitionId, Timestamp};
use tillroll_postgres::{Error, Param, Transaction, execute};
use tillroll_schemas::invoice_series::{Document, DocumentIssued, InvoiceSeriesEvent, IssuedLine};
use tillroll_schemas::{Sealed, catalogue};
use uuid::Uuid;

/// The read models of schema `invoices`.
pub struct Invoices;

/// The documents of a batch, by series and number.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<(String, u32), Issued>);

#[derive(Debug, PartialEq)]
struct Issued {
    document: DocumentIssued,
    recorded_at: Timestamp,
    partition: PartitionId,
    offset: Offset,
}

const INSERT_DOCUMENTS: &str = "
    INSERT INTO invoices.document (series, number, kind, order_id, credit_id, user_id, customer, country, dated,
        recorded_at, currency, net, tax, gross, at_partition, at_offset, buyer)
    SELECT n.series, n.number, n.kind, n.order_id, n.credit_id, n.user_id, n.customer, n.country, n.dated,
        n.recorded_at, n.currency, n.net, n.tax, n.gross, n.at_partition, n.at_offset, n.buyer
    FROM UNNEST($1::text[], $2::bigint[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
            $9::timestamptz[], $10::timestamptz[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],
            $15::integer[], $16::bigint[], $17::text[])
        AS n (series, number, kind, order_id, credit_id, user_id, customer, country, dated, recorded_at, currency, net,
            tax, gross, at_partition, at_offset, buyer)";

const INSERT_LINES: &str = "
    INSERT INTO invoices.document_line (series, number, line, sku, name, quantity, net, tax_rate, tax)
    SELECT n.series, n.number, n.line, n.sku, n.name, n.quantity, n.net, n.tax_rate, n.tax
    FROM UNNEST($1::text[], $2::bigint[], $3::integer[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
            $8::integer[], $9::bigint[])
        AS n (series, number, line, sku, name, quantity, net, tax_rate, tax)";

impl Projection for Invoices {
    const NAME: &'static str = "invoices";
    const TOPICS: &'static [&'static str] = &[catalogue::INVOICE_SERIES.events];
    type Event = InvoiceSeriesEvent;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<InvoiceSeriesEvent, Undecodable> {
        Ok(InvoiceSeriesEvent::decode(&envelope.type_name, value)?)
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, event: &InvoiceSeriesEvent) {
        match event {
            InvoiceSeriesEvent::DocumentIssued(document) => {
                let issued = Issued {
                    document: document.clone(),
                    recorded_at: envelope.recorded_at,
                    partition: envelope.at.partition,
                    offset: envelope.at.offset,
                };
                batch.0.insert((document.series.to_string(), document.number), issued);
            }
            InvoiceSeriesEvent::NumberRecalled(_) => {}
        }
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        if batch.0.is_empty() {
            return Ok(());
        }
        insert_documents(batch, transaction).await?;
        insert_lines(batch, transaction).await
    }
}

async fn insert_documents(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let series: Vec<&str> = batch.0.keys().map(|(series, _)| series.as_str()).collect();
    let numbers: Vec<i64> = batch.0.keys().map(|(_, number)| i64::from(*number)).collect();
    let kinds = column(batch, |issued| kind(&issued.document.document));
    let orders = column(batch, |issued| issued.document.document.order().map(|order| order.0));
    let credits = column(batch, |issued| credit(&issued.document.document));
    let users = column(batch, |issued| issued.document.user_id.map(|user| user.0));
    let customers = column(batch, |issued| issued.document.customer.as_ref().map(|by| by.reference.as_str()));
    let countries = column(batch, |issued| issued.document.country.as_deref());
    let dated = column(batch, |issued| issued.document.dated);
    let recorded_at = column(batch, |issued| issued.recorded_at);
    let currencies = column(batch, |issued| issued.document.totals.gross.currency.as_str());
    let net = column(batch, |issued| issued.document.totals.net.amount);
    let tax = column(batch, |issued| issued.document.totals.tax.amount);
    let gross = column(batch, |issued| issued.document.totals.gross.amount);
    let partitions = column(batch, |issued| issued.partition.0);
    let offsets = column(batch, |issued| issued.offset.0);
    let buyers = column(batch, |issued| issued.document.buyer.as_ref().map(Sealed::as_str));
    let columns: [Param<'_>; 17] = [
        &series,
        &numbers,
        &kinds,
        &orders,
        &credits,
        &users,
        &customers,
        &countries,
        &dated,
        &recorded_at,
        &currencies,
        &net,
        &tax,
        &gross,
        &partitions,
        &offsets,
        &buyers,
    ];
    execute(transaction, INSERT_DOCUMENTS, &columns).await.map(drop)
}

async fn insert_lines(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let lines: Vec<_> = batch
        .0
        .iter()
        .flat_map(|(place, issued)| (0_i32..).zip(&issued.document.lines).map(move |(nth, line)| (place, nth, line)))
        .collect();
    let of = |of: fn(&IssuedLine) -> i64| -> Vec<i64> { lines.iter().map(|(_, _, line)| of(line)).collect() };
    let series: Vec<&str> = lines.iter().map(|((series, _), _, _)| series.as_str()).collect();
    let numbers: Vec<i64> = lines.iter().map(|((_, number), _, _)| i64::from(*number)).collect();
    let nths: Vec<i32> = lines.iter().map(|(_, nth, _)| *nth).collect();
    let skus: Vec<&str> = lines.iter().map(|(_, _, line)| line.line.sku.as_str()).collect();
    let names: Vec<&str> = lines.iter().map(|(_, _, line)| line.line.name.as_str()).collect();
    let quantities = of(|line| line.line.quantity.get());
    let net = of(|line| line.line.net.amount);
    let rates: Vec<i32> = lines.iter().map(|(_, _, line)| u32::from(line.line.tax_rate).cast_signed()).collect();
    let tax = of(|line| line.tax.amount);
    let columns: [Param<'_>; 9] = [&series, &numbers, &nths, &skus, &names, &quantities, &net, &rates, &tax];
    execute(transaction, INSERT_LINES, &columns).await.map(drop)
}

fn column<'a, T>(batch: &'a Batch, of: impl Fn(&'a Issued) -> T) -> Vec<T> {
    batch.0.values().map(of).collect()
}

fn kind(document: &Document) -> &'static str {
    match document {
        Document::Invoice { .. } => "invoice",
        Document::CreditNote { .. } => "credit_note",
    }
}

fn credit(document: &Document) -> Option<Uuid> {
    match document {
        Document::Invoice { .. } => None,
        Document::CreditNote { credit_id, .. } => Some(*credit_id),
    }
}

#[cfg(test)]
mod tests;
