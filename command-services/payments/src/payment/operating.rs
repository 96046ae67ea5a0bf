//! What an operator does with a payment that is stuck: has the call made again, or says what has become of it, as he has
//! seen at the provider. Of several calls that are stuck the one that was asked for first. Each is an event with his
//! reason; what it says of money the order is told as if the provider had said it.

use tillroll_log::Timestamp;
use tillroll_schemas::OrderId;
use tillroll_schemas::payment::{
    Call, CallCompleted, CallRefused, CallRepeated, CompleteCall, PaymentEvent, RefuseCall, RetryCall,
};

use super::{Life, PaymentRejection, PaymentState, Wait};

type Decision = Result<Option<PaymentEvent>, PaymentRejection>;

pub(super) fn retry(state: &PaymentState, command: &RetryCall, at: Timestamp) -> Decision {
    let (order, call, wait) = stuck(state)?;
    let ask = state.asking(order, at).anew(wait.ask());
    Ok(Some(CallRepeated { call, ask, reason: command.reason.clone() }.into()))
}

/// The call is done. A void is done when nothing is held: whatever was, he has seen to it.
pub(super) fn complete(state: &PaymentState, command: &CompleteCall) -> Decision {
    let (order_id, call, _) = stuck(state)?;
    let ending = match &state.life {
        Life::Voiding(_, ending, _) => Some(ending.clone()),
        Life::NotRequested
        | Life::Creating(..)
        | Life::Confirming(..)
        | Life::ActionRequired(..)
        | Life::Authorised(_)
        | Life::Capturing(..)
        | Life::Captured(_)
        | Life::Declined(..)
        | Life::Voided(_) => None,
    };
    Ok(Some(CallCompleted { order_id, call, ending, reason: command.reason.clone() }.into()))
}

/// The call moved no money and will not. Not of a void: what may be held is never given up.
pub(super) fn refuse(state: &PaymentState, command: &RefuseCall) -> Decision {
    let (order_id, call, _) = stuck(state)?;
    match call {
        Call::Capture { .. } | Call::Refund { .. } => {
            Ok(Some(CallRefused { order_id, call, reason: command.reason.clone() }.into()))
        }
        Call::Create { .. } | Call::Confirm { .. } | Call::Look { .. } | Call::Void { .. } => {
            Err(PaymentRejection::MayBeHeld)
        }
    }
}

fn stuck(state: &PaymentState) -> Result<(OrderId, Call, &Wait), PaymentRejection> {
    if state.version == 0 {
        return Err(PaymentRejection::NotFound);
    }
    let stuck = state.life.waits().filter(|(_, wait)| wait.stuck().is_some());
    let (call, wait) = stuck.min_by_key(|(_, wait)| wait.ask().nth).ok_or(PaymentRejection::NotStuck)?;
    let request = state.life.request().ok_or(PaymentRejection::NotStuck)?;
    Ok((request.order_id, call, wait))
}
