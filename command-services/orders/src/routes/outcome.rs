//! What became of an order: waiting for it, if the client wishes to, and how one that is off is told.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::json;
use tillroll_http::problems::{self, Kind};
use tillroll_http::{CommandAnswer, Problem};
use tillroll_log::{Answered, Key};
use tillroll_schemas::OrderId;

use super::{Desk, path_of};
use crate::order::{Cancellation, Order, OrderBody};

/// The order's stock items did not answer. Unlike a time-out of HTTP this is an end: the order is off.
static TIMED_OUT: Kind = problems::kind(
    "stock_unanswered",
    StatusCode::CONFLICT,
    "Order timed out",
    "The order's stock could not be reserved and sold in time, so the order was cancelled; nothing is held for it.",
);

impl Desk {
    /// The order as soon as nothing of it is under way, and whether that came in time; else as it was answered first.
    pub(super) async fn outcome(
        &self,
        key: &Key,
        first: Answered<Order>,
        wait: Option<Duration>,
    ) -> (Answered<Order>, bool) {
        let version = |body: &Option<OrderBody>| body.as_ref().map(|body| body.version);
        tillroll_command_http::outcome(&self.orders, key, first, wait, version).await
    }

    /// The refusal of an order that is off: 409 under the code of its reason, with everything that an answer has.
    pub(super) fn called_off(&self, id: OrderId, answered: &Answered<Order>, why: &Cancellation) -> Problem {
        self.in_vain(id, answered, refusal(id, why))
    }

    /// This problem of a command that was carried out and came to nothing, with everything that an answer has.
    pub(super) fn in_vain(&self, id: OrderId, answered: &Answered<Order>, why: Problem) -> Problem {
        let answer = CommandAnswer::new(StatusCode::CONFLICT, ()).location(path_of(id));
        let answer = self.keys.answer_of(answered, answer).into_response();
        let told = answer.headers().iter().filter(|(name, _)| **name != header::CONTENT_TYPE);
        told.fold(why, |problem, (name, value)| problem.header(name.clone(), value.clone()))
    }
}

fn refusal(id: OrderId, why: &Cancellation) -> Problem {
    Problem::new(kind_of(&why.code))
        .detail(why.detail.clone())
        .member("order_id", id.to_string())
        .member("cancellation", json!({ "code": why.code, "detail": why.detail }))
}

/// The reason's own kind, if it is one of the business's; else only that the order is off.
fn kind_of(code: &str) -> &'static Kind {
    if code == TIMED_OUT.code {
        return &TIMED_OUT;
    }
    problems::by_code(code).filter(|kind| kind.status == StatusCode::CONFLICT).unwrap_or(&problems::ORDER_CANCELLED)
}

/// The order's body. There is one: a command that was carried out has an order.
pub(super) fn body_of(answered: &Answered<Order>) -> Result<&OrderBody, Problem> {
    answered.answer.as_ref().ok_or_else(|| Problem::new(&problems::INTERNAL))
}

#[cfg(test)]
mod tests;
