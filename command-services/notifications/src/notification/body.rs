//! A notification as clients see it.

use super::{Delivery, Message};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tillroll_schemas::Timestamp;
use tillroll_schemas::notification::{Channel, Content};
use tillroll_schemas::preference::Kind;

/// The resource.
#[derive(Clone, Debug, Serialize)]
pub struct NotificationBody {
    id: String,
    kind: Kind,
    /// Template and data.
    #[serde(flatten)]
    content: Arc<Content>,
    /// How far each channel is.
    channels: BTreeMap<Channel, &'static str>,
    read_at: Option<Timestamp>,
}

impl NotificationBody {
    /// The notification of this id.
    pub fn of(id: impl Into<String>, message: &Message) -> Self {
        let Message { content, deliveries, read_at, user_id: _ } = message;
        let channels = deliveries.iter().map(|(channel, delivery)| (*channel, status(delivery))).collect();
        Self { id: id.into(), kind: content.kind(), content: content.clone(), channels, read_at: *read_at }
    }
}

/// The words of the read model.
fn status(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Due { .. } | Delivery::Resting { .. } => "pending",
        Delivery::Sent { .. } => "sent",
        Delivery::GivenUp { .. } => "given_up",
        Delivery::Bounced => "bounced",
    }
}
