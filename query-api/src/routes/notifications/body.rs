//! A notification as a client sees it, in JSON and as a line of CSV.

use super::For;
use crate::answer::{Table, moment};
use crate::failure::column;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tillroll_http::{Problem, problems};
use tillroll_postgres::Row;
use tillroll_schemas::Timestamp;
use uuid::Uuid;

/// The resource.
#[derive(Debug, Serialize)]
pub(super) struct Notification {
    id: Uuid,
    kind: String,
    template: String,
    data: Box<RawValue>,
    channels: BTreeMap<String, String>,
    queued_at: Timestamp,
    read_at: Option<Timestamp>,
    version: i64,
    /// For staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<Vec<Delivery>>,
}

/// How far a channel is, and why.
#[derive(Debug, Serialize)]
struct Delivery {
    channel: String,
    status: String,
    attempts: i32,
    reason: Option<String>,
    code: Option<String>,
    next_at: Option<Timestamp>,
}

impl Notification {
    /// Of columns 0 to 12.
    pub(super) fn of(row: &Row, reader: For) -> Result<Self, Problem> {
        let data = RawValue::from_string(column(row, 3)?).map_err(|error| {
            tracing::error!(%error, "a notification's data is no JSON");
            Problem::new(&problems::INTERNAL)
        })?;
        let deliveries = deliveries(row)?;
        let status = |it: &Delivery| (it.channel.clone(), it.status.clone());
        Ok(Self {
            id: column(row, 0)?,
            kind: column(row, 1)?,
            template: column(row, 2)?,
            data,
            channels: deliveries.iter().map(status).collect(),
            queued_at: column(row, 4)?,
            read_at: column(row, 5)?,
            version: column(row, 6)?,
            deliveries: (reader == For::Staff).then_some(deliveries),
        })
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    pub(super) fn queued_at(&self) -> Timestamp {
        self.queued_at
    }
}

/// Columns 7 to 12 hold one array each, of as many elements as there are channels.
fn deliveries(row: &Row) -> Result<Vec<Delivery>, Problem> {
    let channels: Vec<String> = column::<Option<_>>(row, 7)?.unwrap_or_default();
    let statuses: Vec<String> = column::<Option<_>>(row, 8)?.unwrap_or_default();
    let attempts: Vec<i32> = column::<Option<_>>(row, 9)?.unwrap_or_default();
    let reasons: Vec<Option<String>> = column::<Option<_>>(row, 10)?.unwrap_or_default();
    let codes: Vec<Option<String>> = column::<Option<_>>(row, 11)?.unwrap_or_default();
    let next_at: Vec<Option<Timestamp>> = column::<Option<_>>(row, 12)?.unwrap_or_default();
    let words = channels.into_iter().zip(statuses).zip(attempts);
    let reasons = reasons.into_iter().zip(codes).zip(next_at);
    let deliveries = words.zip(reasons).map(|(((channel, status), attempts), ((reason, code), next_at))| {
        // What was said once counts no more when the message was taken.
        let code = code.filter(|_| status != "sent");
        Delivery { channel, status, attempts, reason, code, next_at }
    });
    Ok(deliveries.collect())
}

/// The list in CSV.
pub(super) fn table(notifications: &[Notification]) -> Table {
    let row = |it: &Notification| {
        let channels: Vec<String> = it.channels.iter().map(|(name, status)| format!("{name}={status}")).collect();
        vec![
            it.id.to_string(),
            it.kind.clone(),
            it.template.clone(),
            channels.join(" "),
            moment(it.queued_at),
            it.read_at.map(moment).unwrap_or_default(),
            it.version.to_string(),
        ]
    };
    let columns = &["id", "kind", "template", "channels", "queued_at", "read_at", "version"];
    Table { columns, rows: notifications.iter().map(row).collect() }
}
