//! `notifications`: each message as it is now, and how far each of its channels is. Both tables are fed by
//! notification.events.v1 alone, and a notification lives in one partition.

mod rows;

use crate::{Projection, Undecodable};
use std::collections::BTreeMap;
use tillroll_log::record::Envelope;
use tillroll_log::{Body, Offset, PartitionId, Version};
use tillroll_postgres::{Error, Transaction};
use tillroll_schemas::notification::{Channel, GaveUp, NotificationEvent, Queued};
use tillroll_schemas::preference::Kind;
use tillroll_schemas::{Timestamp, catalogue};
use uuid::Uuid;

/// The read models of schema `notifications`, but for preferences.
pub struct Notifications;

/// A notification's event and, of its first, what it says, as JSON.
pub struct NotificationRecord {
    notification: Uuid,
    event: NotificationEvent,
    content: String,
}

/// What a batch changes.
#[derive(Debug, Default, PartialEq)]
pub struct Batch {
    /// Notifications whose first event is in the batch, as they are after it.
    queued: BTreeMap<Uuid, (Message, Change)>,
    /// Changes of notifications that were queued before.
    changed: BTreeMap<Uuid, Change>,
    /// How far channels are.
    deliveries: BTreeMap<(Uuid, Channel), Delivery>,
}

/// What never changes of a notification.
#[derive(Debug, PartialEq)]
struct Message {
    user: Uuid,
    kind: Kind,
    content: String,
    queued_at: Timestamp,
}

/// What does, after the last event; what is not said stays as it is.
#[derive(Debug, Default, PartialEq)]
struct Change {
    read_at: Option<Timestamp>,
    version: Version,
    partition: PartitionId,
    offset: Offset,
}

/// A channel after its last event. Attempts and code stay as they are if it says nothing of them.
#[derive(Debug, PartialEq)]
struct Delivery {
    status: Status,
    attempts: Option<u32>,
    reason: Option<GaveUp>,
    code: Option<String>,
    next_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Pending,
    Sent,
    GivenUp,
    Bounced,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
            Self::Bounced => "bounced",
        }
    }
}

impl Delivery {
    fn at(status: Status, attempts: Option<u32>) -> Self {
        Self { status, attempts, reason: None, code: None, next_at: None }
    }
}

impl Projection for Notifications {
    const NAME: &'static str = "notifications";
    const TOPICS: &'static [&'static str] = &[catalogue::NOTIFICATION.events];
    type Event = NotificationRecord;
    type Batch = Batch;

    fn decode(envelope: &Envelope, value: &[u8]) -> Result<NotificationRecord, Undecodable> {
        let unknown = || Undecodable::Key(envelope.key.to_string());
        let notification = envelope.key.parse().map_err(|_| unknown())?;
        let event = NotificationEvent::decode(&envelope.type_name, value)?;
        let content = match &event {
            // It was read from JSON just now.
            NotificationEvent::Queued(queued) => serde_json::to_string(&queued.content).map_err(|_| unknown())?,
            NotificationEvent::AttemptDue(_)
            | NotificationEvent::AttemptFailed(_)
            | NotificationEvent::Sent(_)
            | NotificationEvent::GivenUp(_)
            | NotificationEvent::Bounced(_)
            | NotificationEvent::Read(_) => String::new(),
        };
        Ok(NotificationRecord { notification, event, content })
    }

    fn fold(batch: &mut Batch, envelope: &Envelope, record: &NotificationRecord) {
        let id = record.notification;
        if let NotificationEvent::Queued(queued) = &record.event {
            batch.queued.insert(id, (Message::of(envelope, queued, &record.content), Change::default()));
        }
        let change = match batch.queued.get_mut(&id) {
            Some((_, change)) => change,
            None => batch.changed.entry(id).or_default(),
        };
        change.after(envelope, &record.event);
        for (channel, delivery) in deliveries(&record.event) {
            batch.deliver(id, channel, delivery);
        }
    }

    async fn write(batch: &Batch, transaction: &Transaction<'_>) -> Result<(), Error> {
        // On one connection, and so in this order; sent without waiting for one another.
        tokio::try_join!(
            biased;
            rows::insert_notifications(batch, transaction),
            rows::change_notifications(batch, transaction),
            rows::put_deliveries(batch, transaction),
        )?;
        Ok(())
    }
}

impl Batch {
    fn deliver(&mut self, notification: Uuid, channel: Channel, mut delivery: Delivery) {
        if let Some(before) = self.deliveries.remove(&(notification, channel)) {
            delivery.attempts = delivery.attempts.or(before.attempts);
            delivery.code = delivery.code.or(before.code);
        }
        self.deliveries.insert((notification, channel), delivery);
    }
}

impl Message {
    fn of(envelope: &Envelope, queued: &Queued, content: &str) -> Self {
        let (user, kind) = (queued.user_id.0, queued.content.kind());
        Self { user, kind, content: content.to_owned(), queued_at: envelope.occurred_at }
    }
}

impl Change {
    fn after(&mut self, envelope: &Envelope, event: &NotificationEvent) {
        self.version = envelope.version;
        self.partition = envelope.at.partition;
        self.offset = envelope.at.offset;
        match event {
            NotificationEvent::Read(read) => self.read_at = Some(read.read_at),
            NotificationEvent::Queued(_)
            | NotificationEvent::AttemptDue(_)
            | NotificationEvent::AttemptFailed(_)
            | NotificationEvent::Sent(_)
            | NotificationEvent::GivenUp(_)
            | NotificationEvent::Bounced(_) => {}
        }
    }
}

/// The channels that the event says something of.
fn deliveries(event: &NotificationEvent) -> Vec<(Channel, Delivery)> {
    match event {
        NotificationEvent::Queued(event) => {
            event.channels.iter().map(|channel| (*channel, Delivery::at(Status::Pending, Some(1)))).collect()
        }
        NotificationEvent::AttemptDue(event) => {
            vec![(event.channel, Delivery::at(Status::Pending, Some(event.attempt)))]
        }
        NotificationEvent::AttemptFailed(event) => {
            let (code, next_at) = (Some(event.code.clone()), Some(event.next_at));
            vec![(event.channel, Delivery { code, next_at, ..Delivery::at(Status::Pending, Some(event.attempt)) })]
        }
        NotificationEvent::Sent(event) => vec![(event.channel, Delivery::at(Status::Sent, Some(event.attempt)))],
        NotificationEvent::GivenUp(event) => {
            let given_up = |channel: &Channel| {
                let (reason, code) = (Some(event.reason), event.code.clone());
                (*channel, Delivery { reason, code, ..Delivery::at(Status::GivenUp, None) })
            };
            event.channels.iter().map(given_up).collect()
        }
        NotificationEvent::Bounced(event) => {
            let code = Some(event.status.clone());
            vec![(event.channel, Delivery { code, ..Delivery::at(Status::Bounced, None) })]
        }
        NotificationEvent::Read(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
