//! The rows of `notifications`: one statement per table and batch, columns as arrays, rows in the order of their keys.

use super::{Batch, Change, Delivery, Message};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::notification::Channel;
use uuid::Uuid;

/// The content as the event has it is `{"template": …, "data": …}`.
const INSERT_NOTIFICATIONS: &str = "
    INSERT INTO notifications.notification (notification_id, user_id, kind, template, data, queued_at, read_at, version,
        at_partition, at_offset)
    SELECT n.notification_id, n.user_id, n.kind, n.content::jsonb->>'template', n.content::jsonb->'data', n.queued_at, n.read_at,
        n.version, n.at_partition, n.at_offset
    FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bigint[],
            $8::integer[], $9::bigint[])
        AS n (notification_id, user_id, kind, content, queued_at, read_at, version, at_partition, at_offset)";

const CHANGE_NOTIFICATIONS: &str = "
    UPDATE notifications.notification AS m SET
        read_at = COALESCE(n.read_at, m.read_at),
        version = n.version, at_partition = n.at_partition, at_offset = n.at_offset
    FROM UNNEST($1::uuid[], $2::timestamptz[], $3::bigint[], $4::integer[], $5::bigint[])
        AS n (notification_id, read_at, version, at_partition, at_offset)
    WHERE m.notification_id = n.notification_id";

const PUT_DELIVERIES: &str = "
    INSERT INTO notifications.delivery AS d (notification_id, channel, status, attempts, reason, code, next_at)
    SELECT n.notification_id, n.channel, n.status, COALESCE(n.attempts, 0), n.reason, n.code, n.next_at
    FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::text[], $7::timestamptz[])
        AS n (notification_id, channel, status, attempts, reason, code, next_at)
    ON CONFLICT (notification_id, channel) DO UPDATE SET
        status = EXCLUDED.status, reason = EXCLUDED.reason, next_at = EXCLUDED.next_at,
        -- An attempt has a number from 1 on.
        attempts = COALESCE(NULLIF(EXCLUDED.attempts, 0), d.attempts),
        code = COALESCE(EXCLUDED.code, d.code)";

pub(super) async fn insert_notifications(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    if batch.queued.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = batch.queued.keys().copied().collect();
    let users = of_message(batch, |message| message.user);
    let kinds = of_message(batch, |message| message.kind.as_str());
    let contents = of_message(batch, |message| message.content.as_str());
    let queued_at = of_message(batch, |message| message.queued_at);
    let changes: Vec<&Change> = batch.queued.values().map(|(_, change)| change).collect();
    let read_at = column(&changes, |change| change.read_at);
    let versions = column(&changes, |change| change.version.0.cast_signed());
    let partitions = column(&changes, |change| change.partition.0);
    let offsets = column(&changes, |change| change.offset.0);
    execute(
        transaction,
        INSERT_NOTIFICATIONS,
        &[&ids, &users, &kinds, &contents, &queued_at, &read_at, &versions, &partitions, &offsets],
    )
    .await
    .map(drop)
}

pub(super) async fn change_notifications(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    if batch.changed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = batch.changed.keys().copied().collect();
    let changes: Vec<&Change> = batch.changed.values().collect();
    let read_at = column(&changes, |change| change.read_at);
    let versions = column(&changes, |change| change.version.0.cast_signed());
    let partitions = column(&changes, |change| change.partition.0);
    let offsets = column(&changes, |change| change.offset.0);
    execute(transaction, CHANGE_NOTIFICATIONS, &[&ids, &read_at, &versions, &partitions, &offsets]).await.map(drop)
}

pub(super) async fn put_deliveries(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    if batch.deliveries.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = batch.deliveries.keys().map(|(id, _)| *id).collect();
    let channels: Vec<&str> = batch.deliveries.keys().map(|(_, channel): &(Uuid, Channel)| channel.as_str()).collect();
    let deliveries: Vec<&Delivery> = batch.deliveries.values().collect();
    let statuses = column(&deliveries, |delivery| delivery.status.name());
    let attempts = column(&deliveries, |delivery| delivery.attempts.map(u32::cast_signed));
    let reasons = column(&deliveries, |delivery| delivery.reason.map(|reason| reason.as_str()));
    let codes = column(&deliveries, |delivery| delivery.code.as_deref());
    let next_at = column(&deliveries, |delivery| delivery.next_at);
    execute(transaction, PUT_DELIVERIES, &[&ids, &channels, &statuses, &attempts, &reasons, &codes, &next_at])
        .await
        .map(drop)
}

fn of_message<'a, T>(batch: &'a Batch, of: impl Fn(&'a Message) -> T) -> Vec<T> {
    batch.queued.values().map(|(message, _)| of(message)).collect()
}

fn column<'a, R, T>(rows: &[&'a R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(|row| of(row)).collect()
}
