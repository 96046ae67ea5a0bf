//! `POST /orders/{id}/refunds` gives money back, `POST /orders/{id}/returns` takes pieces back for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tillroll_command_http::{Checks, problem_of, until_it_may};
use tillroll_http::problems::{Kind, kind};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, LARGE_BODY, PathId, Problem, StrictJson};
use tillroll_log::{ExecuteError, Key, Rejection};
use tillroll_schemas::order::{RequestRefund, Returning, StockClaim};
use tillroll_schemas::{Money, OrderId, Quantity, RefundId, Sku};

use super::lines::MOST_LINES;
use super::outcome::body_of;
use super::{Desk, OrdersWrite, path_of};
use crate::order::{Excess, Order, OrderRejection, RefundStands};

/// How long a refund waits for what is under way before it, if the client does not say how long he waits.
const TURN_WITHIN: Duration = Duration::from_secs(2);

static REFUND_REFUSED: Kind = kind(
    "refund_refused",
    StatusCode::CONFLICT,
    "Refund refused",
    "The payment provider refused the refund, or the bank sent the money back: it is not with the customer.",
);

/// Gives back an amount, or what these pieces cost.
pub(super) async fn refund(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersWrite>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: StrictJson<RefundRequest, LARGE_BODY>,
) -> Result<Response, Problem> {
    let what = body.value.checked()?;
    let asked = Asked { id, route: "refunds", canonical: &body.canonical, what, reason: body.value.reason };
    give_back(&desk, &allowed, &headers, asked).await
}

/// Takes pieces back that had left, and gives back what they cost.
pub(super) async fn take_back(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersWrite>,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
    body: StrictJson<ReturnRequest, LARGE_BODY>,
) -> Result<Response, Problem> {
    let what = body.value.checked()?;
    let asked = Asked { id, route: "returns", canonical: &body.canonical, what, reason: body.value.reason };
    give_back(&desk, &allowed, &headers, asked).await
}

/// The body of a refund: either of the first two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundRequest {
    /// With tax.
    amount: Option<Money>,
    lines: Option<Vec<Item>>,
    /// For people; no personal data.
    reason: String,
}

/// The body of a return.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReturnRequest {
    lines: Vec<Item>,
    /// Whether the pieces go back on the shelf.
    #[serde(default)]
    restock: bool,
    /// For people; no personal data.
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    sku: Sku,
    quantity: Quantity,
}

impl RefundRequest {
    fn checked(&self) -> Result<Returning, Problem> {
        let mut checks = Checks::new();
        checks.reason(&self.reason);
        let one_of = self.amount.is_some() != self.lines.is_some();
        checks.require(one_of, "/amount", "either an amount or lines");
        if let Some(amount) = self.amount {
            checks.require(amount.amount > 0, "/amount/amount", "1 or more minor units");
        }
        let lines = claims(self.lines.as_deref(), &mut checks);
        checks.finish()?;
        Ok(self.amount.map_or(Returning::Lines(lines), Returning::Amount))
    }
}

impl ReturnRequest {
    fn checked(&self) -> Result<Returning, Problem> {
        let mut checks = Checks::new();
        checks.reason(&self.reason);
        let lines = claims(Some(&self.lines), &mut checks);
        checks.finish()?;
        Ok(Returning::Returned { lines, restock: self.restock })
    }
}

fn claims(items: Option<&[Item]>, checks: &mut Checks) -> Vec<StockClaim> {
    let Some(items) = items else { return Vec::new() };
    checks.require((1..=MOST_LINES).contains(&items.len()), "/lines", format!("1 to {MOST_LINES} lines"));
    items.iter().map(|item| StockClaim { sku: item.sku.clone(), quantity: item.quantity }).collect()
}

/// What is asked of which order.
struct Asked<'a> {
    id: OrderId,
    route: &'static str,
    canonical: &'a [u8],
    what: Returning,
    reason: String,
}

/// 201 when the money is back, 409 when it was refused, as far as that is known; else 202. Right after the sale, or after
/// another refund, it waits for the document's number, as the next may be asked for only then.
async fn give_back(
    desk: &Desk,
    allowed: &Allowed<OrdersWrite>,
    headers: &CommandHeaders,
    asked: Asked<'_>,
) -> Result<Response, Problem> {
    headers.require_key()?;
    let Asked { id, route, canonical, what, reason } = asked;
    let path = path_of(id);
    let named =
        desk.keys.name::<Order>(&allowed.caller, headers, "POST", &format!("{path}/{route}"), canonical).await?;
    let key = Key::from(id.to_string());
    let refund_id = RefundId::of_command(named.id.0);
    let command = RequestRefund { refund_id, what, reason };
    let since = Instant::now();
    let ask = || desk.execute(named.clone(), &key, command.clone());
    let returned = matches!(&command.what, Returning::Returned { .. });
    let first = until_it_may(headers.wait.unwrap_or(TURN_WITHIN), is_for_now, ask).await;
    let first = first.map_err(|error| problem(error, returned))?;
    let left = headers.wait.map(|wait| wait.saturating_sub(since.elapsed()));
    let (answered, _) = desk.outcome(&key, first, left).await;
    let body = body_of(&answered)?;
    // A repeat may come when the order is off; nothing went back then but by that.
    if let Some(cancellation) = &body.cancellation {
        return Err(desk.called_off(id, &answered, cancellation));
    }
    let answer = match body.refund(refund_id) {
        RefundStands::Back => CommandAnswer::created(body, path),
        RefundStands::UnderWay => CommandAnswer::accepted(body, path),
        RefundStands::Refused(code) => return Err(desk.in_vain(id, &answered, refused(code))),
    };
    Ok(desk.keys.answer_of(&answered, answer).into_response())
}

fn refused(code: &str) -> Problem {
    Problem::new(&REFUND_REFUSED).detail(format!("the refund was refused: {code}")).member("reason", code)
}

/// Whether a moment later the answer may be another, without anybody's doing.
fn is_for_now(rejection: &OrderRejection) -> bool {
    matches!(rejection, OrderRejection::PaymentPending | OrderRejection::RefundInProgress)
}

/// Names each SKU of which more was to come back than can.
fn problem(error: ExecuteError<OrderRejection>, returned: bool) -> Problem {
    let excess = match &error {
        ExecuteError::Rejected(OrderRejection::QuantityExceedsOrder(excess)) => excess.clone(),
        _ => Vec::new(),
    };
    let code = OrderRejection::QuantityExceedsOrder(Vec::new()).code();
    excess.into_iter().fold(problem_of(error), |problem, Excess { sku, left }| {
        let what =
            if returned { "were delivered, and neither came back nor were paid back" } else { "are not paid back yet" };
        problem.error("/lines", code, format!("{left} of {sku} {what}"))
    })
}

#[cfg(test)]
mod tests;
