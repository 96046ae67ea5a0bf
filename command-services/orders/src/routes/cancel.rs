//! `POST /orders/{id}/cancel`: calls an order off, which is done when everything that it held is released.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use tillroll_command_http::{Checks, problem_of};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, PathId, Problem, StrictJson};
use tillroll_log::Key;
use tillroll_schemas::OrderId;
use tillroll_schemas::order::CancelOrder;

use super::outcome::body_of;
use super::{Desk, OrdersWrite, path_of};
use crate::order::{Order, Status};

pub(super) async fn cancel(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersWrite>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: Option<StrictJson<CancelBody>>,
) -> Result<impl IntoResponse, Problem> {
    let body = body.unwrap_or_else(StrictJson::absent);
    let mut checks = Checks::new();
    checks.text(body.value.reason.as_deref().unwrap_or_default(), 500, "/reason");
    checks.finish()?;
    let path = path_of(id);
    let named =
        desk.keys.name::<Order>(&allowed.caller, &headers, "POST", &format!("{path}/cancel"), &body.canonical).await?;
    let key = Key::from(id.to_string());
    let first = desk.execute(named, &key, CancelOrder { reason: body.value.reason }).await.map_err(problem_of)?;
    let (answered, settled) = desk.outcome(&key, first, headers.wait).await;
    let body = body_of(&answered)?;
    let answer = if settled && body.status == Status::Cancelled {
        CommandAnswer::ok(body)
    } else {
        CommandAnswer::accepted(body, path)
    };
    Ok(desk.keys.answer_of(&answered, answer).into_response())
}

/// The body; it may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelBody {
    /// For people.
    reason: Option<String>,
}
