//! `orders`: each order as it is now, its lines as ordered, what was delivered of it, and its whole history.
//! Every table is fed by order.events.v1 alone, and an order lives in one partition.

mod paying;
mod rows;

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, CommandId, Offset, PartitionId, Version};
use tillroll_postgres::{Error, Transaction};
use tillroll_schemas::order::{Fulfilled, Line, OrderEvent, PaymentMethod, Placed, Reason, Refunded, Step, Totals};
use tillroll_schemas::{Sku, Timestamp, catalogue};
use uuid::Uuid;

/// The read models of schema `orders`.
pub struct Orders;

/// An order's event and its text as the log has it.
pub struct OrderRecord {
    order: Uuid,
    event: OrderEvent,
    body: String,
}

/// What a batch changes.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// Orders whose first event is in the batch, as they are after it.
    placed: BTreeMap<Uuid, (Order, Change)>,
    /// Changes of orders that were placed before.
    changed: BTreeMap<Uuid, Change>,
    /// Pieces delivered, to be added.
    fulfilled: BTreeMap<(Uuid, Sku), i64>,
    /// Every event, in the order of the log.
    history: Vec<Happened>,
}

/// What never changes of an order.
#[derive(Debug, PartialEq)]
struct Order {
    reference: Option<String>,
    customer: Option<String>,
    country: Option<String>,
    user: Option<Uuid>,
    payment: PaymentMethod,
    payment_id: Option<Uuid>,
    /// Whether money is asked for.
    charged: bool,
    totals: Totals,
    placed_at: Timestamp,
    recorded_at: Timestamp,
    lines: Vec<Line>,
    /// As it is sealed.
    shipping_address: Option<String>,
}

/// What does, after the last event; what is not said stays as it is.
#[derive(Debug, Default, PartialEq)]
struct Change {
    status: Option<Status>,
    cancellation: Option<Reason>,
    payment: paying::Change,
    version: Version,
    partition: PartitionId,
    offset: Offset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Pending,
    RequiresAction,
    Confirmed,
    Fulfilled,
    Cancelled,
    Stuck,
}

#[derive(Debug, PartialEq)]
struct Happened {
    order: Uuid,
    version: Version,
    type_name: Box<str>,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    actor: Option<Box<str>>,
    /// The first, if the event ends a run of commands.
    command: Option<CommandId>,
    partition: PartitionId,
    offset: Offset,
    body: String,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Confirmed => "confirmed",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::Stuck => "stuck",
        }
    }
}

impl Projection for Orders {
    const NAME: &'static str = "orders";
    const TOPICS: &'static [&'static str] = &[catalogue::ORDER.events];
    type Event = OrderRecord;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<OrderRecord, Undecodable> {
        let order = envelope.key.parse().map_err(|_| Undecodable::Key(envelope.key.to_string()))?;
        let event = OrderEvent::decode(&envelope.type_name, value)?;
        Ok(OrderRecord { order, event, body: String::from_utf8_lossy(value).into_owned() })
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, record: &OrderRecord) {
        batch.history.push(Happened::of(envelope, record));
        if let OrderEvent::Placed(placed) = &record.event {
            batch.placed.insert(record.order, (Order::of(envelope, placed), Change::default()));
        }
        if let OrderEvent::Fulfilled(fulfilled) = &record.event {
            batch.deliver(record.order, fulfilled);
        }
        let change = match batch.placed.get_mut(&record.order) {
            Some((_, change)) => change,
            None => batch.changed.entry(record.order).or_default(),
        };
        change.after(envelope, &record.event);
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        // On one connection, and so in this order; sent without waiting for one another.
        tokio::try_join!(
            biased;
            rows::insert_orders(batch, transaction),
            rows::insert_lines(batch, transaction),
            rows::change_orders(batch, transaction),
            rows::add_fulfilled(batch, transaction),
            rows::insert_history(batch, transaction),
        )?;
        Ok(())
    }
}

impl Batch {
    fn deliver(&mut self, order: Uuid, fulfilled: &Fulfilled) {
        for item in &fulfilled.items {
            *self.fulfilled.entry((order, item.sku.clone())).or_default() += item.quantity.get();
        }
    }
}

impl Order {
    fn of(envelope: &Envelope, placed: &Placed) -> Self {
        Self {
            reference: placed.reference.clone(),
            customer: placed.customer.as_ref().map(|customer| customer.reference.clone()),
            country: placed.country.clone(),
            user: placed.user_id.map(|user| user.0),
            payment: placed.payment.method(),
            payment_id: placed.payment.payment_id().map(|id| id.0),
            charged: placed.payment.payment_id().is_some() && placed.totals.gross.amount > 0,
            totals: placed.totals,
            placed_at: placed.placed_at,
            recorded_at: envelope.recorded_at,
            lines: placed.lines.clone(),
            shipping_address: placed.shipping_address.as_ref().map(|sealed| sealed.as_str().to_owned()),
        }
    }
}

impl Happened {
    fn of(envelope: &Envelope, record: &OrderRecord) -> Self {
        Self {
            order: record.order,
            version: envelope.version,
            type_name: envelope.type_name.clone(),
            occurred_at: envelope.occurred_at,
            recorded_at: envelope.recorded_at,
            actor: envelope.actor.clone(),
            command: envelope.ends.first().map(|ended| ended.id),
            partition: envelope.at.partition,
            offset: envelope.at.offset,
            body: record.body.clone(),
        }
    }
}

impl Change {
    fn after(&mut self, envelope: &Envelope, event: &OrderEvent) {
        self.version = envelope.version;
        self.partition = envelope.at.partition;
        self.offset = envelope.at.offset;
        if let Some(status) = status_after(event) {
            self.status = Some(status);
        }
        self.payment.after(event);
        match event {
            OrderEvent::CompensationStarted(event) => self.cancellation = Some(event.reason.clone()),
            OrderEvent::Cancelled(event) => self.cancellation = Some(event.reason.clone()),
            OrderEvent::Placed(_)
            | OrderEvent::StockAnswered(_)
            | OrderEvent::StockReserved(_)
            | OrderEvent::StockCommitted(_)
            | OrderEvent::Confirmed(_)
            | OrderEvent::StepOverdue(_)
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
            | OrderEvent::Refunded(_)
            | OrderEvent::RefundRefused(_) => {}
        }
    }
}

/// Where the order stands after the event; none if that does not depend on it.
fn status_after(event: &OrderEvent) -> Option<Status> {
    match event {
        OrderEvent::Placed(_) | OrderEvent::StockReserved(_) | OrderEvent::StockCommitted(_) => Some(Status::Pending),
        OrderEvent::PaymentRequested(_) | OrderEvent::PaymentAuthorised(_) => Some(Status::Pending),
        OrderEvent::PaymentActionRequired(_) => Some(Status::RequiresAction),
        // Whatever was, the wait goes on.
        OrderEvent::StepOverdue(event) => under_way(event.step),
        OrderEvent::StepRetried(event) => under_way(event.step),
        OrderEvent::StepCompleted(event) => under_way(event.step),
        OrderEvent::CompensationStarted(_) | OrderEvent::UndoRequested(_) => Some(Status::Pending),
        OrderEvent::Confirmed(_) | OrderEvent::FulfilmentRequested(_) => Some(Status::Confirmed),
        OrderEvent::Fulfilled(Fulfilled { complete: true, .. })
        | OrderEvent::Refunded(Refunded { complete: true, .. }) => Some(Status::Fulfilled),
        OrderEvent::Fulfilled(Fulfilled { complete: false, .. }) => Some(Status::Confirmed),
        OrderEvent::Cancelled(_) => Some(Status::Cancelled),
        OrderEvent::Stuck(event) => under_way(event.step).map(|_| Status::Stuck),
        OrderEvent::RefundRefused(event) => event.was_off.then_some(Status::Stuck),
        OrderEvent::StockAnswered(_)
        | OrderEvent::PaymentCaptured(_)
        | OrderEvent::PaymentAnswered(_)
        | OrderEvent::Invoiced(_)
        | OrderEvent::RefundRequested(_)
        | OrderEvent::Refunded(Refunded { complete: false, .. }) => None,
    }
}

/// Where an order stands that waits for this step; none if that is beside it: papers and refunds are for operators.
fn under_way(step: Step) -> Option<Status> {
    match step {
        Step::Reserve | Step::Authorise | Step::Commit | Step::Release => Some(Status::Pending),
        Step::Capture | Step::Fulfil => Some(Status::Confirmed),
        Step::Invoice | Step::Refund => None,
    }
}

#[cfg(test)]
mod tests;
