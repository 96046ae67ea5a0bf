//! What an operator does with an order that is stuck: asks again, gives its delivery up, or says that the step is done.
//! Each is an event of the order, so who did what when, and why, stands in its history.
//!
//! Asking again is safe: a stock item lets go once, and lets the pieces of one delivery leave once.

use tillroll_schemas::order::{
    CompensateStuck, CompensationStarted, CompleteStep, OrderEvent, Reason, RetryStep, StepCompleted, StepRetried,
    StockClaim,
};
use tillroll_schemas::{FulfilmentId, Timestamp};

use super::placing::skus;
use super::wait::{ANSWER_WITHIN_S, Asked, Wait, later};
use super::{Delivery, Life, OrderRejection};

/// The reason of an order whose delivery an operator gave up.
const COMPENSATED: &str = "compensated_by_operator";

/// The stock items that have not done it are asked again.
pub(super) fn retry(life: &Life, command: &RetryStep, at: Timestamp) -> Result<Option<OrderEvent>, OrderRejection> {
    let (asked, wait) = stuck(life)?;
    let event = StepRetried {
        step: asked.step(),
        reason: command.reason.clone(),
        claims: open_claims(life, wait),
        fulfilment_id: fulfilment(asked),
        answer_by: later(at, ANSWER_WITHIN_S),
    };
    Ok(Some(event.into()))
}

/// A delivery of which nothing has left is given up, and the order with it: what is held is released.
pub(super) fn compensate(
    life: &Life,
    command: &CompensateStuck,
    at: Timestamp,
) -> Result<Option<OrderEvent>, OrderRejection> {
    let (_, wait) = stuck(life)?;
    let Life::Delivering(sold, delivery) = life else { return Err(OrderRejection::OrderCancelled) };
    if !sold.delivered.is_empty() || !nothing_has_left(delivery, wait, sold.order.claims.as_slice()) {
        return Err(OrderRejection::AlreadyFulfilled);
    }
    // What was not decided may still be: pieces would leave for an order that is off.
    if !wait.open().all(|sku| wait.holds_nothing(sku)) {
        return Err(OrderRejection::FulfilmentUnanswered);
    }
    let reason = Reason { code: COMPENSATED.to_owned(), detail: command.reason.clone() };
    let releases = skus(&sold.order.claims).collect();
    let answer_by = later(at, ANSWER_WITHIN_S);
    Ok(Some(CompensationStarted { reason, answers: Vec::new(), releases, answer_by }.into()))
}

/// The operator has seen to it himself: the step counts as done by those who have not done it.
pub(super) fn complete(
    life: &Life,
    command: &CompleteStep,
    at: Timestamp,
) -> Result<Option<OrderEvent>, OrderRejection> {
    let (asked, wait) = stuck(life)?;
    let event = StepCompleted {
        step: asked.step(),
        reason: command.reason.clone(),
        skus: wait.open().cloned().collect(),
        answer_by: later(at, ANSWER_WITHIN_S),
    };
    Ok(Some(event.into()))
}

fn stuck(life: &Life) -> Result<(Asked, &Wait), OrderRejection> {
    if life.order().is_none() {
        return Err(OrderRejection::NotFound);
    }
    life.waiting().filter(|(_, wait)| wait.stuck().is_some()).ok_or(OrderRejection::NotStuck)
}

/// What those hold, or are to let leave, who have not done it.
fn open_claims(life: &Life, wait: &Wait) -> Vec<StockClaim> {
    let claims = match life {
        Life::Delivering(_, delivery) => &delivery.items,
        Life::Compensating(ending) => ending.order.claims.as_slice(),
        Life::Reserving(order, _) | Life::Committing(order, _) | Life::Committed(order, _) => &order.claims,
        Life::NotPlaced | Life::Confirmed(_) | Life::Fulfilled(_) | Life::Cancelled(..) => &[],
    };
    claims.iter().filter(|claim| wait.open().any(|sku| *sku == claim.sku)).cloned().collect()
}

fn fulfilment(asked: Asked) -> Option<FulfilmentId> {
    match asked {
        Asked::Fulfil(id) => Some(id),
        Asked::Reserve | Asked::Commit | Asked::Release => None,
    }
}

/// Whether every stock item of the delivery still has to let its pieces go.
fn nothing_has_left(delivery: &Delivery, wait: &Wait, claims: &[StockClaim]) -> bool {
    let tracked = |item: &&StockClaim| claims.binary_search_by(|claim| claim.sku.cmp(&item.sku)).is_ok();
    delivery.items.iter().filter(tracked).all(|item| wait.open().any(|sku| *sku == item.sku))
}

pub(super) fn retried(life: Life, event: &StepRetried) -> Life {
    life.map_wait(|_, wait| wait.asked_again(event.answer_by))
}

pub(super) fn completed(life: Life, event: &StepCompleted) -> Life {
    life.map_wait(|_, wait| wait.over_by_hand(event.answer_by))
}
