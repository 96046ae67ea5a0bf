//! `GET /api-keys`, for staff.

use crate::answer::{Table, moment};
use crate::failure::column;
use crate::freshness::Reads;
use crate::paging::Paging;
use crate::queries::Queries;
use crate::routes::select::counted;
use crate::scopes::WriteApiKeys;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_http::{Allowed, Problem, StrictQuery};
use tillroll_postgres::Row;
use tillroll_schemas::Timestamp;
use uuid::Uuid;

const ALL: &str = "
    SELECT k.api_key_id, k.owner, k.label, k.scopes, k.created_at, k.revoked_at, c.total
    FROM (SELECT count(*) AS total FROM people.api_key) AS c
    LEFT JOIN (
        SELECT k.api_key_id, k.owner, k.label, k.scopes, k.created_at, k.revoked_at
        FROM people.api_key AS k
        WHERE $1::uuid IS NULL OR k.api_key_id > $1::uuid
        ORDER BY k.api_key_id LIMIT $2 OFFSET $3
    ) AS k ON TRUE
    ORDER BY k.api_key_id";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct ApiKey {
    id: Uuid,
    owner: Uuid,
    label: String,
    scopes: Vec<String>,
    created_at: Timestamp,
    revoked: bool,
}

/// Every key, revoked or not; nothing of their secrets.
pub(crate) async fn list(
    State(queries): State<Arc<Queries>>,
    _: Allowed<WriteApiKeys>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let paging = Paging::<Uuid>::of("api-keys", asked.page, asked.limit, asked.cursor.as_deref())?;
    queries
        .answered(&headers, Reads::ApiKeys, |reading| async {
            let (limit, offset) = paging.window();
            let rows = queries.rows(ALL, &[&paging.after(), &limit, &offset]).await?;
            let (keys, total) = counted(&rows, 6, ApiKey::of)?;
            let list = paging.list(keys, total, |key| key.id);
            reading.list(&list.extent(), &list, |list| table(list.items()))
        })
        .await
}

impl ApiKey {
    fn of(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            id: column(row, 0)?,
            owner: column(row, 1)?,
            label: column(row, 2)?,
            scopes: column(row, 3)?,
            created_at: column(row, 4)?,
            revoked: column::<Option<Timestamp>>(row, 5)?.is_some(),
        })
    }
}

fn table(keys: &[ApiKey]) -> Table {
    let columns = &["id", "owner", "label", "scopes", "created_at", "revoked"];
    let row = |key: &ApiKey| {
        vec![
            key.id.to_string(),
            key.owner.to_string(),
            key.label.clone(),
            key.scopes.join(" "),
            moment(key.created_at),
            key.revoked.to_string(),
        ]
    };
    Table { columns, rows: keys.iter().map(row).collect() }
}
