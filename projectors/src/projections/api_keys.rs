//! `api-keys`: keys for machines. Nothing of their secrets is in a row, not even a hash.

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Timestamp};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::api_key::{ApiKeyEvent, Created};
use tillroll_schemas::catalogue;
use uuid::Uuid;

/// The read model `people.api_key`.
pub struct ApiKeys;

/// What a batch changes, by key.
#[derive(Debug, Default, PartialEq)]
pub struct Batch(BTreeMap<Uuid, Change>);

#[derive(Debug, Default, PartialEq)]
struct Change {
    created: Option<(Created, Timestamp)>,
    revoked_at: Option<Timestamp>,
    version: i64,
    partition: i32,
    offset: i64,
}

const ADD: &str = "
    INSERT INTO people.api_key (api_key_id, owner, label, scopes, created_at, version, at_partition, at_offset)
    VALUES ($1, $2, $3, $4, $5, 0, 0, 0)
    ON CONFLICT (api_key_id) DO NOTHING";

const CHANGE: &str = "
    UPDATE people.api_key
    SET revoked_at = COALESCE($2, revoked_at), version = $3, at_partition = $4, at_offset = $5
    WHERE api_key_id = $1";

impl Projection for ApiKeys {
    const NAME: &'static str = "api-keys";
    const TOPICS: &'static [&'static str] = &[catalogue::API_KEY.events];
    type Event = ApiKeyEvent;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<ApiKeyEvent, Undecodable> {
        Ok(ApiKeyEvent::decode(&envelope.type_name, value)?)
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, event: &ApiKeyEvent) {
        // Ids of keys are UUIDs by construction.
        let Ok(key) = envelope.key.parse::<Uuid>() else { return };
        let change = batch.0.entry(key).or_default();
        match event {
            ApiKeyEvent::Created(created) => change.created = Some((created.clone(), envelope.occurred_at)),
            ApiKeyEvent::Revoked(_) => change.revoked_at = Some(envelope.occurred_at),
        }
        (change.version, change.partition) = (envelope.version.0.cast_signed(), envelope.at.partition.0);
        change.offset = envelope.at.offset.0;
    }

    /// There are few of them: one by one.
    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        for (id, Change { created, revoked_at, version, partition, offset }) in &batch.0 {
            if let Some((Created { owner, label, scopes, .. }, at)) = created {
                let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
                execute(transaction, ADD, &[id, &owner.0, label, &scopes, at]).await?;
            }
            execute(transaction, CHANGE, &[id, revoked_at, version, partition, offset]).await?;
        }
        Ok(())
    }
}
