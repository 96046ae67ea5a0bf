//! The checkout: from placed to confirmed by way of what stock items answer, or back to nothing held.
//!
//! Commands to stock items are delivered exactly once and always end in one record, so nothing is ever sent again:
//! a wait that is overdue only becomes longer, and an hour of downtime cancels nothing.

use tillroll_schemas::order::{
    CancelOrder, Cancelled, CompensationStarted, Confirmed, OrderEvent, Placed, Reason, Sale, SaleLine, StepOverdue,
    StockAnswer, StockAnswered, StockCommitted, StockReserved, Stuck,
};
use tillroll_schemas::{Sku, Timestamp};

use super::placing::skus;
use super::steps::{Compensation, SagaStep};
use super::wait::{ANSWER_WITHIN_S, ATTEMPTS, Asked, Heard, Patience, Wait, later, named, next_deadline};
use super::{Ending, Life, OrderRejection, fulfilment};

/// The reason of an order whose stock items did not answer.
const TIMED_OUT: &str = "stock_unanswered";
/// The reason of an order that was called off.
const CANCELLED_BY_CUSTOMER: &str = "cancelled_by_customer";

/// What stock items answered. Late, doubled and foreign answers change nothing: while an order compensates, its
/// releases stand behind every earlier command in the stock items' partitions.
pub(super) fn record(life: &Life, answers: &[StockAnswer], at: Timestamp) -> Option<OrderEvent> {
    let (asked, wait) = life.waiting()?;
    let heard = wait.hear(asked, answers)?;
    if !heard.refused.is_empty() {
        return refused(life, asked, heard, at);
    }
    if heard.after.is_over() {
        return proceed(life, heard.news, at);
    }
    Some(StockAnswered { answers: heard.news }.into())
}

/// A step that waits for nobody is over at once.
pub(super) fn carry_on(life: &Life, at: Timestamp) -> Option<OrderEvent> {
    match life.waiting() {
        Some((_, wait)) if !wait.is_over() => None,
        Some(_) | None => proceed(life, Vec::new(), at),
    }
}

/// Called off: possible until anything leaves or is about to.
pub(super) fn cancel(life: &Life, command: &CancelOrder, at: Timestamp) -> Result<Option<OrderEvent>, OrderRejection> {
    let detail = || command.reason.clone().unwrap_or_else(|| "the order was called off".to_owned());
    let reason = || Reason { code: CANCELLED_BY_CUSTOMER.to_owned(), detail: detail() };
    match life {
        Life::NotPlaced => Err(OrderRejection::NotFound),
        Life::Reserving(order, wait) | Life::Committing(order, wait) | Life::Committed(order, wait) => {
            Ok(Some(call_off(reason(), Vec::new(), releases(order, Some(wait)), None, at)))
        }
        Life::Confirmed(sold) if sold.delivered.is_empty() => {
            let credit = Some(sale(&sold.order, at));
            Ok(Some(call_off(reason(), Vec::new(), releases(&sold.order, None), credit, at)))
        }
        Life::Confirmed(_) | Life::Fulfilled(_) => Err(OrderRejection::AlreadyFulfilled),
        Life::Delivering(..) => Err(OrderRejection::FulfilmentInProgress),
        Life::Compensating(_) | Life::Cancelled(..) => Ok(None),
    }
}

/// A deadline passed. One that is not the present wait's is of a wait that ended in the meantime.
pub(super) fn overdue(life: &Life, deadline: Timestamp, at: Timestamp) -> Option<OrderEvent> {
    let (asked, wait) = life.waiting()?;
    let Patience::Until { answer_by, attempt } = *wait.patience() else { return None };
    if answer_by != deadline {
        return None;
    }
    if wait.is_over() {
        return proceed(life, Vec::new(), at);
    }
    if attempt < ATTEMPTS {
        let attempt = attempt + 1;
        let answer_by = next_deadline(deadline, at, attempt);
        return Some(StepOverdue { step: asked.step(), attempt, answer_by }.into());
    }
    let detail = format!("no answer in time from {}", named(wait.open()));
    give_up(life, asked, Reason { code: TIMED_OUT.to_owned(), detail }, Vec::new(), wait, at)
}

/// The next step: everybody has done what the order waited for.
fn proceed(life: &Life, answers: Vec<StockAnswer>, at: Timestamp) -> Option<OrderEvent> {
    match life {
        Life::Reserving(order, _) => {
            let claims = order.claims.clone();
            Some(StockReserved { answers, claims, answer_by: later(at, ANSWER_WITHIN_S) }.into())
        }
        Life::Committing(..) => Some(StockCommitted { answers }.into()),
        Life::Committed(order, _) => Some(Confirmed { sale: sale(order, order.placed_at) }.into()),
        Life::Delivering(sold, delivery) => Some(fulfilment::out(sold, delivery, answers).into()),
        Life::Compensating(ending) => {
            let credit = ending.was_confirmed.then(|| sale(&ending.order, at));
            Some(Cancelled { reason: ending.reason.clone(), answers, credit }.into())
        }
        Life::NotPlaced | Life::Confirmed(_) | Life::Fulfilled(_) | Life::Cancelled(..) => None,
    }
}

fn refused(life: &Life, asked: Asked, heard: Heard, at: Timestamp) -> Option<OrderEvent> {
    let code = heard.refused.first().map(|(_, code)| code.clone()).unwrap_or_default();
    let of = named(heard.refused.iter().filter(|(_, other)| *other == code).map(|(sku, _)| sku));
    let detail = format!("{of} could not be {}: {code}", SagaStep::of(asked.step()).done);
    give_up(life, asked, Reason { code, detail }, heard.news, &heard.after, at)
}

/// The step failed: what the table of steps says beside it.
fn give_up(
    life: &Life,
    asked: Asked,
    reason: Reason,
    answers: Vec<StockAnswer>,
    wait: &Wait,
    at: Timestamp,
) -> Option<OrderEvent> {
    match SagaStep::of(asked.step()).compensation {
        Compensation::Release => {
            let releases = releases(life.order()?, Some(wait));
            Some(call_off(reason, answers, releases, None, at))
        }
        Compensation::Stuck => Some(Stuck { step: asked.step(), reason, answers }.into()),
    }
}

/// Everybody who may hold pieces of the order, or may still come to hold some.
fn releases(order: &Placed, wait: Option<&Wait>) -> Vec<Sku> {
    let may_hold = |sku: &&Sku| !wait.is_some_and(|wait| wait.holds_nothing(sku));
    order.claims.iter().map(|claim| &claim.sku).filter(may_hold).cloned().collect()
}

fn call_off(
    reason: Reason,
    answers: Vec<StockAnswer>,
    releases: Vec<Sku>,
    credit: Option<Sale>,
    at: Timestamp,
) -> OrderEvent {
    if releases.is_empty() {
        return Cancelled { reason, answers, credit }.into();
    }
    CompensationStarted { reason, answers, releases, answer_by: later(at, ANSWER_WITHIN_S) }.into()
}

fn sale(order: &Placed, dated: Timestamp) -> Sale {
    let lines = order.lines.iter().map(|line| SaleLine {
        sku: line.sku.clone(),
        category: line.category.clone(),
        quantity: line.quantity,
        amount: line.line_total,
    });
    Sale { dated, country: order.country.clone(), customer: order.customer.clone(), lines: lines.collect() }
}

pub(super) fn reserved(life: Life, event: &StockReserved) -> Life {
    match life {
        Life::Reserving(order, _) => Life::Committing(order, Wait::for_all(skus(&event.claims), event.answer_by)),
        life @ (Life::NotPlaced
        | Life::Committing(..)
        | Life::Committed(..)
        | Life::Confirmed(_)
        | Life::Delivering(..)
        | Life::Fulfilled(_)
        | Life::Compensating(_)
        | Life::Cancelled(..)) => life,
    }
}

pub(super) fn committed(life: Life) -> Life {
    match life {
        Life::Committing(order, wait) => Life::Committed(order, wait.for_own_step()),
        life @ (Life::NotPlaced
        | Life::Reserving(..)
        | Life::Committed(..)
        | Life::Confirmed(_)
        | Life::Delivering(..)
        | Life::Fulfilled(_)
        | Life::Compensating(_)
        | Life::Cancelled(..)) => life,
    }
}

pub(super) fn confirmed(life: Life) -> Life {
    match life {
        Life::Committed(order, _) => Life::Confirmed(fulfilment::sold(order)),
        life @ (Life::NotPlaced
        | Life::Reserving(..)
        | Life::Committing(..)
        | Life::Confirmed(_)
        | Life::Delivering(..)
        | Life::Fulfilled(_)
        | Life::Compensating(_)
        | Life::Cancelled(..)) => life,
    }
}

pub(super) fn compensating(life: Life, event: &CompensationStarted) -> Life {
    let ending = |order, was_confirmed| {
        let wait = Wait::for_all(event.releases.iter().cloned(), event.answer_by);
        Life::Compensating(Ending { order, reason: event.reason.clone(), was_confirmed, wait })
    };
    match life {
        Life::Reserving(order, _) | Life::Committing(order, _) | Life::Committed(order, _) => ending(order, false),
        Life::Confirmed(sold) | Life::Delivering(sold, _) => ending(sold.order, true),
        life @ (Life::NotPlaced | Life::Fulfilled(_) | Life::Compensating(_) | Life::Cancelled(..)) => life,
    }
}

pub(super) fn cancelled(life: Life, event: &Cancelled) -> Life {
    match life.order() {
        Some(order) => Life::Cancelled(order.clone(), event.reason.clone()),
        None => life,
    }
}
