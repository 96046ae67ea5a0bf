//! What an operator does with an order that is stuck: asks again, gives its delivery up, or says that the step is done.
//! Each is an event of the order, so who did what when, and why, stands in its history.
//!
//! Asking again is safe: a stock item lets go once, and lets the pieces of one delivery leave once; a payment is voided
//! once, makes a refund of one id once, and a document has one number.

use tillroll_schemas::order::{
    Asked as AskedDocument, CompensateStuck, CompleteStep, DocumentKind, OrderEvent, Placed, Reason, RetryStep, Step,
    StepCompleted, StepRetried, StockClaim, Undo,
};
use tillroll_schemas::{FulfilmentId, Timestamp};

use super::compensation::{Off, once_more};
use super::placing::is_tracked;
use super::wait::{ANSWER_WITHIN_S, Asked, Participant, Wait, later};
use super::{Delivery, Ending, Life, OrderRejection, Settlement, invoicing};

/// The reason of an order whose delivery an operator gave up.
const COMPENSATED: &str = "compensated_by_operator";

/// Those who have not done it are asked again.
pub(super) fn retry(life: &Life, command: &RetryStep, at: Timestamp) -> Result<Option<OrderEvent>, OrderRejection> {
    let (asked, wait) = stuck(life)?;
    let event = StepRetried {
        step: asked.step(),
        reason: command.reason.clone(),
        claims: open_claims(life, asked, wait),
        fulfilment_id: fulfilment(asked),
        undo: wait.is_open(&Participant::Payment).then(|| undo(life, wait)).flatten(),
        document: wait.is_open(&Participant::Invoice).then(|| document(life, at)).flatten(),
        answer_by: life.apart(later(at, ANSWER_WITHIN_S)),
    };
    Ok(Some(event.into()))
}

/// A delivery of which nothing has left is given up, and the order with it: what is held is released.
pub(super) fn compensate(
    life: &Life,
    command: &CompensateStuck,
    at: Timestamp,
) -> Result<Option<OrderEvent>, OrderRejection> {
    let (asked, wait) = stuck(life)?;
    let (Life::Delivering(sold, delivery), Asked::Fulfil(_)) = (life, asked) else {
        return Err(match life {
            Life::Compensating(_) => OrderRejection::OrderCancelled,
            _ => OrderRejection::CannotBeGivenUp,
        });
    };
    if !sold.delivered.is_empty() || !nothing_has_left(delivery, wait, &sold.order) {
        return Err(OrderRejection::AlreadyFulfilled);
    }
    // What was not decided may still be: pieces would leave for an order that is off.
    if !wait.open_stock().all(|sku| wait.holds_nothing(sku)) {
        return Err(OrderRejection::FulfilmentUnanswered);
    }
    sold.can_be_called_off()?;
    let reason = Reason { code: COMPENSATED.to_owned(), detail: command.reason.clone() };
    Ok(Off::new(life, reason, at).map(|off| off.event(at)))
}

/// The operator has seen to it himself: the step counts as done by those who have not done it.
pub(super) fn complete(
    life: &Life,
    command: &CompleteStep,
    at: Timestamp,
) -> Result<Option<OrderEvent>, OrderRejection> {
    let (asked, wait) = stuck(life)?;
    // What is taken after that nobody would give back: the payment has to be seen to first.
    if matches!(life, Life::Compensating(Ending { capturing: true, .. })) && wait.is_open(&Participant::Payment) {
        return Err(OrderRejection::PaymentPending);
    }
    let event = StepCompleted {
        step: asked.step(),
        reason: command.reason.clone(),
        skus: wait.open_stock().cloned().collect(),
        answer_by: life.apart(later(at, ANSWER_WITHIN_S)),
    };
    Ok(Some(event.into()))
}

fn stuck(life: &Life) -> Result<(Asked, &Wait), OrderRejection> {
    if life.order().is_none() {
        return Err(OrderRejection::NotFound);
    }
    life.waits().find(|(_, wait)| wait.stuck().is_some()).ok_or(OrderRejection::NotStuck)
}

/// What those hold, or are to let leave, who have not done it.
fn open_claims(life: &Life, asked: Asked, wait: &Wait) -> Vec<StockClaim> {
    let claims: &[StockClaim] = match (life, asked) {
        (Life::Delivering(_, delivery), Asked::Fulfil(_)) => &delivery.items,
        (life, _) => life.order().map_or(&[], |order| order.claims.as_slice()),
    };
    claims.iter().filter(|claim| wait.is_open(&Participant::Stock(claim.sku.clone()))).cloned().collect()
}

fn fulfilment(asked: Asked) -> Option<FulfilmentId> {
    match asked {
        Asked::Fulfil(id) => Some(id),
        Asked::Reserve
        | Asked::Authorise
        | Asked::Commit
        | Asked::Capture
        | Asked::Invoice
        | Asked::Release
        | Asked::Refund(_) => None,
    }
}

/// What the payment is asked once more.
fn undo(life: &Life, wait: &Wait) -> Option<Undo> {
    match life {
        Life::Compensating(ending) => ending.undo.map(|undo| once_more(undo, wait)),
        life => match &life.sold()?.settlement {
            Settlement::Refunding(asked, _) => {
                let (refund_id, amount) = (asked.reversal.refund_id, asked.reversal.amount);
                Some(Undo::Refund { payment_id: asked.payment_id, refund_id, amount })
            }
            Settlement::Nothing
            | Settlement::Capturing(_)
            | Settlement::Invoicing(_)
            | Settlement::Done
            | Settlement::Crediting(..) => None,
        },
    }
}

/// What a number is asked for once more. One that was asked for when its month was another would have two: its date is
/// that of the first time.
fn document(life: &Life, at: Timestamp) -> Option<AskedDocument> {
    match life {
        Life::Compensating(ending) => {
            let kind = DocumentKind::Cancellation;
            Some(AskedDocument { kind, paper: invoicing::credit_note(&ending.order, ending.credited_at.unwrap_or(at)) })
        }
        life => {
            let sold = life.sold()?;
            match &sold.settlement {
                Settlement::Invoicing(_) => {
                    Some(AskedDocument { kind: DocumentKind::Invoice, paper: invoicing::invoice(&sold.order) })
                }
                Settlement::Crediting(refunded, _) => {
                    let kind = DocumentKind::Refund { refund_id: refunded.reversal.refund_id };
                    Some(AskedDocument { kind, paper: refunded.credit_note.clone() })
                }
                Settlement::Nothing | Settlement::Capturing(_) | Settlement::Done | Settlement::Refunding(..) => None,
            }
        }
    }
}

/// Whether every stock item of the delivery still has to let its pieces go.
fn nothing_has_left(delivery: &Delivery, wait: &Wait, order: &Placed) -> bool {
    let mut tracked = delivery.items.iter().filter(|item| is_tracked(order, &item.sku));
    tracked.all(|item| wait.is_open(&Participant::Stock(item.sku.clone())))
}

pub(super) fn retried(life: Life, event: &StepRetried) -> Life {
    let life = match (life, event.undo) {
        (Life::Compensating(ending), Some(undo)) => {
            Life::Compensating(Ending { undo: Some(undo), capturing: false, ..ending })
        }
        (life, _) => life,
    };
    life.map_wait(event.step, |wait| wait.asked_again(event.answer_by))
}

pub(super) fn completed(life: Life, event: &StepCompleted) -> Life {
    match (life, event.step) {
        // A number that somebody has seen to needs no step of its own.
        (life, Step::Invoice) => invoicing::invoiced(life),
        (Life::Compensating(ending), Step::Release) => Life::Compensating(ending.seen_to(event.answer_by)),
        (life, step) => life.map_wait(step, |wait| wait.over_by_hand(event.answer_by)),
    }
}
