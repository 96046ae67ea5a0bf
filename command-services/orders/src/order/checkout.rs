//! The checkout: from placed to confirmed by way of what stock items and the payment answer.
//!
//! Commands to them are delivered exactly once and always end in one record, so nothing is ever sent again: a wait
//! that is overdue only becomes longer, and an hour of downtime cancels nothing.

use tillroll_schemas::Timestamp;
use tillroll_schemas::order::{
    CancelOrder, Confirmed, OrderEvent, Placed, Reason, StepOverdue, StockAnswer, StockAnswered, StockCommitted,
    StockReserved, Stuck,
};

use super::compensation::{self, Off, cart_of, sale};
use super::placing::skus;
use super::steps::{Compensation, SagaStep};
use super::wait::{ANSWER_WITHIN_S, Asked, Heard, Participant, Patience, Wait, later, named, next_deadline};
use super::{Life, OrderRejection, Settlement, Sold, fulfilment, invoicing, paying, reversal};

/// The reason of an order that was called off.
const CANCELLED_BY_CUSTOMER: &str = "cancelled_by_customer";

/// What stock items answered. Late, doubled and foreign answers change nothing: while an order compensates, its
/// releases stand behind every earlier command in the stock items' partitions.
pub(super) fn record(life: &Life, answers: &[StockAnswer], at: Timestamp) -> Option<OrderEvent> {
    let (asked, wait) = life.stock_wait()?;
    let heard = wait.hear(asked, answers)?;
    if !heard.refused.is_empty() {
        return refused(life, asked, heard, at);
    }
    if heard.after.is_over() {
        return proceed(life, asked, heard.news, at);
    }
    Some(StockAnswered { answers: heard.news }.into())
}

/// A step that waits for nobody is over at once.
pub(super) fn carry_on(life: &Life, at: Timestamp) -> Option<OrderEvent> {
    let (asked, _) = life.waits().find(|(_, wait)| wait.is_over())?;
    proceed(life, asked, Vec::new(), at)
}

/// Called off: possible until anything leaves or goes back, or is about to; and once all of the money went back.
pub(super) fn cancel(life: &Life, command: &CancelOrder, at: Timestamp) -> Result<Option<OrderEvent>, OrderRejection> {
    let detail = command.reason.clone().unwrap_or_else(|| "the order was called off".to_owned());
    let reason = Reason { code: CANCELLED_BY_CUSTOMER.to_owned(), detail };
    if command.by.is_some() && life.order().is_some_and(|order| order.user_id != command.by) {
        return Err(OrderRejection::NotFound);
    }
    let off = || Off::new(life, reason, at);
    match life {
        Life::NotPlaced => Err(OrderRejection::NotFound),
        Life::Reserving(_, wait) | Life::Committing(_, wait) | Life::Committed(_, wait) => {
            Ok(off().map(|off| off.but(wait).event(at)))
        }
        Life::Authorising(..) => Ok(off().map(|off| off.event(at))),
        Life::Confirmed(sold) => sold.can_be_called_off().map(|()| off().map(|off| off.event(at))),
        Life::Fulfilled(_) => Err(OrderRejection::AlreadyFulfilled),
        Life::Delivering(..) => Err(OrderRejection::FulfilmentInProgress),
        Life::Compensating(_) | Life::Cancelled(..) => Ok(None),
    }
}

impl Sold {
    pub(super) fn can_be_called_off(&self) -> Result<(), OrderRejection> {
        if !self.delivered.is_empty() {
            return Err(OrderRejection::AlreadyFulfilled);
        }
        match self.settlement {
            Settlement::Refunding(..) | Settlement::Crediting(..) => Err(OrderRejection::RefundInProgress),
            Settlement::Nothing | Settlement::Capturing(_) | Settlement::Invoicing(_) | Settlement::Done => {
                if self.reversed.is_empty() || self.is_paid_back() {
                    Ok(())
                } else {
                    Err(OrderRejection::AlreadyRefunded)
                }
            }
        }
    }
}

/// A deadline passed. One that is not a present wait's is of a wait that ended in the meantime.
pub(super) fn overdue(life: &Life, deadline: Timestamp, at: Timestamp) -> Option<OrderEvent> {
    let (asked, wait) = life.waits().find(|(_, wait)| wait.deadline() == Some(deadline))?;
    let Patience::Until { attempt, .. } = *wait.patience() else { return None };
    if wait.is_over() {
        return proceed(life, asked, Vec::new(), at);
    }
    // The customer had his time, and the payment some more to say so.
    let was_customers_turn = matches!(life, Life::Authorising(_, _, Some(_)));
    if attempt < SagaStep::of(asked.step()).attempts && !was_customers_turn {
        let attempt = attempt + 1;
        let answer_by = life.apart(next_deadline(deadline, at, attempt));
        return Some(StepOverdue { step: asked.step(), attempt, answer_by }.into());
    }
    let detail = format!("no answer in time from {}", named(wait.open()));
    let code = if was_customers_turn { paying::EXPIRED } else { unanswered(wait) };
    give_up(life, asked, Reason { code: code.to_owned(), detail }, Vec::new(), wait, at)
}

/// The reason of an order that somebody did not answer.
fn unanswered(wait: &Wait) -> &'static str {
    let by = wait.open().min();
    match by {
        Some(Participant::Payment) => "payment_unanswered",
        Some(Participant::Invoice) => "invoice_unanswered",
        Some(Participant::Stock(_)) | None => "stock_unanswered",
    }
}

/// The next step: everybody has done what the order waited for.
fn proceed(life: &Life, asked: Asked, answers: Vec<StockAnswer>, at: Timestamp) -> Option<OrderEvent> {
    match (life, asked) {
        (Life::Reserving(order, _), _) => match paying::request(order, &answers, at) {
            Some(requested) => Some(requested.into()),
            None => {
                let claims = order.claims.clone();
                Some(StockReserved { answers, claims, answer_by: later(at, ANSWER_WITHIN_S) }.into())
            }
        },
        (Life::Committing(..), _) => Some(StockCommitted { answers }.into()),
        (Life::Committed(order, _), _) => Some(confirm(order, at).into()),
        (Life::Delivering(sold, delivery), Asked::Fulfil(_)) => Some(fulfilment::out(sold, delivery, answers).into()),
        (Life::Compensating(ending), _) => {
            Some(tillroll_schemas::order::Cancelled { answers, ..compensation::over(ending, at) }.into())
        }
        (Life::Confirmed(sold) | Life::Delivering(sold, _) | Life::Fulfilled(sold), Asked::Refund(_)) => {
            reversal::seen_to(life, sold, at)
        }
        (
            Life::NotPlaced
            | Life::Authorising(..)
            | Life::Confirmed(_)
            | Life::Delivering(..)
            | Life::Fulfilled(_)
            | Life::Cancelled(..),
            _,
        ) => None,
    }
}

/// The event by which an order that is placed counts as sold: it repeats every line, for the sales and for the invoice.
pub(crate) fn grows_to(order: &Placed, at: Timestamp) -> OrderEvent {
    confirm(order, at).into()
}

/// It counts as sold; what was held by card is taken, what goes on account is invoiced.
fn confirm(order: &Placed, at: Timestamp) -> Confirmed {
    let capture = paying::charge(order);
    Confirmed {
        told: None,
        sale: sale(order, order.placed_at),
        capture,
        invoice: capture.is_none().then(|| invoicing::invoice(order)),
        cart: cart_of(order),
        answer_by: Some(later(at, ANSWER_WITHIN_S)),
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
        Compensation::Release => Some(Off { answers, ..Off::new(life, reason, at)?.but(wait) }.event(at)),
        Compensation::Stuck => Some(Stuck { answers, ..Stuck::new(asked.step(), reason) }.into()),
    }
}

pub(super) fn reserved(life: Life, event: &StockReserved) -> Life {
    match life {
        Life::Reserving(order, _) => Life::Committing(order, Wait::for_stock(skus(&event.claims), event.answer_by)),
        life => life,
    }
}

pub(super) fn committed(life: Life) -> Life {
    match life {
        Life::Committing(order, wait) => Life::Committed(order, wait.for_own_step()),
        life => life,
    }
}

pub(super) fn confirmed(life: Life, event: &Confirmed) -> Life {
    match life {
        Life::Committed(order, _) => Life::Confirmed(fulfilment::sold(order, settling(event))),
        life => life,
    }
}

/// What is asked for; nothing was before there were cards and invoices.
fn settling(event: &Confirmed) -> Settlement {
    match (event.answer_by, &event.capture, &event.invoice) {
        (Some(answer_by), Some(_), _) => Settlement::Capturing(Wait::for_all([Participant::Payment], answer_by)),
        (Some(answer_by), None, Some(_)) => Settlement::Invoicing(Wait::for_all([Participant::Invoice], answer_by)),
        (None, ..) | (Some(_), None, None) => Settlement::Nothing,
    }
}
