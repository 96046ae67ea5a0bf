//! `GET /notifications`, a user's own, and `GET /users/{id}/notifications`, for staff.

mod body;

use super::select::{Conditions, counted};
use crate::freshness::Reads;
use crate::paging::{ByTime, Paging};
use crate::queries::Queries;
use crate::scopes::{OwnNotifications, ReadNotifications};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use body::{Notification, table};
use serde::Deserialize;
use std::sync::Arc;
use tillroll_http::{Allowed, PathId, Problem, StrictQuery};
use tillroll_schemas::UserId;
use uuid::Uuid;

/// What the list is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Only those that were not read.
    #[serde(default)]
    unread: bool,
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Whether it is told how each channel came to be where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    TheUser,
    Staff,
}

/// The caller's own, newest first.
pub(crate) async fn own(
    State(queries): State<Arc<Queries>>,
    allowed: Allowed<OwnNotifications>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = allowed.caller.require_user()?;
    list(&queries, user, For::TheUser, asked, &headers).await
}

/// A user's, with how far each channel is and why. Who never got one has an empty list: here users are not known.
pub(crate) async fn of_user(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadNotifications>,
    PathId(user): PathId<UserId>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    list(&queries, user.0, For::Staff, asked, &headers).await
}

async fn list(
    queries: &Queries,
    user: Uuid,
    reader: For,
    asked: Asked,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let paging = Paging::<ByTime>::of("notifications", asked.page, asked.limit, asked.cursor.as_deref())?;
    queries
        .answered(headers, Reads::Notifications, |reading| async {
            let (sql, conditions) = statement(user, asked.unread, &paging);
            let rows = queries.rows(&sql, &conditions.params()).await?;
            let (notifications, total) = counted(&rows, 13, |row| Notification::of(row, reader))?;
            let key = |it: &Notification| ByTime { at: it.queued_at(), id: it.id() };
            let list = paging.list(notifications, total, key);
            reading.list(&list.extent(), &list, |list| table(list.items()))
        })
        .await
}

/// One statement for both: what is on the page, and how many there are in all if pages are numbered.
fn statement(user: Uuid, unread: bool, paging: &Paging<ByTime>) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    conditions.and("m.user_id = ?", user);
    if unread {
        conditions.and("(m.read_at IS NULL) = ?", true);
    }
    let total = conditions.total("notifications.notification AS m", paging);
    if let Some(ByTime { at, id }) = paging.after() {
        conditions.and_two("(m.queued_at, m.notification_id) < (?, !)", *at, *id);
    }
    let (limit, offset) = conditions.window(paging);
    let sql = format!(
        "SELECT m.notification_id, m.kind, m.template, m.data::text, m.queued_at, m.read_at, m.version,
            d.channels, d.statuses, d.attempts, d.reasons, d.codes, d.next_at, c.total
        FROM (SELECT {total} AS total) AS c
        LEFT JOIN (
            SELECT m.notification_id, m.kind, m.template, m.data, m.queued_at, m.read_at, m.version
            FROM notifications.notification AS m {}
            ORDER BY m.queued_at DESC, m.notification_id DESC LIMIT {limit} OFFSET {offset}
        ) AS m ON TRUE
        LEFT JOIN LATERAL (
            SELECT array_agg(d.channel) AS channels, array_agg(d.status) AS statuses, array_agg(d.attempts) AS attempts,
                array_agg(d.reason) AS reasons, array_agg(d.code) AS codes, array_agg(d.next_at) AS next_at
            FROM (
                SELECT d.channel, d.status, d.attempts, d.reason, d.code, d.next_at
                FROM notifications.delivery AS d WHERE d.notification_id = m.notification_id ORDER BY d.channel
            ) AS d
        ) AS d ON TRUE
        ORDER BY m.queued_at DESC, m.notification_id DESC",
        conditions.sql(),
    );
    (sql, conditions)
}
