//! The outside world: from an event to a call to the provider, and from its answer to a report.
//!
//! At least once: a call that is made again bears the same idempotency key, or looks first how things stand. What is
//! not known yields nothing; the payment's own timer asks again.

use std::sync::Arc;

use tillroll_log::{Cause, EffectFuture, Effects, Outgoing};
use tillroll_schemas::payment::{Ask, Call, IntentId, PaymentCommand, PaymentEvent, RecordReport, Report};
use tillroll_schemas::{Money, PaymentId, RefundId, catalogue};

use crate::payment::{Payment, PaymentState};
use crate::provider::{
    Answer, IdempotencyKey, Intent, IntentStatus, NewIntent, NewRefund, Provider, RefundSeen, RefundStatus,
};

/// What payments ask of their provider.
pub struct PaymentEffects<P>(Arc<P>);

impl<P: Provider> PaymentEffects<P> {
    /// Asks this one.
    pub fn new(provider: P) -> Self {
        Self(Arc::new(provider))
    }
}

impl<P: Provider> Effects<Payment> for PaymentEffects<P> {
    fn on_event(&self, cause: &Cause, event: &PaymentEvent) -> Option<EffectFuture> {
        // Orders ask by payment id, so a key that is none has never asked for anything.
        let payment: PaymentId = cause.key.parse().ok()?;
        let (call, ask) = event.call()?;
        let provider = self.0.clone();
        Some(Box::pin(async move { told(provider.as_ref(), payment, &call, &ask).await }))
    }

    /// Each call has a number of its own: it is wanted while the payment waits for that very one.
    fn wanted(&self, state: &PaymentState, event: &PaymentEvent) -> bool {
        event.call().is_some_and(|(_, ask)| state.life.waits().any(|(_, wait)| wait.ask().nth == ask.nth))
    }
}

/// Makes the call. The command tells the payment what came of it; there is none if nobody knows.
///
/// # Errors
/// A report that cannot be written as JSON.
pub async fn told<P: Provider>(
    provider: &P,
    payment: PaymentId,
    call: &Call,
    ask: &Ask,
) -> Result<Vec<Outgoing>, serde_json::Error> {
    let Some(report) = perform(provider, payment, call, ask).await else { return Ok(Vec::new()) };
    let command: PaymentCommand = report.into();
    Ok(vec![Outgoing::new(catalogue::PAYMENT, payment.to_string(), "report", &command)?])
}

/// Makes the call. None if its outcome is not known.
pub async fn perform<P: Provider>(provider: &P, payment: PaymentId, call: &Call, ask: &Ask) -> Option<RecordReport> {
    match call {
        Call::Create { amount, method_token, reference } => {
            let (method_token, reference) = (method_token.clone(), reference.clone());
            create(provider, NewIntent { payment, amount: *amount, method_token, reference }).await
        }
        Call::Confirm { intent } => by_intent(provider, payment, intent, ask, Wish::Confirm).await,
        Call::Look { intent } => look(provider, intent).await,
        Call::Capture { intent, amount } => by_intent(provider, payment, intent, ask, Wish::Capture(*amount)).await,
        Call::Void { intent } => by_intent(provider, payment, intent, ask, Wish::Void).await,
        Call::Refund { intent, refund_id, amount } => {
            let (intent, refund, amount) = (intent.clone(), *refund_id, *amount);
            give_back(provider, ask, NewRefund { payment, intent, refund, amount }).await
        }
    }
}

async fn create<P: Provider>(provider: &P, new: NewIntent) -> Option<RecordReport> {
    let key = IdempotencyKey::new(format_args!("{}/create", new.payment));
    match provider.create(&key, &new).await {
        Answer::Done(intent) => Some(RecordReport { intent: Some(intent.id), report: Report::Created }),
        Answer::Refused { code, .. } => Some(RecordReport { intent: None, report: Report::Declined { code } }),
        Answer::Unknown(_) => None,
    }
}

/// Whether a customer whose time is over has acted.
async fn look<P: Provider>(provider: &P, intent: &IntentId) -> Option<RecordReport> {
    let Answer::Done(seen) = provider.retrieve(intent).await else { return None };
    let report = match report_of(&seen) {
        Some(Report::Created | Report::RequiresAction) => Some(Report::NotActed),
        report => report,
    };
    report.map(|report| RecordReport { intent: Some(intent.clone()), report })
}

/// What is wished of an intent that is there.
#[derive(Clone, Copy)]
enum Wish {
    Confirm,
    Capture(Money),
    Void,
}

impl Wish {
    /// Whether how it stands is an end of this wish.
    fn is_answered_by(self, status: IntentStatus) -> bool {
        match status {
            IntentStatus::Cancelled | IntentStatus::Succeeded => true,
            IntentStatus::RequiresAction | IntentStatus::RequiresCapture | IntentStatus::RequiresPaymentMethod => {
                matches!(self, Self::Confirm)
            }
            IntentStatus::RequiresConfirmation | IntentStatus::Processing => false,
        }
    }

    fn refused(self, code: String) -> Report {
        match self {
            Self::Confirm => Report::Declined { code },
            Self::Capture(_) => Report::CaptureRefused { code },
            Self::Void => Report::CancelRefused { code },
        }
    }
}

/// A call that moves an intent from one status to the next: the provider does that once by its nature. So each attempt
/// has a key of its own (a fault that is kept under a key would come back for ever), and looks before it asks again.
async fn by_intent<P: Provider>(
    provider: &P,
    payment: PaymentId,
    intent: &IntentId,
    ask: &Ask,
    wish: Wish,
) -> Option<RecordReport> {
    let reported = |report| Some(RecordReport { intent: Some(intent.clone()), report });
    if ask.attempt + ask.round > 0 {
        match provider.retrieve(intent).await {
            Answer::Done(seen) if wish.is_answered_by(seen.status) => return report_of(&seen).and_then(reported),
            Answer::Done(_) => {}
            // A look that is refused is no look.
            Answer::Refused { .. } | Answer::Unknown(_) => return None,
        }
    }
    let key = IdempotencyKey::new(format_args!("{payment}/{}", ask.nth));
    let answer = match wish {
        Wish::Confirm => provider.confirm(&key, intent).await,
        Wish::Capture(amount) => provider.capture(&key, intent, amount).await,
        Wish::Void => provider.void(&key, intent).await,
    };
    match answer {
        Answer::Done(seen) => report_of(&seen).filter(|_| wish.is_answered_by(seen.status)).and_then(reported),
        Answer::Refused { seen: Some(seen), .. } if seen.status == IntentStatus::Processing => None,
        Answer::Refused { code, seen: Some(seen) } => {
            let standing = report_of(&seen).filter(|_| wish.is_answered_by(seen.status));
            reported(standing.unwrap_or_else(|| wish.refused(code)))
        }
        // Who does not say how the intent stands has not decided on it: what was done before may stand.
        Answer::Refused { seen: None, .. } | Answer::Unknown(_) => None,
    }
}

/// A refund is looked for before it is asked for, the first time too: this very call may be one that was made before,
/// after a failover or from a position that was lost, and the provider forgets keys after a day. The key holds two at
/// once apart; an operator's round has another.
async fn give_back<P: Provider>(provider: &P, ask: &Ask, new: NewRefund) -> Option<RecordReport> {
    let reported = |report| Some(RecordReport { intent: Some(new.intent.clone()), report });
    match provider.refunds(&new.intent).await {
        Answer::Done(seen) => {
            let ours = seen.iter().find(|seen| seen.refund == Some(new.refund));
            if let Some(seen) = ours {
                return reported(refund_report(new.refund, seen));
            }
        }
        // Who may not look does not ask: it may have gone back before.
        Answer::Refused { .. } | Answer::Unknown(_) => return None,
    }
    let key = IdempotencyKey::new(format_args!("{}/{}", new.refund, ask.round));
    match provider.refund(&key, &new).await {
        Answer::Done(seen) => reported(refund_report(new.refund, &seen)),
        Answer::Refused { code, .. } => reported(Report::RefundRefused { refund_id: new.refund, code }),
        Answer::Unknown(_) => None,
    }
}

/// What an intent's standing says to its payment; none if it says nothing.
pub fn report_of(seen: &Intent) -> Option<Report> {
    match seen.status {
        IntentStatus::RequiresConfirmation => Some(Report::Created),
        IntentStatus::RequiresAction => Some(Report::RequiresAction),
        IntentStatus::RequiresCapture => Some(Report::Authorised { amount: seen.capturable }),
        IntentStatus::Succeeded => Some(Report::Captured { amount: seen.received }),
        IntentStatus::Cancelled => Some(Report::Cancelled),
        IntentStatus::RequiresPaymentMethod => seen.declined.clone().map(|code| Report::Declined { code }),
        IntentStatus::Processing => None,
    }
}

/// What a refund's standing says. One that the provider has taken on counts as done: if it fails later, it says so.
pub fn refund_report(refund_id: RefundId, seen: &RefundSeen) -> Report {
    match &seen.status {
        RefundStatus::Pending | RefundStatus::Succeeded => Report::Refunded { refund_id },
        RefundStatus::Failed { code } => Report::RefundRefused { refund_id, code: code.clone() },
    }
}

#[cfg(test)]
mod tests;
