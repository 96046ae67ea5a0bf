//! What an order asks of its payment: to hold, to take, to let go, to give back.

use tillroll_log::Timestamp;
use tillroll_schemas::payment::{
    CapturePayment, CaptureRequested, Ending, PaymentEvent, RefundPayment, RefundRequested, RequestPayment, Requested,
    VoidPayment, VoidRecorded, VoidStarted, Voided,
};
use tillroll_schemas::{Money, OrderId};

use super::wait::{Asking, by_then};
use super::{Intended, Life, PaymentRejection, PaymentState, Refund, Standing, Taken};

type Decision = Result<Option<PaymentEvent>, PaymentRejection>;

impl PaymentState {
    /// Asks with deadlines after that time.
    pub(super) fn asking(&self, order: OrderId, after: Timestamp) -> Asking {
        Asking::new(order, self.calls, after)
    }
}

pub(super) fn request(state: &PaymentState, command: &RequestPayment, at: Timestamp) -> Decision {
    let asked_before =
        |same: bool, standing: Decision| if same { standing } else { Err(PaymentRejection::AnotherRequest) };
    let same = state
        .life
        .request()
        .is_some_and(|request| (request.order_id, request.amount) == (command.order_id, command.amount));
    match &state.life {
        Life::NotRequested if command.amount.amount <= 0 => Err(PaymentRejection::InvalidAmount),
        Life::NotRequested => Ok(Some(requested(state, command, at).into())),
        Life::Creating(..) | Life::Confirming(..) | Life::ActionRequired(..) | Life::Voiding(..) => {
            asked_before(same, Err(PaymentRejection::InProgress))
        }
        Life::Authorised(_) | Life::Capturing(..) | Life::Captured(_) => asked_before(same, Ok(None)),
        Life::Declined(..) => asked_before(same, Err(PaymentRejection::Declined)),
        Life::Voided(_) => Err(PaymentRejection::Voided),
    }
}

fn requested(state: &PaymentState, command: &RequestPayment, at: Timestamp) -> Requested {
    let RequestPayment { order_id, user_id, amount, method_token, reference, answer_by, action_by } = command.clone();
    let ask = state.asking(order_id, at).first();
    let requested = Requested { order_id, user_id, amount, method_token, reference, answer_by, action_by, ask };
    Requested { ask: by_then(ask, &requested), ..requested }
}

pub(super) fn capture(state: &PaymentState, command: &CapturePayment, at: Timestamp) -> Decision {
    match &state.life {
        Life::Authorised(payment) => {
            let (intent, amount) = (payment.intent.clone(), command.amount);
            within(amount, payment.request.amount, PaymentRejection::ExceedsAuthorised)?;
            let ask = state.asking(payment.request.order_id, at).first();
            Ok(Some(CaptureRequested { order_id: payment.request.order_id, intent, amount, ask }.into()))
        }
        Life::Capturing(_, amount, _) if *amount == command.amount => Err(PaymentRejection::InProgress),
        Life::Captured(taken) if taken.captured == command.amount => Ok(None),
        Life::Capturing(..) | Life::Captured(_) => Err(PaymentRejection::AlreadyCaptured),
        Life::NotRequested
        | Life::Creating(..)
        | Life::Confirming(..)
        | Life::ActionRequired(..)
        | Life::Voiding(..)
        | Life::Declined(..)
        | Life::Voided(_) => Err(PaymentRejection::NotAuthorised),
    }
}

pub(super) fn void(state: &PaymentState, command: &VoidPayment, at: Timestamp) -> Decision {
    let VoidPayment { order_id, reason } = command.clone();
    match &state.life {
        // Nothing is held: an intent that no event names is never confirmed.
        Life::NotRequested | Life::Creating(..) => Ok(Some(Voided { order_id, reason }.into())),
        Life::Confirming(payment, _) | Life::ActionRequired(payment, _) | Life::Authorised(payment) => {
            Ok(Some(void_started(state, payment, Ending::Voided { reason }, at).into()))
        }
        Life::Voiding(_, Ending::Voided { .. }, _) => Err(PaymentRejection::InProgress),
        Life::Voiding(_, Ending::Declined { .. }, _) => Ok(Some(VoidRecorded { order_id, reason }.into())),
        Life::Capturing(..) => Err(PaymentRejection::Capturing),
        Life::Captured(_) => Err(PaymentRejection::Captured),
        Life::Declined(..) | Life::Voided(_) => Ok(None),
    }
}

/// The payment lets go of whatever may be held.
pub(super) fn void_started(state: &PaymentState, payment: &Intended, ending: Ending, after: Timestamp) -> VoidStarted {
    let order_id = payment.request.order_id;
    let ask = state.asking(order_id, after).first();
    VoidStarted { order_id, intent: payment.intent.clone(), ending, ask }
}

pub(super) fn refund(state: &PaymentState, command: &RefundPayment, at: Timestamp) -> Decision {
    let Life::Captured(taken) = &state.life else { return Err(PaymentRejection::NotCaptured) };
    let RefundPayment { order_id: _, refund_id, amount, reason } = command.clone();
    match taken.refunds.get(&refund_id) {
        Some(refund) if refund.amount != amount => Err(PaymentRejection::AnotherRefund),
        Some(Refund { standing: Standing::Asked(_), .. }) => Err(PaymentRejection::InProgress),
        Some(Refund { standing: Standing::Done, .. }) => Ok(None),
        Some(Refund { standing: Standing::Refused, .. }) => Err(PaymentRejection::RefundRefused),
        None => {
            within(amount, taken.left(), PaymentRejection::ExceedsCaptured)?;
            let (order_id, intent) = (taken.payment.request.order_id, taken.payment.intent.clone());
            let ask = state.asking(order_id, at).first();
            Ok(Some(RefundRequested { order_id, intent, refund_id, amount, reason, ask }.into()))
        }
    }
}

/// Whether it is an amount of the payment's currency, and not too much.
fn within(amount: Money, most: Money, too_much: PaymentRejection) -> Result<(), PaymentRejection> {
    if amount.currency != most.currency {
        Err(PaymentRejection::CurrencyMismatch)
    } else if amount.amount <= 0 {
        Err(PaymentRejection::InvalidAmount)
    } else if amount.amount > most.amount {
        Err(too_much)
    } else {
        Ok(())
    }
}

impl Taken {
    /// What has gone back.
    pub fn refunded(&self) -> Money {
        self.sum(|standing| matches!(standing, Standing::Done))
    }

    /// What can still go back: neither gone nor on its way.
    pub fn left(&self) -> Money {
        let spoken_for = self.sum(|standing| !matches!(standing, Standing::Refused));
        Money { amount: self.captured.amount - spoken_for.amount, currency: self.captured.currency }
    }

    /// No sum is greater than what was captured, so none wraps.
    fn sum(&self, counts: impl Fn(&Standing) -> bool) -> Money {
        let refunds = self.refunds.values().filter(|refund| counts(&refund.standing));
        Money { amount: refunds.map(|refund| refund.amount.amount).sum(), currency: self.captured.currency }
    }
}
