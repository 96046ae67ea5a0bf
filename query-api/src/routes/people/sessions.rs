//! `GET /sessions`: where the caller is logged in.

use crate::answer::{Table, moment};
use crate::failure::column;
use crate::freshness::Reads;
use crate::paging::Paging;
use crate::queries::Queries;
use crate::scopes::ProfileOwn;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_http::{Allowed, Problem, StrictQuery};
use tillroll_schemas::{Sealed, Timestamp};
use uuid::Uuid;

/// Those that are good: of the user's epoch, and neither ended nor expired. Of one user there are few.
const LIVE: &str = "
    WITH live AS (
        SELECT s.session_id, s.device, s.opened_at, s.refreshed_at, s.expires_at
        FROM people.session AS s
        JOIN people.account AS a ON a.user_id = s.user_id AND (a.account->>'epoch')::bigint = s.epoch
        WHERE s.user_id = $1 AND s.ended IS NULL
    )
    SELECT s.session_id, s.device, s.opened_at, s.refreshed_at, s.expires_at, c.total
    FROM (SELECT count(*) AS total FROM live) AS c
    LEFT JOIN (
        SELECT l.session_id, l.device, l.opened_at, l.refreshed_at, l.expires_at
        FROM live AS l
        WHERE $2::uuid IS NULL OR l.session_id > $2::uuid
        ORDER BY l.session_id LIMIT $3 OFFSET $4
    ) AS s ON TRUE
    ORDER BY s.session_id";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Session {
    session_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    opened_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    refreshed_at: Option<Timestamp>,
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// The caller's sessions.
pub(crate) async fn list(
    State(queries): State<Arc<Queries>>,
    allowed: Allowed<ProfileOwn>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = allowed.caller.require_user()?;
    let current = allowed.caller.login.map(|login| login.sid);
    let paging = Paging::<Uuid>::of("sessions", asked.page, asked.limit, asked.cursor.as_deref())?;
    queries
        .answered(&headers, Reads::Sessions, |reading| async {
            let (limit, offset) = paging.window();
            let rows = queries.rows(LIVE, &[&user, &paging.after(), &limit, &offset]).await?;
            let mut sealed = Vec::new();
            for row in &rows {
                sealed.push(column::<Option<&str>>(row, 1)?.map(Sealed::from_stored));
            }
            let found: Vec<_> = sealed.iter().flatten().map(|sealed| (user, "device", sealed)).collect();
            let mut opened = queries.opened(&found).await?.into_iter();
            let (mut total, mut sessions) = (0, Vec::with_capacity(rows.len()));
            for (row, sealed) in rows.iter().zip(&sealed) {
                total = column(row, 5)?;
                // A page beyond the end has a count but no sessions.
                let Some(session_id) = column(row, 0)? else { continue };
                sessions.push(Session {
                    session_id,
                    device: sealed.as_ref().and_then(|_| opened.next().flatten()),
                    opened_at: column(row, 2)?,
                    refreshed_at: column(row, 3)?,
                    expires_at: column(row, 4)?,
                    current: current == Some(session_id),
                });
            }
            let list = paging.list(sessions, total, |session| session.session_id);
            reading.list(&list.extent(), &list, |list| table(list.items()))
        })
        .await
}

fn table(sessions: &[Session]) -> Table {
    let columns = &["session_id", "device", "opened_at", "expires_at", "current"];
    let row = |session: &Session| {
        vec![
            session.session_id.to_string(),
            session.device.clone().unwrap_or_default(),
            moment(session.opened_at),
            moment(session.expires_at),
            session.current.to_string(),
        ]
    };
    Table { columns, rows: sessions.iter().map(row).collect() }
}
