//! Waits that are over: the call is made again. When that was often enough, what holds no money is declined, what may
//! hold some is voided, and what should take, free or return money is stuck until an operator has it tried again.

use tillroll_log::Timestamp;
use tillroll_schemas::payment::{ActionOverdue, Ask, Call, CallRepeated, Declined, Ending, PaymentEvent, Stuck};

use super::asking::void_started;
use super::wait::{Asking, by_then};
use super::{Intended, Life, PaymentState, Wait};

/// The code when no outcome became known.
const UNAVAILABLE: &str = "provider_unavailable";
/// The code when the customer did not act.
const ACTION_OVERDUE: &str = "action_overdue";
/// How often it is looked again whether he has.
const LOOKED_AGAIN: u32 = 1;

pub(super) fn wait_over(state: &PaymentState, deadline: Timestamp, at: Timestamp) -> Option<PaymentEvent> {
    let after = at.max(deadline);
    if let Life::ActionRequired(payment, None) = &state.life {
        let (order_id, intent) = (payment.request.order_id, payment.intent.clone());
        let ask = state.asking(order_id, after).first();
        return (payment.request.action_by <= deadline).then(|| ActionOverdue { order_id, intent, ask }.into());
    }
    let (call, wait) = state.life.waits().find(|(_, wait)| wait.is_over(deadline))?;
    let asking = state.asking(state.life.request()?.order_id, after);
    match next(&state.life, asking, wait.ask(), deadline) {
        Some(ask) => Some(CallRepeated { call, ask, reason: None }.into()),
        None => Some(given_up(state, call, wait, after)),
    }
}

/// The customer has not acted, as far as anybody knows.
pub(super) fn overdue(state: &PaymentState, payment: &Intended, after: Timestamp) -> PaymentEvent {
    void_started(state, payment, Ending::Declined { code: ACTION_OVERDUE.to_owned() }, after).into()
}

/// The next call, if there is to be one. An authorisation has its own end.
fn next(life: &Life, asking: Asking, last: &Ask, deadline: Timestamp) -> Option<Ask> {
    let ask = asking.again(last)?;
    match life {
        Life::Creating(request, _) => (deadline < request.answer_by).then(|| by_then(ask, request)),
        Life::Confirming(payment, _) => (deadline < payment.request.answer_by).then(|| by_then(ask, &payment.request)),
        // The order does not wait for long.
        Life::ActionRequired(..) => (last.attempt < LOOKED_AGAIN).then_some(ask),
        Life::NotRequested
        | Life::Authorised(_)
        | Life::Capturing(..)
        | Life::Captured(_)
        | Life::Voiding(..)
        | Life::Declined(..)
        | Life::Voided(_) => Some(ask),
    }
}

fn given_up(state: &PaymentState, call: Call, wait: &Wait, after: Timestamp) -> PaymentEvent {
    match &state.life {
        // Whatever the provider has made of it holds nothing: no event names it, so nobody confirms it.
        Life::Creating(request, _) => Declined { order_id: request.order_id, code: UNAVAILABLE.to_owned() }.into(),
        Life::Confirming(payment, _) => {
            let ending = Ending::Declined { code: UNAVAILABLE.to_owned() };
            void_started(state, payment, ending, after).into()
        }
        Life::ActionRequired(payment, _) => overdue(state, payment, after),
        Life::NotRequested
        | Life::Authorised(_)
        | Life::Capturing(..)
        | Life::Captured(_)
        | Life::Voiding(..)
        | Life::Declined(..)
        | Life::Voided(_) => {
            let detail = format!("the outcome of {} attempts is not known", wait.ask().attempt + 1);
            Stuck { call, code: UNAVAILABLE.to_owned(), detail }.into()
        }
    }
}
