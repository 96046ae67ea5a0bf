//! `POST /orders/{id}/fulfilments`: delivers an order or a part of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use tillroll_command_http::{Checks, problem_of};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, LARGE_BODY, PathId, Problem, StrictJson};
use tillroll_log::{ExecuteError, Key, Rejection};
use tillroll_schemas::order::{RequestFulfilment, StockClaim};
use tillroll_schemas::{FulfilmentId, OrderId, Quantity, Sku};

use super::lines::MOST_LINES;
use super::outcome::body_of;
use super::{Desk, OrdersWrite, path_of};
use crate::order::{Excess, Order, OrderRejection, Status};

pub(super) async fn fulfil(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersWrite>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: Option<StrictJson<FulfilBody, LARGE_BODY>>,
) -> Result<impl IntoResponse, Problem> {
    headers.require_key()?;
    let body = body.unwrap_or_else(StrictJson::absent);
    let items = body.value.claims()?;
    let path = path_of(id);
    let named = desk
        .keys
        .name::<Order>(&allowed.caller, &headers, "POST", &format!("{path}/fulfilments"), &body.canonical)
        .await?;
    let key = Key::from(id.to_string());
    let command = RequestFulfilment { fulfilment_id: FulfilmentId::of_command(named.id.0), items: items.clone() };
    let first = desk.execute(named, &key, command).await.map_err(|error| problem(error, items.as_deref()))?;
    let (answered, settled) = desk.outcome(&key, first, headers.wait).await;
    let body = body_of(&answered)?;
    let answer = match body.status {
        Status::Confirmed | Status::Fulfilled if settled => CommandAnswer::created(body, path),
        Status::Confirmed
        | Status::Fulfilled
        | Status::Pending
        | Status::RequiresAction
        | Status::Cancelled
        | Status::Stuck => CommandAnswer::accepted(body, path),
    };
    Ok(desk.keys.answer_of(&answered, answer).into_response())
}

/// The body; it may be left out, then everything that is left is delivered.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FulfilBody {
    lines: Option<Vec<Item>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    sku: Sku,
    quantity: Quantity,
}

impl FulfilBody {
    fn claims(&self) -> Result<Option<Vec<StockClaim>>, Problem> {
        let mut checks = Checks::new();
        if let Some(items) = &self.lines {
            checks.require((1..=MOST_LINES).contains(&items.len()), "/lines", format!("1 to {MOST_LINES} lines"));
        }
        checks.finish()?;
        let claim = |item: &Item| StockClaim { sku: item.sku.clone(), quantity: item.quantity };
        Ok(self.lines.as_ref().map(|items| items.iter().map(claim).collect()))
    }
}

/// Names each item of which more was to leave than is left.
fn problem(error: ExecuteError<OrderRejection>, items: Option<&[StockClaim]>) -> Problem {
    let ExecuteError::Rejected(OrderRejection::QuantityExceedsOrder(excess)) = &error else {
        return problem_of(error);
    };
    let (excess, code) = (excess.clone(), OrderRejection::QuantityExceedsOrder(Vec::new()).code());
    let items = items.unwrap_or_default().iter().enumerate().rev();
    let places: BTreeMap<&Sku, usize> = items.map(|(place, item)| (&item.sku, place)).collect();
    excess.into_iter().fold(problem_of(error), |problem, Excess { sku, left }| {
        let place = places.get(&sku).copied().unwrap_or_default();
        problem.error(format!("/lines/{place}/quantity"), code, format!("{left} of {sku} are left to fulfil"))
    })
}

#[cfg(test)]
mod tests;
