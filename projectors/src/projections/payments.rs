//! `payments`: each payment as it is now, and what went back of it. Fed by payment.events.v1 alone, and a payment lives
//! in one partition.

mod rows;

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Offset, PartitionId, Version};
use tillroll_postgres::{Error, Transaction};
use tillroll_schemas::payment::{Call, CallCompleted, CallRefused, Ending, PaymentEvent, Requested};
use tillroll_schemas::{Money, OrderId, RefundId, catalogue};
use uuid::Uuid;

/// The read models of schema `payments`.
pub struct Payments;

/// A payment's event.
pub struct PaymentRecord {
    payment: Uuid,
    event: PaymentEvent,
}

/// What a batch changes.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    payments: BTreeMap<Uuid, Change>,
    refunds: BTreeMap<(Uuid, RefundId), RefundChange>,
}

/// What of a payment is other than before.
#[derive(Debug, Default, PartialEq)]
struct Change {
    /// Its first event is in the batch.
    new: Option<OrderId>,
    requested: Option<Requested>,
    intent: Option<String>,
    status: Option<&'static str>,
    captured: Option<i64>,
    /// Set with the status, or by itself.
    code: Option<Option<String>>,
    stuck_code: Option<Option<String>>,
    version: Version,
    partition: PartitionId,
    offset: Offset,
}

/// What of a refund is other than before.
#[derive(Debug, Default, PartialEq)]
struct RefundChange {
    /// How much and why, if it was asked for in the batch.
    new: Option<(i64, String)>,
    status: &'static str,
    code: Option<String>,
}

/// The code of what an operator says was refused.
const BY_OPERATOR: &str = "refused_by_operator";

impl Projection for Payments {
    const NAME: &'static str = "payments";
    const TOPICS: &'static [&'static str] = &[catalogue::PAYMENT.events];
    type Event = PaymentRecord;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<PaymentRecord, Undecodable> {
        let payment = envelope.key.parse().map_err(|_| Undecodable::Key(envelope.key.to_string()))?;
        Ok(PaymentRecord { payment, event: PaymentEvent::decode(&envelope.type_name, value)? })
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, record: &PaymentRecord) {
        let change = batch.payments.entry(record.payment).or_default();
        (change.version, change.partition, change.offset) =
            (envelope.version, envelope.at.partition, envelope.at.offset);
        change.fold(&record.event);
        if let Some((refund, told)) = refund_change(&record.event) {
            let change = batch.refunds.entry((record.payment, refund)).or_default();
            let new = told.new.or(change.new.take());
            *change = RefundChange { new, ..told };
        }
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        rows::insert_payments(batch, transaction).await?;
        rows::change_payments(batch, transaction).await?;
        rows::insert_refunds(batch, transaction).await?;
        rows::change_refunds(batch, transaction).await
    }
}

impl Change {
    fn fold(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::Requested(e) => {
                (self.new, self.requested) = (Some(e.order_id), Some(e.clone()));
                self.becomes("pending", None);
            }
            PaymentEvent::Created(e) => {
                self.intent = Some(e.intent.to_string());
                self.becomes("pending", None);
            }
            PaymentEvent::ActionRequired(_) => self.becomes("requires_action", None),
            PaymentEvent::Authorised(_) | PaymentEvent::CaptureRefused(_) => self.becomes("authorised", None),
            PaymentEvent::Declined(e) => self.becomes("declined", Some(&e.code)),
            PaymentEvent::CaptureRequested(_) => self.becomes("capturing", None),
            PaymentEvent::Captured(e) => self.captured(e.amount),
            PaymentEvent::VoidStarted(e) => self.becomes("voiding", e.ending.code()),
            PaymentEvent::VoidRecorded(_) => self.code = Some(None),
            PaymentEvent::Voided(e) => {
                // It may be the first that is known of the payment.
                self.new = self.new.or((self.version == Version(1)).then_some(e.order_id));
                self.becomes("voided", None);
            }
            PaymentEvent::CallRepeated(e) => self.stuck(&e.call, None),
            PaymentEvent::Stuck(e) => self.stuck(&e.call, Some(&e.code)),
            PaymentEvent::CallCompleted(e) => self.completed(e),
            PaymentEvent::CallRefused(CallRefused { call: Call::Capture { .. }, .. }) => {
                self.becomes("authorised", None);
            }
            PaymentEvent::CallRefused(_)
            | PaymentEvent::ActionOverdue(_)
            | PaymentEvent::RefundRequested(_)
            | PaymentEvent::Refunded(_)
            | PaymentEvent::RefundRefused(_) => {}
        }
    }

    /// A payment that gets on is not stuck.
    fn becomes(&mut self, status: &'static str, code: Option<&str>) {
        self.status = Some(status);
        self.code = Some(code.map(str::to_owned));
        self.stuck_code = Some(None);
    }

    fn captured(&mut self, amount: Money) {
        self.captured = Some(amount.amount);
        self.becomes("captured", None);
    }

    /// Refunds get stuck by themselves.
    fn stuck(&mut self, call: &Call, code: Option<&str>) {
        if !matches!(call, Call::Refund { .. }) {
            self.stuck_code = Some(code.map(str::to_owned));
        }
    }

    fn completed(&mut self, event: &CallCompleted) {
        match (&event.call, &event.ending) {
            (Call::Capture { amount, .. }, _) => self.captured(*amount),
            (Call::Void { .. }, Some(Ending::Declined { code })) => self.becomes("declined", Some(code)),
            (Call::Void { .. }, Some(Ending::Voided { .. })) => self.becomes("voided", None),
            (Call::Void { .. }, None)
            | (Call::Create { .. } | Call::Confirm { .. } | Call::Look { .. } | Call::Refund { .. }, _) => {}
        }
    }
}

fn refund_change(event: &PaymentEvent) -> Option<(RefundId, RefundChange)> {
    let is = |id: RefundId, status, code: Option<&str>| {
        Some((id, RefundChange { new: None, status, code: code.map(str::to_owned) }))
    };
    let of = |call: &Call| match call {
        Call::Refund { refund_id, .. } => Some(*refund_id),
        Call::Create { .. } | Call::Confirm { .. } | Call::Look { .. } => None,
        Call::Capture { .. } | Call::Void { .. } => None,
    };
    match event {
        PaymentEvent::RefundRequested(e) => {
            let new = Some((e.amount.amount, e.reason.clone()));
            Some((e.refund_id, RefundChange { new, status: "requested", code: None }))
        }
        PaymentEvent::Refunded(e) => is(e.refund_id, "refunded", None),
        PaymentEvent::RefundRefused(e) => is(e.refund_id, "refused", Some(&e.code)),
        PaymentEvent::CallRepeated(e) => is(of(&e.call)?, "requested", None),
        PaymentEvent::Stuck(e) => is(of(&e.call)?, "stuck", Some(&e.code)),
        PaymentEvent::CallCompleted(e) => is(of(&e.call)?, "refunded", None),
        PaymentEvent::CallRefused(e) => is(of(&e.call)?, "refused", Some(BY_OPERATOR)),
        PaymentEvent::Requested(_)
        | PaymentEvent::Created(_)
        | PaymentEvent::ActionRequired(_)
        | PaymentEvent::ActionOverdue(_)
        | PaymentEvent::Authorised(_)
        | PaymentEvent::Declined(_)
        | PaymentEvent::CaptureRequested(_)
        | PaymentEvent::Captured(_)
        | PaymentEvent::CaptureRefused(_)
        | PaymentEvent::VoidStarted(_)
        | PaymentEvent::VoidRecorded(_)
        | PaymentEvent::Voided(_) => None,
    }
}

#[cfg(test)]
mod tests;
