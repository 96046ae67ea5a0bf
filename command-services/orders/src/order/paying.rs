//! Paying by card: what the order asks of its payment, and what it makes of the answers, in whatever order they come.
//! `declined` means that nothing is held and nothing will be; whatever else ends a checkout is undone.

use tillroll_schemas::Timestamp;
use tillroll_schemas::order::{
    Charge, OrderEvent, PaymentActionRequired, PaymentAuthorised, PaymentCaptured, PaymentRequested, PaymentTerms,
    Placed, Reason, Step, StockAnswer,
};
use tillroll_schemas::payment::PaymentOutcome;

use super::compensation::{self, Off};
use super::placing::skus;
use super::wait::{ANSWER_WITHIN_S, Participant, Wait, is_decided, later, longest_wait_s};
use super::{Life, Settlement, Sold, invoicing, reversal};

/// How long the payment tries to hold the money, in seconds: less than the order waits for it.
const AUTHORISE_WITHIN_S: i64 = 240;
/// How long the customer has to authenticate himself, in seconds.
const ACT_WITHIN_S: i64 = 15 * 60;
/// How long the payment may take to say that he did not, in seconds.
const TOLD_WITHIN_S: i64 = 60;

/// The reason of an order whose payment was declined.
const DECLINED: &str = "payment_declined";
/// The reason of an order whose money could not be taken.
const NOT_CAPTURED: &str = "payment_failed";
/// The reason of an order whose customer did not authenticate himself in time.
pub(super) const EXPIRED: &str = "payment_expired";
/// The payment's code for that.
const ACTION_OVERDUE: &str = "action_overdue";

/// The provider's code for a token that stands for no card it knows.
const UNKNOWN_CARD: &str = "resource_missing";

/// How long an authorisation is waited for at most, in seconds, whoever has to act.
pub(super) const fn longest_authorisation_s() -> i64 {
    let by_the_payment = longest_wait_s(Step::Authorise);
    let by_the_customer = ACT_WITHIN_S + TOLD_WITHIN_S;
    if by_the_payment > by_the_customer { by_the_payment } else { by_the_customer }
}

/// What is paid by card of an order: nothing if it is on account, or costs nothing.
pub(super) fn charge(order: &Placed) -> Option<Charge> {
    let payment_id = order.payment.payment_id()?;
    let amount = order.totals.gross;
    (amount.amount > 0).then_some(Charge { payment_id, amount })
}

/// Asks for the money of an order whose pieces are held; none if it pays nothing by card.
pub(super) fn request(order: &Placed, answers: &[StockAnswer], at: Timestamp) -> Option<PaymentRequested> {
    let Charge { payment_id, amount } = charge(order)?;
    let PaymentTerms::Card { token, .. } = &order.payment else { return None };
    Some(PaymentRequested {
        answers: answers.to_vec(),
        payment_id,
        user_id: order.user_id,
        amount,
        method_token: token.clone(),
        reference: order.reference.clone(),
        authorise_by: later(at, AUTHORISE_WITHIN_S),
        action_by: later(at, ACT_WITHIN_S),
        answer_by: later(at, ANSWER_WITHIN_S),
    })
}

/// What the payment answered. Late, doubled and foreign answers change nothing.
pub(super) fn record(life: &Life, outcome: &PaymentOutcome, at: Timestamp) -> Option<OrderEvent> {
    match life {
        Life::Authorising(order, _, action_by) => authorising(life, order, *action_by, outcome, at),
        Life::Compensating(ending) => compensation::hear_payment(ending, outcome, at),
        Life::Cancelled(order, _, refunds) if refunds.is_empty() => compensation::held_after_all(order, outcome, at),
        Life::Cancelled(_, _, refunds) => reversal::sent_back(refunds, outcome),
        Life::Confirmed(sold) | Life::Delivering(sold, _) | Life::Fulfilled(sold) => match &sold.settlement {
            Settlement::Capturing(wait) => capturing(life, sold, wait, outcome, at),
            Settlement::Refunding(asked, wait) => reversal::hear_payment(life, sold, asked, wait, outcome, at),
            Settlement::Nothing | Settlement::Invoicing(_) | Settlement::Done | Settlement::Crediting(..) => {
                reversal::bounced(sold, outcome)
            }
        },
        Life::NotPlaced | Life::Reserving(..) | Life::Committing(..) | Life::Committed(..) => None,
    }
}

fn authorising(
    life: &Life,
    order: &Placed,
    action_by: Option<Timestamp>,
    outcome: &PaymentOutcome,
    at: Timestamp,
) -> Option<OrderEvent> {
    match outcome {
        PaymentOutcome::Authorised => {
            let answer_by = later(at, ANSWER_WITHIN_S);
            Some(PaymentAuthorised { claims: order.claims.clone(), answer_by }.into())
        }
        PaymentOutcome::RequiresAction { action_by: until } if action_by.is_none() => {
            let answer_by = later((*until).max(at), TOLD_WITHIN_S);
            Some(PaymentActionRequired { told: None, action_by: *until, answer_by }.into())
        }
        PaymentOutcome::Declined { code } | PaymentOutcome::RequestRefused { code } => {
            let off = Off { payment_answer: Some(outcome.clone()), ..Off::new(life, not_authorised(code), at)? };
            // What nobody decided may still be: it is voided, so that it holds nothing then either.
            Some(if holds_nothing(outcome) { Off { undo: None, ..off } } else { off }.event(at))
        }
        PaymentOutcome::RequiresAction { .. }
        | PaymentOutcome::Captured { .. }
        | PaymentOutcome::CaptureRefused { .. }
        | PaymentOutcome::Voided
        | PaymentOutcome::VoidRefused { .. }
        | PaymentOutcome::Refunded { .. }
        | PaymentOutcome::RefundRefused { .. } => None,
    }
}

fn not_authorised(code: &str) -> Reason {
    let reason = if code == ACTION_OVERDUE { EXPIRED } else { DECLINED };
    let detail = if code == UNKNOWN_CARD {
        format!("the payment provider knows no card by this token: {code}")
    } else {
        format!("the payment was not authorised: {code}")
    };
    Reason { code: reason.to_owned(), detail }
}

/// Whether the payment holds nothing, and never will. Earlier builds said `declined` of undecided requests, too.
fn holds_nothing(outcome: &PaymentOutcome) -> bool {
    matches!(outcome, PaymentOutcome::Declined { code } if is_decided(code))
}

fn capturing(life: &Life, sold: &Sold, wait: &Wait, outcome: &PaymentOutcome, at: Timestamp) -> Option<OrderEvent> {
    match outcome {
        PaymentOutcome::Captured { amount } => {
            let invoice = invoicing::invoice(&sold.order);
            Some(PaymentCaptured { amount: *amount, invoice, answer_by: later(at, ANSWER_WITHIN_S) }.into())
        }
        PaymentOutcome::CaptureRefused { code } | PaymentOutcome::Declined { code }
            if wait.is_open(&Participant::Payment) =>
        {
            let detail = format!("the money could not be taken: {code}");
            let reason = Reason { code: NOT_CAPTURED.to_owned(), detail };
            let off = Off { payment_answer: Some(outcome.clone()), ..Off::new(life, reason, at)? };
            Some(if holds_nothing(outcome) { Off { undo: None, ..off } } else { off }.event(at))
        }
        PaymentOutcome::CaptureRefused { .. }
        | PaymentOutcome::Declined { .. }
        | PaymentOutcome::Authorised
        | PaymentOutcome::RequiresAction { .. }
        | PaymentOutcome::RequestRefused { .. }
        | PaymentOutcome::Voided
        | PaymentOutcome::VoidRefused { .. }
        | PaymentOutcome::Refunded { .. }
        | PaymentOutcome::RefundRefused { .. } => None,
    }
}

pub(super) fn requested(life: Life, event: &PaymentRequested) -> Life {
    match life {
        Life::Reserving(order, _) => {
            Life::Authorising(order, Wait::for_all([Participant::Payment], event.answer_by), None)
        }
        life => life,
    }
}

pub(super) fn action_required(life: Life, event: &PaymentActionRequired) -> Life {
    match life {
        Life::Authorising(order, ..) => {
            let wait = Wait::for_all([Participant::Payment], event.answer_by);
            Life::Authorising(order, wait, Some(event.action_by))
        }
        life => life,
    }
}

pub(super) fn authorised(life: Life, event: &PaymentAuthorised) -> Life {
    match life {
        Life::Authorising(order, ..) => Life::Committing(order, Wait::for_stock(skus(&event.claims), event.answer_by)),
        life => life,
    }
}

pub(super) fn captured(life: Life, event: &PaymentCaptured) -> Life {
    life.map_sold(|sold| {
        let wait = Wait::for_all([Participant::Invoice], event.answer_by);
        Sold { settlement: Settlement::Invoicing(wait), ..sold }
    })
}
