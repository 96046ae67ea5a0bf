//! `products`: what the shop sells. One row per SKU, made by the last event of its product alone.

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Key, Offset, PartitionId, Version};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::catalogue;
use tillroll_schemas::product::{Details, ProductEvent};

/// The read model `catalog.product`.
pub struct Products;

/// The rows that a batch leaves, by SKU.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<Key, Row>);

#[derive(Debug, PartialEq)]
struct Row {
    details: Details,
    archived: bool,
    version: Version,
    partition: PartitionId,
    offset: Offset,
}

const UPSERT: &str = "
    INSERT INTO catalog.product AS p (sku, name, description, category, price_amount, currency, tax_rate, tracked,
        archived, version, at_partition, at_offset)
    SELECT n.sku, n.name, n.description, n.category, n.price_amount, n.currency, n.tax_rate, n.tracked,
        n.archived, n.version, n.at_partition, n.at_offset
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::integer[], $8::boolean[],
            $9::boolean[], $10::bigint[], $11::integer[], $12::bigint[])
        AS n (sku, name, description, category, price_amount, currency, tax_rate, tracked,
            archived, version, at_partition, at_offset)
    ON CONFLICT (sku) DO UPDATE SET
        name = EXCLUDED.name, description = EXCLUDED.description, category = EXCLUDED.category,
        price_amount = EXCLUDED.price_amount, currency = EXCLUDED.currency, tax_rate = EXCLUDED.tax_rate,
        tracked = EXCLUDED.tracked, archived = EXCLUDED.archived, version = EXCLUDED.version,
        at_partition = EXCLUDED.at_partition, at_offset = EXCLUDED.at_offset";

impl Projection for Products {
    const NAME: &'static str = "products";
    const TOPICS: &'static [&'static str] = &[catalogue::PRODUCT.events];
    type Event = ProductEvent;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<ProductEvent, Undecodable> {
        Ok(ProductEvent::decode(&envelope.type_name, value)?)
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, event: &ProductEvent) {
        let (details, archived) = match event {
            ProductEvent::Added(added) => (&added.details, false),
            ProductEvent::Revised(revised) => (&revised.details, false),
            ProductEvent::Archived(archived) => (&archived.details, true),
        };
        let row = Row {
            details: details.clone(),
            archived,
            version: envelope.version,
            partition: envelope.at.partition,
            offset: envelope.at.offset,
        };
        batch.0.insert(envelope.key.clone(), row);
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        if batch.0.is_empty() {
            return Ok(());
        }
        let skus: Vec<&str> = batch.0.keys().map(|sku| &**sku).collect();
        let names = column(batch, |row| row.details.name.as_str());
        let descriptions = column(batch, |row| row.details.description.as_str());
        let categories = column(batch, |row| row.details.category.as_deref());
        let prices = column(batch, |row| row.details.price.amount);
        let currencies = column(batch, |row| row.details.price.currency.as_str());
        let tax_rates = column(batch, |row| u32::from(row.details.tax_rate).cast_signed());
        let tracked = column(batch, |row| row.details.tracked);
        let archived = column(batch, |row| row.archived);
        let versions = column(batch, |row| row.version.0.cast_signed());
        let partitions = column(batch, |row| row.partition.0);
        let offsets = column(batch, |row| row.offset.0);
        execute(
            transaction,
            UPSERT,
            &[
                &skus,
                &names,
                &descriptions,
                &categories,
                &prices,
                &currencies,
                &tax_rates,
                &tracked,
                &archived,
                &versions,
                &partitions,
                &offsets,
            ],
        )
        .await
        .map(drop)
    }
}

fn column<'a, T>(batch: &'a Batch, of: impl Fn(&'a Row) -> T) -> Vec<T> {
    batch.0.values().map(of).collect()
}

#[cfg(test)]
mod tests;
