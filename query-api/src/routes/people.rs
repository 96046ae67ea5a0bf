//! People: their accounts, sessions, keys for machines, and the receipts of those who were erased. What is sealed in the
//! rows is opened by the vault for the answer, and nowhere else.

pub(crate) mod api_keys;
mod body;
pub(crate) mod erasures;
pub(crate) mod sessions;

use super::place::place;
use super::select::{Conditions, counted};
use crate::answer::{Table, moment};
use crate::freshness::Reads;
use crate::paging::{ByTime, Paging};
use crate::queries::Queries;
use crate::scopes::{ProfileOwn, ReadUsers};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use body::{Account, Shown};
use serde::Deserialize;
use std::sync::Arc;
use tillroll_http::{Allowed, PathId, Problem, StrictQuery};
use tillroll_schemas::UserId;
use uuid::Uuid;

const ONE: &str = "
    SELECT a.user_id, a.status, a.account, a.registered_at, a.version, a.at_partition, a.at_offset
    FROM people.account AS a
    WHERE a.user_id = $1";

/// What the list is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    status: Option<Status>,
    page: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Registering,
    Failed,
    Active,
    Suspended,
    Erased,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Registering => "registering",
            Self::Failed => "failed",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Erased => "erased",
        }
    }
}

/// The caller's own account.
pub(crate) async fn me(
    State(queries): State<Arc<Queries>>,
    allowed: Allowed<ProfileOwn>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = allowed.caller.require_user()?;
    account(&queries, user, &headers).await
}

/// Anybody's account.
pub(crate) async fn one(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadUsers>,
    PathId(UserId(user)): PathId<UserId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    account(&queries, user, &headers).await
}

async fn account(queries: &Queries, user: Uuid, headers: &HeaderMap) -> Result<Response, Problem> {
    queries
        .answered(headers, Reads::Users, |reading| async {
            let row = queries.one(ONE, &[&user]).await?;
            let place = place(&row, 5)?;
            let account = Account::of(&row)?;
            let version = account.version;
            let mut shown = queries.shown(vec![account]).await?;
            let shown = shown.pop().ok_or(&tillroll_http::problems::INTERNAL)?;
            reading.one(version, place, &shown)
        })
        .await
}

/// Users, those who registered last first.
pub(crate) async fn list(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadUsers>,
    StrictQuery(asked): StrictQuery<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let paging = Paging::<ByTime>::of("users", asked.page, asked.limit, asked.cursor.as_deref())?;
    queries
        .answered(&headers, Reads::Users, |reading| async {
            let (sql, conditions) = statement(&asked, &paging);
            let rows = queries.rows(&sql, &conditions.params()).await?;
            let (accounts, total) = counted(&rows, 7, Account::of)?;
            let users = queries.shown(accounts).await?;
            let list = paging.list(users, total, |user| ByTime { at: user.registered_at, id: user.id });
            reading.list(&list.extent(), &list, |list| table(list.items()))
        })
        .await
}

/// One statement for both: what is on the page, and how many there are in all if pages are numbered.
fn statement(asked: &Asked, paging: &Paging<ByTime>) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    if let Some(status) = asked.status {
        conditions.and("a.status = ?", status.name());
    }
    let total = conditions.total("people.account AS a", paging);
    if let Some(ByTime { at, id }) = paging.after() {
        conditions.and_two("(a.registered_at, a.user_id) < (?, !)", *at, *id);
    }
    let (limit, offset) = conditions.window(paging);
    let sql = format!(
        "SELECT a.user_id, a.status, a.account, a.registered_at, a.version, a.at_partition, a.at_offset, c.total
        FROM (SELECT {total} AS total) AS c
        LEFT JOIN (
            SELECT a.user_id, a.status, a.account, a.registered_at, a.version, a.at_partition, a.at_offset
            FROM people.account AS a {}
            ORDER BY a.registered_at DESC, a.user_id DESC LIMIT {limit} OFFSET {offset}
        ) AS a ON TRUE
        ORDER BY a.registered_at DESC, a.user_id DESC",
        conditions.sql(),
    );
    (sql, conditions)
}

fn table(users: &[Shown]) -> Table {
    let columns = &["id", "status", "email", "username", "roles", "registered_at", "version"];
    let row = |user: &Shown| {
        vec![
            user.id.to_string(),
            user.status.clone(),
            user.email.clone().unwrap_or_default(),
            user.username.clone().unwrap_or_default(),
            user.roles.join(" "),
            moment(user.registered_at),
            user.version.to_string(),
        ]
    };
    Table { columns, rows: users.iter().map(row).collect() }
}
