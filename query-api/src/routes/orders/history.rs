//! `GET /orders/{id}/history`: every event of an order, for staff and for whose it is.

use crate::failure::column;
use crate::freshness::Reads;
use crate::queries::Queries;
use crate::routes::place::place;
use crate::scopes::{OwnOrders, ReadOrders};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use tillroll_http::{PathId, Problem, Reaching, problems};
use tillroll_postgres::Row;
use tillroll_schemas::catalogue::ORDER;
use tillroll_schemas::{OrderId, Timestamp};
use uuid::Uuid;

const ALL: &str = "
    SELECT h.version, h.type, h.occurred_at, h.recorded_at, h.actor, h.command_id, h.at_partition, h.at_offset, h.body::text,
        o.user_id
    FROM orders.order_history AS h
    JOIN orders.order AS o ON o.order_id = h.order_id
    WHERE h.order_id = $1
    ORDER BY h.version";

#[derive(Debug, Serialize)]
struct History {
    items: Vec<Event>,
}

/// An event as a client sees it.
#[derive(Debug, Serialize)]
struct Event {
    version: i64,
    #[serde(rename = "type")]
    type_name: String,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    actor: Option<String>,
    command_id: Option<Uuid>,
    position: String,
    data: Box<RawValue>,
}

impl Event {
    fn of(row: &Row) -> Result<Self, Problem> {
        let (partition, offset): (i32, i64) = (column(row, 6)?, column(row, 7)?);
        let data = RawValue::from_string(column(row, 8)?).map_err(|error| {
            tracing::error!(%error, "an event's body is no JSON");
            Problem::new(&problems::INTERNAL)
        })?;
        Ok(Self {
            version: column(row, 0)?,
            type_name: column(row, 1)?,
            occurred_at: column(row, 2)?,
            recorded_at: column(row, 3)?,
            actor: column(row, 4)?,
            command_id: column(row, 5)?,
            position: format!("{}/{partition}@{offset}", ORDER.events),
            data,
        })
    }
}

/// The events of an order, from the first.
pub(crate) async fn all(
    State(queries): State<Arc<Queries>>,
    reaching: Reaching<ReadOrders, OwnOrders>,
    PathId(id): PathId<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    queries
        .answered(&headers, Reads::Orders, |reading| async {
            let rows = queries.rows(ALL, &[&id.0]).await?;
            // Every order has a first event.
            let last = rows.last().ok_or_else(|| Problem::new(&problems::NOT_FOUND))?;
            reaching.reach.require(column(last, 9)?)?;
            let items = rows.iter().map(Event::of).collect::<Result<Vec<_>, _>>()?;
            reading.one(column(last, 0)?, place(last, 6)?, &History { items })
        })
        .await
}
