//! `POST /orders/{id}/cancel`: calls an order off, which is done when everything that it held is released.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use tillroll_command_http::{Checks, problem_of};
use tillroll_http::{CommandAnswer, CommandHeaders, PathId, Problem, Reach, Reaching, StrictJson};
use tillroll_log::Key;
use tillroll_schemas::order::CancelOrder;
use tillroll_schemas::{OrderId, UserId};

use super::outcome::body_of;
use super::{Desk, OrdersOwn, OrdersWrite, path_of};
use crate::order::{Order, Status};

pub(super) async fn cancel(
    State(desk): State<Arc<Desk>>,
    reaching: Reaching<OrdersWrite, OrdersOwn>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: Option<StrictJson<CancelBody>>,
) -> Result<impl IntoResponse, Problem> {
    let body = body.unwrap_or_else(StrictJson::absent);
    body.value.check(reaching.reach)?;
    let path = path_of(id);
    let named =
        desk.keys.name::<Order>(&reaching.caller, &headers, "POST", &format!("{path}/cancel"), &body.canonical).await?;
    let key = Key::from(id.to_string());
    let by = match reaching.reach {
        Reach::All => None,
        Reach::Own(user) => Some(UserId(user)),
    };
    let first = desk.execute(named, &key, CancelOrder { by, reason: body.value.reason }).await.map_err(problem_of)?;
    let (answered, settled) = desk.outcome(&key, first, headers.wait).await;
    let body = body_of(&answered)?;
    let answer = if settled && body.status == Status::Cancelled {
        CommandAnswer::ok(body)
    } else {
        CommandAnswer::accepted(body, path)
    };
    Ok(desk.keys.answer_of(&answered, answer).into_response())
}

/// What a customer may give as his reason. His own words would stand in the log in the clear, and outlast his erasure.
const REASONS: [&str; 5] = ["changed_mind", "ordered_by_mistake", "found_cheaper", "too_slow", "other"];

/// The body; it may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelBody {
    /// One of [`REASONS`]; of staff a text for people, without personal data.
    reason: Option<String>,
}

impl CancelBody {
    fn check(&self, reach: Reach) -> Result<(), Problem> {
        const REASON: &str = "/reason";
        let mut checks = Checks::new();
        let Some(reason) = self.reason.as_deref() else { return Ok(()) };
        match reach {
            Reach::All => checks.optional_reason(Some(reason)),
            Reach::Own(_) => {
                checks.require(REASONS.contains(&reason), REASON, format!("one of {}", REASONS.join(", ")))
            }
        }
        checks.finish()
    }
}

#[cfg(test)]
mod tests;
