//! `GET /notifications/preferences`: over which channels the caller wants which notifications.

use super::place::place;
use crate::failure::column;
use crate::freshness::Reads;
use crate::queries::Queries;
use crate::scopes::OwnNotifications;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tillroll_http::{Allowed, Problem, problems};
use tillroll_schemas::notification::Channel;
use tillroll_schemas::preference::{Choices, Kind};

const ONE: &str = "
    SELECT p.choices::text, p.version, p.at_partition, p.at_offset
    FROM notifications.preference AS p
    WHERE p.user_id = $1";

/// Every kind with the channels that messages of it come by.
#[derive(Debug, Serialize)]
struct Preferences {
    #[serde(flatten)]
    kinds: BTreeMap<Kind, BTreeSet<Channel>>,
    /// 0 of one who never chose.
    version: i64,
}

impl Preferences {
    fn of(choices: &Choices, version: i64) -> Self {
        let channels = |kind| Channel::ALL.into_iter().filter(|channel| choices.wants(kind, *channel)).collect();
        Self { kinds: Kind::ALL.into_iter().map(|kind| (kind, channels(kind))).collect(), version }
    }
}

/// What the caller chose, with the defaults of what he did not.
pub(crate) async fn own(
    State(queries): State<Arc<Queries>>,
    allowed: Allowed<OwnNotifications>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = allowed.caller.require_user()?;
    queries
        .answered(&headers, Reads::Preferences, |reading| async {
            let rows = queries.rows(ONE, &[&user]).await?;
            let Some(row) = rows.first() else {
                return reading.one(0, "never", &Preferences::of(&Choices::default(), 0));
            };
            let choices = serde_json::from_str(column(row, 0)?).map_err(|error| {
                tracing::error!(%error, "a user's choices cannot be read");
                Problem::new(&problems::INTERNAL)
            })?;
            let preferences = Preferences::of(&choices, column(row, 1)?);
            reading.one(preferences.version, place(row, 2)?, &preferences)
        })
        .await
}
