//! What the provider says, in whatever order, however often: a report counts where it says something new, and nowhere
//! else. What contradicts the payment's own story is left to reconciliation.

use tillroll_log::Timestamp;
use tillroll_schemas::Money;
use tillroll_schemas::payment::{
    ActionRequired, Authorised, Call, CaptureRefused, Captured, Created, Declined, Ending, PaymentEvent, RecordReport,
    RefundRefused, Refunded, Report, Stuck, Voided,
};

use super::asking::void_started;
use super::overdue::overdue;
use super::wait::by_then;
use super::{Intended, Life, PaymentState, Standing, Taken, Wait};

pub(super) fn record(state: &PaymentState, command: &RecordReport, at: Timestamp) -> Option<PaymentEvent> {
    let RecordReport { intent, report } = command;
    if let Life::Creating(request, _) = &state.life {
        return match (intent, report) {
            (Some(intent), Report::Created) => {
                let order_id = request.order_id;
                let ask = by_then(state.asking(order_id, at).first(), request);
                Some(Created { order_id, intent: intent.clone(), ask }.into())
            }
            (None, Report::Declined { code }) => {
                Some(Declined { order_id: request.order_id, code: code.clone() }.into())
            }
            _ => None,
        };
    }
    if intent.is_none() || state.life.intent() != intent.as_ref() {
        return None;
    }
    match &state.life {
        Life::Confirming(payment, _) => unauthorised(state, payment, report, true, at),
        Life::ActionRequired(payment, Some(_)) if *report == Report::NotActed => Some(overdue(state, payment, at)),
        Life::ActionRequired(payment, _) => unauthorised(state, payment, report, false, at),
        Life::Authorised(payment) => matches!(report, Report::Cancelled).then(|| lapsed(payment)),
        Life::Capturing(payment, amount, wait) => capturing(payment, *amount, wait, report),
        Life::Captured(taken) => captured(taken, report),
        Life::Voiding(payment, ending, wait) => voiding(payment, ending, wait, report),
        Life::Declined(request, Some(intent), code) => {
            let payment = Intended { request: request.clone(), intent: intent.clone() };
            declined(state, &payment, code, report, at)
        }
        Life::NotRequested | Life::Creating(..) | Life::Declined(..) | Life::Voided(_) => None,
    }
}

/// Of an intent that is being confirmed, by us or by the customer.
fn unauthorised(
    state: &PaymentState,
    payment: &Intended,
    report: &Report,
    confirming: bool,
    at: Timestamp,
) -> Option<PaymentEvent> {
    let order_id = payment.request.order_id;
    let intent = || payment.intent.clone();
    let let_go = |code: &str| void_started(state, payment, Ending::Declined { code: code.to_owned() }, at).into();
    match report {
        Report::RequiresAction if confirming => {
            let action_by = payment.request.action_by;
            Some(ActionRequired { order_id, intent: intent(), action_by }.into())
        }
        Report::Authorised { amount } if *amount == payment.request.amount => {
            Some(Authorised { order_id, intent: intent(), amount: *amount }.into())
        }
        Report::Authorised { .. } => Some(let_go("authorised_other_amount")),
        // The intent is still open: whoever has its secret could pay it with another card.
        Report::Declined { code } => Some(let_go(code)),
        Report::Cancelled => Some(Declined { order_id, code: "cancelled_by_provider".to_owned() }.into()),
        Report::Created
        | Report::RequiresAction
        | Report::NotActed
        | Report::Captured { .. }
        | Report::CaptureRefused { .. }
        | Report::CancelRefused { .. }
        | Report::Refunded { .. }
        | Report::RefundRefused { .. } => None,
    }
}

/// What was held is not any more: providers let go of it by themselves after some days.
fn lapsed(payment: &Intended) -> PaymentEvent {
    Declined { order_id: payment.request.order_id, code: "authorisation_cancelled".to_owned() }.into()
}

fn capturing(payment: &Intended, asked: Money, wait: &Wait, report: &Report) -> Option<PaymentEvent> {
    let order_id = payment.request.order_id;
    match report {
        Report::Captured { amount } if *amount == asked => Some(Captured { order_id, amount: asked }.into()),
        // Somebody took it by hand, while we were asking: the order would be delivered for what it did not cost.
        Report::Captured { amount } => {
            let detail = format!("the provider says that {} {} were captured", amount.amount, amount.currency);
            stuck(
                Call::Capture { intent: payment.intent.clone(), amount: asked },
                wait,
                "captured_other_amount",
                detail,
            )
        }
        Report::CaptureRefused { code } => Some(CaptureRefused { order_id, code: code.clone() }.into()),
        Report::Cancelled => Some(lapsed(payment)),
        Report::Created
        | Report::RequiresAction
        | Report::NotActed
        | Report::Authorised { .. }
        | Report::Declined { .. }
        | Report::CancelRefused { .. }
        | Report::Refunded { .. }
        | Report::RefundRefused { .. } => None,
    }
}

fn captured(taken: &Taken, report: &Report) -> Option<PaymentEvent> {
    let order_id = taken.payment.request.order_id;
    match report {
        Report::Refunded { refund_id } => {
            let refund = taken.refunds.get(refund_id)?;
            let amount = refund.amount;
            let asked = matches!(refund.standing, Standing::Asked(_));
            asked.then(|| Refunded { order_id, refund_id: *refund_id, amount }.into())
        }
        Report::RefundRefused { refund_id, code } => {
            let news = !matches!(taken.refunds.get(refund_id)?.standing, Standing::Refused);
            news.then(|| RefundRefused { order_id, refund_id: *refund_id, code: code.clone() }.into())
        }
        Report::Created
        | Report::RequiresAction
        | Report::NotActed
        | Report::Authorised { .. }
        | Report::Declined { .. }
        | Report::Captured { .. }
        | Report::CaptureRefused { .. }
        | Report::Cancelled
        | Report::CancelRefused { .. } => None,
    }
}

fn voiding(payment: &Intended, ending: &Ending, wait: &Wait, report: &Report) -> Option<PaymentEvent> {
    let order_id = payment.request.order_id;
    let call = || Call::Void { intent: payment.intent.clone() };
    match (report, ending) {
        (Report::Cancelled, Ending::Voided { reason }) => Some(Voided { order_id, reason: reason.clone() }.into()),
        (Report::Cancelled, Ending::Declined { code }) => Some(Declined { order_id, code: code.clone() }.into()),
        (Report::CancelRefused { code }, _) => {
            stuck(call(), wait, code, "the provider refuses to cancel the payment".to_owned())
        }
        (Report::Captured { amount }, _) => {
            let detail = format!("{} {} were captured, and not by this payment", amount.amount, amount.currency);
            stuck(call(), wait, "captured_elsewhere", detail)
        }
        (
            Report::Created
            | Report::RequiresAction
            | Report::NotActed
            | Report::Authorised { .. }
            | Report::Declined { .. }
            | Report::CaptureRefused { .. }
            | Report::Refunded { .. }
            | Report::RefundRefused { .. },
            _,
        ) => None,
    }
}

/// Of one that was declined, in an old log perhaps without being cancelled: money that is held nevertheless is let go.
fn declined(
    state: &PaymentState,
    payment: &Intended,
    code: &str,
    report: &Report,
    at: Timestamp,
) -> Option<PaymentEvent> {
    match report {
        Report::Authorised { .. } => {
            Some(void_started(state, payment, Ending::Declined { code: code.to_owned() }, at).into())
        }
        Report::Created
        | Report::RequiresAction
        | Report::NotActed
        | Report::Declined { .. }
        | Report::Captured { .. }
        | Report::CaptureRefused { .. }
        | Report::Cancelled
        | Report::CancelRefused { .. }
        | Report::Refunded { .. }
        | Report::RefundRefused { .. } => None,
    }
}

/// Nothing new if it is stuck already.
fn stuck(call: Call, wait: &Wait, code: &str, detail: String) -> Option<PaymentEvent> {
    wait.stuck().is_none().then(|| Stuck { call, code: code.to_owned(), detail }.into())
}
