//! `preferences`: what each user chose to be told, and how. One row per user, made by his last event alone.

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Offset, PartitionId, Version};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::catalogue;
use tillroll_schemas::preference::PreferenceEvent;
use uuid::Uuid;

/// The read model `notifications.preference`.
pub struct Preferences;

/// What a user chose, as JSON.
pub struct Chosen {
    user: Uuid,
    choices: String,
}

/// The rows that a batch leaves, by user.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<Uuid, Row>);

#[derive(Debug, PartialEq)]
struct Row {
    choices: String,
    version: Version,
    partition: PartitionId,
    offset: Offset,
}

const UPSERT: &str = "
    INSERT INTO notifications.preference AS p (user_id, choices, version, at_partition, at_offset)
    SELECT n.user_id, n.choices::jsonb, n.version, n.at_partition, n.at_offset
    FROM UNNEST($1::uuid[], $2::text[], $3::bigint[], $4::integer[], $5::bigint[])
        AS n (user_id, choices, version, at_partition, at_offset)
    ON CONFLICT (user_id) DO UPDATE SET
        choices = EXCLUDED.choices, version = EXCLUDED.version,
        at_partition = EXCLUDED.at_partition, at_offset = EXCLUDED.at_offset";

impl Projection for Preferences {
    const NAME: &'static str = "preferences";
    const TOPICS: &'static [&'static str] = &[catalogue::PREFERENCE.events];
    type Event = Chosen;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<Chosen, Undecodable> {
        let unknown = || Undecodable::Key(envelope.key.to_string());
        let user = envelope.key.parse().map_err(|_| unknown())?;
        let PreferenceEvent::Chosen(chosen) = PreferenceEvent::decode(&envelope.type_name, value)?;
        // It was read from JSON just now.
        let choices = serde_json::to_string(&chosen.choices).map_err(|_| unknown())?;
        Ok(Chosen { user, choices })
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, event: &Chosen) {
        let row = Row {
            choices: event.choices.clone(),
            version: envelope.version,
            partition: envelope.at.partition,
            offset: envelope.at.offset,
        };
        batch.0.insert(event.user, row);
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        if batch.0.is_empty() {
            return Ok(());
        }
        let users: Vec<Uuid> = batch.0.keys().copied().collect();
        let choices = column(batch, |row| row.choices.as_str());
        let versions = column(batch, |row| row.version.0.cast_signed());
        let partitions = column(batch, |row| row.partition.0);
        let offsets = column(batch, |row| row.offset.0);
        execute(transaction, UPSERT, &[&users, &choices, &versions, &partitions, &offsets]).await.map(drop)
    }
}

fn column<'a, T>(batch: &'a Batch, of: impl Fn(&'a Row) -> T) -> Vec<T> {
    batch.0.values().map(of).collect()
}

#[cfg(test)]
mod tests;
