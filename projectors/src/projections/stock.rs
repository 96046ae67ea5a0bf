//! `stock`: the levels of each tracked SKU. One row per SKU, made by the last event of its stock item alone.

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Key, Offset, PartitionId, Version};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::catalogue;
use tillroll_schemas::stock_item::{Levels, StockItemEvent};

/// The read model `inventory.stock`.
pub struct Stock;

/// The rows that a batch leaves, by SKU.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<Key, Row>);

#[derive(Debug, PartialEq)]
struct Row {
    levels: Levels,
    version: Version,
    partition: PartitionId,
    offset: Offset,
}

const UPSERT: &str = "
    INSERT INTO inventory.stock AS s (sku, on_hand, reserved, committed, version, at_partition, at_offset)
    SELECT n.sku, n.on_hand, n.reserved, n.committed, n.version, n.at_partition, n.at_offset
    FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::integer[], $7::bigint[])
        AS n (sku, on_hand, reserved, committed, version, at_partition, at_offset)
    ON CONFLICT (sku) DO UPDATE SET
        on_hand = EXCLUDED.on_hand, reserved = EXCLUDED.reserved, committed = EXCLUDED.committed,
        version = EXCLUDED.version, at_partition = EXCLUDED.at_partition, at_offset = EXCLUDED.at_offset";

impl Projection for Stock {
    const NAME: &'static str = "stock";
    const TOPICS: &'static [&'static str] = &[catalogue::STOCK_ITEM.events];
    type Event = StockItemEvent;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<StockItemEvent, Undecodable> {
        Ok(StockItemEvent::decode(&envelope.type_name, value)?)
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, event: &StockItemEvent) {
        let row = Row {
            levels: event.levels(),
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
        let on_hand = column(batch, |row| row.levels.on_hand);
        let reserved = column(batch, |row| row.levels.reserved);
        let committed = column(batch, |row| row.levels.committed);
        let versions = column(batch, |row| row.version.0.cast_signed());
        let partitions = column(batch, |row| row.partition.0);
        let offsets = column(batch, |row| row.offset.0);
        execute(transaction, UPSERT, &[&skus, &on_hand, &reserved, &committed, &versions, &partitions, &offsets])
            .await
            .map(drop)
    }
}

fn column<T>(batch: &Batch, of: impl Fn(&Row) -> T) -> Vec<T> {
    batch.0.values().map(of).collect()
}

#[cfg(test)]
mod tests;
