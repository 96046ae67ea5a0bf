//! The rows of `payments`: one statement per table and kind of change, columns as arrays, in the order of their keys.

use super::{Batch, Change, RefundChange};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::{RefundId, Timestamp};
use uuid::Uuid;

const INSERT_PAYMENTS: &str = "
    INSERT INTO payments.payment (payment_id, order_id, user_id, reference, amount, currency, action_by, intent, status,
        captured, code, stuck_code, version, at_partition, at_offset)
    SELECT n.payment_id, n.order_id, n.user_id, n.reference, n.amount, n.currency, n.action_by, n.intent, n.status,
        n.captured, n.code, n.stuck_code, n.version, n.at_partition, n.at_offset
    FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[], $8::text[],
            $9::text[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::integer[], $15::bigint[])
        AS n (payment_id, order_id, user_id, reference, amount, currency, action_by, intent, status, captured, code,
            stuck_code, version, at_partition, at_offset)";

const CHANGE_PAYMENTS: &str = "
    UPDATE payments.payment AS p SET
        intent = COALESCE(n.intent, p.intent),
        status = COALESCE(n.status, p.status),
        captured = COALESCE(n.captured, p.captured),
        code = CASE WHEN n.sets_code THEN n.code ELSE p.code END,
        stuck_code = CASE WHEN n.sets_stuck THEN n.stuck_code ELSE p.stuck_code END,
        version = n.version, at_partition = n.at_partition, at_offset = n.at_offset
    FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::boolean[], $6::text[], $7::boolean[], $8::text[],
            $9::bigint[], $10::integer[], $11::bigint[])
        AS n (payment_id, intent, status, captured, sets_code, code, sets_stuck, stuck_code, version, at_partition,
            at_offset)
    WHERE p.payment_id = n.payment_id";

const INSERT_REFUNDS: &str = "
    INSERT INTO payments.refund (payment_id, refund_id, amount, reason, status, code)
    SELECT n.payment_id, n.refund_id, n.amount, n.reason, n.status, n.code
    FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[])
        AS n (payment_id, refund_id, amount, reason, status, code)";

const CHANGE_REFUNDS: &str = "
    UPDATE payments.refund AS r SET status = n.status, code = n.code
    FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS n (payment_id, refund_id, status, code)
    WHERE r.payment_id = n.payment_id AND r.refund_id = n.refund_id";

/// The payments of a batch that are new, or not.
struct Part<'a>(Vec<(Uuid, &'a Change)>);

impl<'a> Part<'a> {
    fn of(batch: &'a Batch, new: bool) -> Self {
        let payments = batch.payments.iter().filter(|(_, change)| change.new.is_some() == new);
        Self(payments.map(|(id, change)| (*id, change)).collect())
    }

    fn ids(&self) -> Vec<Uuid> {
        self.0.iter().map(|(id, _)| *id).collect()
    }

    fn column<T>(&self, of: impl Fn(&'a Change) -> T) -> Vec<T> {
        self.0.iter().map(|(_, change)| of(change)).collect()
    }

    fn intents(&self) -> Vec<Option<&'a str>> {
        self.column(|change| change.intent.as_deref())
    }

    fn codes(&self) -> Vec<Option<&'a str>> {
        self.column(|change| change.code.as_ref()?.as_deref())
    }

    fn stuck_codes(&self) -> Vec<Option<&'a str>> {
        self.column(|change| change.stuck_code.as_ref()?.as_deref())
    }

    fn places(&self) -> (Vec<i64>, Vec<i32>, Vec<i64>) {
        let versions = self.column(|change| change.version.0.cast_signed());
        (versions, self.column(|change| change.partition.0), self.column(|change| change.offset.0))
    }
}

pub(super) async fn insert_payments(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let part = Part::of(batch, true);
    if part.0.is_empty() {
        return Ok(());
    }
    let ids = part.ids();
    let orders = part.column(|change| change.new.map(|order| order.0));
    let users = part.column(|change| change.requested.as_ref()?.user_id.map(|user| user.0));
    let references = part.column(|change| Some(change.requested.as_ref()?.reference.as_str()));
    let amounts = part.column(|change| Some(change.requested.as_ref()?.amount.amount));
    let currencies = part.column(|change| Some(change.requested.as_ref()?.amount.currency.as_str()));
    let action_by: Vec<Option<Timestamp>> = part.column(|change| Some(change.requested.as_ref()?.action_by));
    let (intents, codes, stuck_codes) = (part.intents(), part.codes(), part.stuck_codes());
    let (statuses, captured) = (part.column(|change| change.status), part.column(|change| change.captured));
    let (versions, partitions, offsets) = part.places();
    let columns: [tillroll_postgres::Param<'_>; 15] = [
        &ids,
        &orders,
        &users,
        &references,
        &amounts,
        &currencies,
        &action_by,
        &intents,
        &statuses,
        &captured,
        &codes,
        &stuck_codes,
        &versions,
        &partitions,
        &offsets,
    ];
    execute(transaction, INSERT_PAYMENTS, &columns).await.map(drop)
}

pub(super) async fn change_payments(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let part = Part::of(batch, false);
    if part.0.is_empty() {
        return Ok(());
    }
    let (ids, intents, codes, stuck_codes) = (part.ids(), part.intents(), part.codes(), part.stuck_codes());
    let (statuses, captured) = (part.column(|change| change.status), part.column(|change| change.captured));
    let sets_code = part.column(|change| change.code.is_some());
    let sets_stuck = part.column(|change| change.stuck_code.is_some());
    let (versions, partitions, offsets) = part.places();
    let columns: [tillroll_postgres::Param<'_>; 11] = [
        &ids,
        &intents,
        &statuses,
        &captured,
        &sets_code,
        &codes,
        &sets_stuck,
        &stuck_codes,
        &versions,
        &partitions,
        &offsets,
    ];
    execute(transaction, CHANGE_PAYMENTS, &columns).await.map(drop)
}

/// The refunds of a batch that are new, or not.
fn refunds(batch: &Batch, new: bool) -> Vec<(&(Uuid, RefundId), &RefundChange)> {
    batch.refunds.iter().filter(|(_, change)| change.new.is_some() == new).collect()
}

pub(super) async fn insert_refunds(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let new = refunds(batch, true);
    if new.is_empty() {
        return Ok(());
    }
    let payments: Vec<Uuid> = new.iter().map(|((payment, _), _)| *payment).collect();
    let ids: Vec<Uuid> = new.iter().map(|((_, refund), _)| refund.0).collect();
    let asked = || new.iter().filter_map(|(_, change)| change.new.as_ref());
    let amounts: Vec<i64> = asked().map(|(amount, _)| *amount).collect();
    let reasons: Vec<&str> = asked().map(|(_, reason)| reason.as_str()).collect();
    let statuses: Vec<&str> = new.iter().map(|(_, change)| change.status).collect();
    let codes: Vec<Option<&str>> = new.iter().map(|(_, change)| change.code.as_deref()).collect();
    execute(transaction, INSERT_REFUNDS, &[&payments, &ids, &amounts, &reasons, &statuses, &codes]).await.map(drop)
}

pub(super) async fn change_refunds(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let old = refunds(batch, false);
    if old.is_empty() {
        return Ok(());
    }
    let payments: Vec<Uuid> = old.iter().map(|((payment, _), _)| *payment).collect();
    let ids: Vec<Uuid> = old.iter().map(|((_, refund), _)| refund.0).collect();
    let statuses: Vec<&str> = old.iter().map(|(_, change)| change.status).collect();
    let codes: Vec<Option<&str>> = old.iter().map(|(_, change)| change.code.as_deref()).collect();
    execute(transaction, CHANGE_REFUNDS, &[&payments, &ids, &statuses, &codes]).await.map(drop)
}
