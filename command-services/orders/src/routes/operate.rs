//! `POST /orders/{id}/saga/retry`, `…/compensate`, `…/complete`: what an operator does with an order that is stuck.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tillroll_command_http::{ReasonBody, RetryBody, problem_of};
use tillroll_http::problems::{Kind, kind};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, PathId, Problem, StrictJson};
use tillroll_log::Key;
use tillroll_schemas::OrderId;
use tillroll_schemas::order::{CompensateStuck, CompleteStep, OrderCommand, Reason, RetryStep};

use super::outcome::body_of;
use super::{Desk, OrdersOperate, path_of};

static STILL_STUCK: Kind = kind(
    "still_stuck",
    StatusCode::CONFLICT,
    "Order still stuck",
    "It was done, and the order is stuck again, or something else of it is.",
);

/// Has those asked again who have not done what the order waits for.
pub(super) async fn retry(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersOperate>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: Option<StrictJson<RetryBody>>,
) -> Result<impl IntoResponse, Problem> {
    let body = body.unwrap_or_else(StrictJson::absent);
    let reason = body.value.checked()?;
    let asked = Asked { id, action: "retry", canonical: &body.canonical };
    operate(&desk, &allowed, &headers, asked, RetryStep { reason }.into()).await
}

/// Gives a delivery up of which nothing has left, and the order with it.
pub(super) async fn compensate(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersOperate>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: StrictJson<ReasonBody>,
) -> Result<impl IntoResponse, Problem> {
    let reason = body.value.checked()?;
    let asked = Asked { id, action: "compensate", canonical: &body.canonical };
    operate(&desk, &allowed, &headers, asked, CompensateStuck { reason }.into()).await
}

/// Has the step count as done.
pub(super) async fn complete(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersOperate>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: StrictJson<ReasonBody>,
) -> Result<impl IntoResponse, Problem> {
    let reason = body.value.checked()?;
    let asked = Asked { id, action: "complete", canonical: &body.canonical };
    operate(&desk, &allowed, &headers, asked, CompleteStep { reason }.into()).await
}

/// What is asked of which order.
struct Asked<'a> {
    id: OrderId,
    action: &'static str,
    canonical: &'a [u8],
}

/// 200 when nothing of the order is under way any more, if that is waited for, 409 if it is stuck then; else 202.
async fn operate(
    desk: &Desk,
    allowed: &Allowed<OrdersOperate>,
    headers: &CommandHeaders,
    asked: Asked<'_>,
    command: OrderCommand,
) -> Result<Response, Problem> {
    let path = path_of(asked.id);
    let route = format!("{path}/saga/{}", asked.action);
    let named =
        desk.keys.name::<crate::order::Order>(&allowed.caller, headers, "POST", &route, asked.canonical).await?;
    let key = Key::from(asked.id.to_string());
    let first = desk.execute(named, &key, command).await.map_err(problem_of)?;
    let (answered, settled) = desk.outcome(&key, first, headers.wait).await;
    let body = body_of(&answered)?;
    let answer = match &body.stuck {
        Some(why) if settled => return Err(desk.in_vain(asked.id, &answered, still_stuck(why))),
        None if settled => CommandAnswer::ok(body),
        Some(_) | None => CommandAnswer::accepted(body, path),
    };
    Ok(desk.keys.answer_of(&answered, answer).into_response())
}

fn still_stuck(why: &Reason) -> Problem {
    Problem::new(&STILL_STUCK).detail(why.detail.clone()).member("reason", why.code.clone())
}

#[cfg(test)]
mod tests;
