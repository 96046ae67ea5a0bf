//! The rows of `orders`: one statement per table and batch, columns as arrays, rows in the order of their keys.

use super::paying::NOT_REQUIRED;
use super::{Batch, Change, Happened, Order, Status};
use tillroll_postgres::{Error, Transaction, execute};
use tillroll_schemas::Timestamp;
use tillroll_schemas::order::{Line, PaymentMethod};
use uuid::Uuid;

const INSERT_ORDERS: &str = "
    INSERT INTO orders.order (order_id, reference, customer, country, status, payment_method, currency, net, tax, gross,
        placed_at, recorded_at, cancellation_code, cancellation_detail, version, at_partition, at_offset, user_id,
        payment_id, payment_status, action_by, refunded, shipping_address, owed)
    SELECT n.order_id, n.reference, n.customer, n.country, n.status, n.payment_method, n.currency, n.net, n.tax, n.gross,
        n.placed_at, n.recorded_at, n.cancellation_code, n.cancellation_detail, n.version, n.at_partition, n.at_offset,
        n.user_id, n.payment_id, n.payment_status, n.action_by, n.refunded, n.shipping_address,
        GREATEST(n.owed, n.owed_least)
    FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
            $9::bigint[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[],
            $15::bigint[], $16::integer[], $17::bigint[], $18::uuid[], $19::uuid[], $20::text[], $21::timestamptz[],
            $22::bigint[], $23::text[], $24::bigint[], $25::bigint[])
        AS n (order_id, reference, customer, country, status, payment_method, currency, net, tax, gross,
            placed_at, recorded_at, cancellation_code, cancellation_detail, version, at_partition, at_offset, user_id,
            payment_id, payment_status, action_by, refunded, shipping_address, owed, owed_least)";

const INSERT_LINES: &str = "
    INSERT INTO orders.order_line (order_id, line, sku, name, category, quantity, unit_price, line_total, tax_rate, tracked)
    SELECT n.order_id, n.line, n.sku, n.name, n.category, n.quantity, n.unit_price, n.line_total, n.tax_rate, n.tracked
    FROM UNNEST($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::integer[], $10::boolean[])
        AS n (order_id, line, sku, name, category, quantity, unit_price, line_total, tax_rate, tracked)";

const CHANGE_ORDERS: &str = "
    UPDATE orders.order AS o SET
        status = COALESCE(n.status, o.status),
        cancellation_code = COALESCE(n.cancellation_code, o.cancellation_code),
        cancellation_detail = COALESCE(n.cancellation_detail, o.cancellation_detail),
        version = n.version, at_partition = n.at_partition, at_offset = n.at_offset,
        payment_status = CASE o.payment_status WHEN 'not_required' THEN o.payment_status
            ELSE COALESCE(n.payment_status, o.payment_status) END,
        action_by = CASE WHEN n.payment_status IS NULL THEN o.action_by ELSE n.action_by END,
        refunded = o.refunded + n.refunded, owed = GREATEST(o.owed + n.owed, n.owed_least)
    FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::bigint[], $8::text[],
            $9::timestamptz[], $10::bigint[], $11::bigint[], $12::bigint[])
        AS n (order_id, status, cancellation_code, cancellation_detail, version, at_partition, at_offset,
            payment_status, action_by, refunded, owed, owed_least)
    WHERE o.order_id = n.order_id";

const ADD_FULFILLED: &str = "
    INSERT INTO orders.fulfilled AS f (order_id, sku, quantity)
    SELECT n.order_id, n.sku, n.quantity
    FROM UNNEST($1::uuid[], $2::text[], $3::bigint[]) AS n (order_id, sku, quantity)
    ON CONFLICT (order_id, sku) DO UPDATE SET quantity = f.quantity + EXCLUDED.quantity";

const INSERT_HISTORY: &str = "
    INSERT INTO orders.order_history (order_id, version, type, occurred_at, recorded_at, actor, command_id,
        at_partition, at_offset, body)
    SELECT n.order_id, n.version, n.type, n.occurred_at, n.recorded_at, n.actor, n.command_id,
        n.at_partition, n.at_offset, n.body::jsonb
    FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::uuid[],
            $8::integer[], $9::bigint[], $10::text[])
        AS n (order_id, version, type, occurred_at, recorded_at, actor, command_id, at_partition, at_offset, body)";

pub(super) async fn insert_orders(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    if batch.placed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = batch.placed.keys().copied().collect();
    let references = of_order(batch, |order| order.reference.as_deref());
    let customers = of_order(batch, |order| order.customer.as_deref());
    let countries = of_order(batch, |order| order.country.as_deref());
    let payments = of_order(batch, |order| method(order.payment));
    let currencies = of_order(batch, |order| order.totals.gross.currency.as_str());
    let net = of_order(batch, |order| order.totals.net.amount);
    let tax = of_order(batch, |order| order.totals.tax.amount);
    let gross = of_order(batch, |order| order.totals.gross.amount);
    let placed_at = of_order(batch, |order| order.placed_at);
    let recorded_at = of_order(batch, |order| order.recorded_at);
    let users = of_order(batch, |order| order.user);
    let addresses = of_order(batch, |order| order.shipping_address.as_deref());
    let payment_ids = of_order(batch, |order| order.payment_id);
    let payment_statuses: Vec<_> = batch.placed.values().map(|(order, change)| payment_status(order, change)).collect();
    let changes = Changes::of(batch.placed.values().map(|(_, change)| change));
    execute(
        transaction,
        INSERT_ORDERS,
        &[
            &ids,
            &references,
            &customers,
            &countries,
            &changes.statuses,
            &payments,
            &currencies,
            &net,
            &tax,
            &gross,
            &placed_at,
            &recorded_at,
            &changes.codes,
            &changes.details,
            &changes.versions,
            &changes.partitions,
            &changes.offsets,
            &users,
            &payment_ids,
            &payment_statuses,
            &changes.actions_by,
            &changes.refunded,
            &addresses,
            &changes.owed,
            &changes.owed_least,
        ],
    )
    .await
    .map(drop)
}

/// Where the payment of an order stands that was placed in this batch.
fn payment_status(order: &Order, change: &Change) -> &'static str {
    change.payment.status.filter(|_| order.charged).map_or(NOT_REQUIRED, super::paying::Status::name)
}

fn of_order<'a, T>(batch: &'a Batch, column: impl Fn(&'a Order) -> T) -> Vec<T> {
    batch.placed.values().map(|(order, _)| column(order)).collect()
}

fn method(payment: PaymentMethod) -> &'static str {
    match payment {
        PaymentMethod::OnAccount => "on_account",
        PaymentMethod::Card => "card",
    }
}

/// The columns of an order that change.
struct Changes<'a> {
    statuses: Vec<Option<&'static str>>,
    codes: Vec<Option<&'a str>>,
    details: Vec<Option<&'a str>>,
    versions: Vec<i64>,
    partitions: Vec<i32>,
    offsets: Vec<i64>,
    payments: Vec<Option<&'static str>>,
    actions_by: Vec<Option<Timestamp>>,
    refunded: Vec<i64>,
    owed: Vec<i64>,
    owed_least: Vec<i64>,
}

impl<'a> Changes<'a> {
    fn of(changes: impl Iterator<Item = &'a Change> + Clone) -> Self {
        let cancellations = || changes.clone().map(|change| change.cancellation.as_ref());
        Self {
            statuses: changes.clone().map(|change| change.status.map(Status::name)).collect(),
            codes: cancellations().map(|reason| reason.map(|reason| reason.code.as_str())).collect(),
            details: cancellations().map(|reason| reason.map(|reason| reason.detail.as_str())).collect(),
            versions: changes.clone().map(|change| change.version.0.cast_signed()).collect(),
            partitions: changes.clone().map(|change| change.partition.0).collect(),
            offsets: changes.clone().map(|change| change.offset.0).collect(),
            payments: changes.clone().map(|change| change.payment.status.map(super::paying::Status::name)).collect(),
            actions_by: changes.clone().map(|change| change.payment.action_by).collect(),
            refunded: changes.clone().map(|change| change.payment.refunded).collect(),
            owed: changes.clone().map(|change| change.payment.owed).collect(),
            owed_least: changes.clone().map(|change| change.payment.owed_least).collect(),
        }
    }
}

pub(super) async fn insert_lines(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let mut lines: Vec<(Uuid, i32, &Line)> = Vec::new();
    for (id, (order, _)) in &batch.placed {
        lines.extend((0..).zip(&order.lines).map(|(number, line)| (*id, number, line)));
    }
    if lines.is_empty() {
        return Ok(());
    }
    let ids = column(&lines, |(id, _, _)| *id);
    let numbers = column(&lines, |(_, number, _)| *number);
    let skus = column(&lines, |(_, _, line)| line.sku.as_str());
    let names = column(&lines, |(_, _, line)| line.name.as_str());
    let categories = column(&lines, |(_, _, line)| line.category.as_deref());
    let quantities = column(&lines, |(_, _, line)| line.quantity.get());
    let prices = column(&lines, |(_, _, line)| line.unit_price.amount);
    let totals = column(&lines, |(_, _, line)| line.line_total.amount);
    let rates = column(&lines, |(_, _, line)| u32::from(line.tax_rate).cast_signed());
    let tracked = column(&lines, |(_, _, line)| line.tracked);
    execute(
        transaction,
        INSERT_LINES,
        &[&ids, &numbers, &skus, &names, &categories, &quantities, &prices, &totals, &rates, &tracked],
    )
    .await
    .map(drop)
}

fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

pub(super) async fn change_orders(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    if batch.changed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = batch.changed.keys().copied().collect();
    let changes = Changes::of(batch.changed.values());
    execute(
        transaction,
        CHANGE_ORDERS,
        &[
            &ids,
            &changes.statuses,
            &changes.codes,
            &changes.details,
            &changes.versions,
            &changes.partitions,
            &changes.offsets,
            &changes.payments,
            &changes.actions_by,
            &changes.refunded,
            &changes.owed,
            &changes.owed_least,
        ],
    )
    .await
    .map(drop)
}

pub(super) async fn add_fulfilled(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    if batch.fulfilled.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = batch.fulfilled.keys().map(|(id, _)| *id).collect();
    let skus: Vec<&str> = batch.fulfilled.keys().map(|(_, sku)| sku.as_str()).collect();
    let quantities: Vec<i64> = batch.fulfilled.values().copied().collect();
    execute(transaction, ADD_FULFILLED, &[&ids, &skus, &quantities]).await.map(drop)
}

pub(super) async fn insert_history(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
    let mut events: Vec<&Happened> = batch.history.iter().collect();
    if events.is_empty() {
        return Ok(());
    }
    events.sort_by_key(|event| (event.order, event.version));
    let ids = column(&events, |event| event.order);
    let versions = column(&events, |event| event.version.0.cast_signed());
    let types = column(&events, |event| &*event.type_name);
    let occurred_at = column(&events, |event| event.occurred_at);
    let recorded_at = column(&events, |event| event.recorded_at);
    let actors = column(&events, |event| event.actor.as_deref());
    let commands = column(&events, |event| event.command.map(|command| command.0));
    let partitions = column(&events, |event| event.partition.0);
    let offsets = column(&events, |event| event.offset.0);
    let bodies = column(&events, |event| event.body.as_str());
    execute(
        transaction,
        INSERT_HISTORY,
        &[&ids, &versions, &types, &occurred_at, &recorded_at, &actors, &commands, &partitions, &offsets, &bodies],
    )
    .await
    .map(drop)
}
