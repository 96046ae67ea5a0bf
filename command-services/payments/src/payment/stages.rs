//! From one stage of a payment's life to the next. Total: an event that does not belong to a stage leaves it.

use std::sync::Arc;

use tillroll_schemas::payment::{
    Call, CallCompleted, CallRefused, CaptureRequested, Created, Ending, IntentId, RefundRequested, Requested, Stuck,
    VoidStarted,
};
use tillroll_schemas::{Money, RefundId};

use super::{Intended, Life, Refund, Standing, Taken, Wait};

/// Whether the provider knows a payment and no money was taken.
enum Untaken {
    Yes(Intended),
    No(Life),
}

impl Untaken {
    /// That stage if so, the old one if not.
    fn to(self, stage: impl FnOnce(Intended) -> Life) -> Life {
        match self {
            Self::Yes(payment) => stage(payment),
            Self::No(life) => life,
        }
    }
}

impl Life {
    /// What was asked for, unless nothing was.
    pub fn request(&self) -> Option<&Arc<Requested>> {
        match self {
            Self::NotRequested => None,
            Self::Voided(request) => request.as_ref(),
            Self::Creating(request, _) | Self::Declined(request, ..) => Some(request),
            Self::Confirming(payment, _)
            | Self::ActionRequired(payment, _)
            | Self::Authorised(payment)
            | Self::Capturing(payment, ..)
            | Self::Voiding(payment, ..) => Some(&payment.request),
            Self::Captured(taken) => Some(&taken.payment.request),
        }
    }

    /// The provider's id, once it is known.
    pub fn intent(&self) -> Option<&IntentId> {
        match self {
            Self::NotRequested | Self::Voided(_) | Self::Creating(..) => None,
            Self::Declined(_, intent, _) => intent.as_ref(),
            Self::Confirming(payment, _)
            | Self::ActionRequired(payment, _)
            | Self::Authorised(payment)
            | Self::Capturing(payment, ..)
            | Self::Voiding(payment, ..) => Some(&payment.intent),
            Self::Captured(taken) => Some(&taken.payment.intent),
        }
    }

    /// The calls whose outcome is not known, each with its wait.
    pub fn waits(&self) -> Box<dyn Iterator<Item = (Call, &Wait)> + '_> {
        match self {
            Self::NotRequested
            | Self::ActionRequired(_, None)
            | Self::Authorised(_)
            | Self::Declined(..)
            | Self::Voided(_) => Box::new(std::iter::empty()),
            Self::Creating(request, wait) => {
                let (method_token, reference) = (request.method_token.clone(), request.reference.clone());
                Box::new(std::iter::once((Call::Create { amount: request.amount, method_token, reference }, wait)))
            }
            Self::Confirming(payment, wait) => {
                Box::new(std::iter::once((Call::Confirm { intent: payment.intent.clone() }, wait)))
            }
            Self::ActionRequired(payment, Some(wait)) => {
                Box::new(std::iter::once((Call::Look { intent: payment.intent.clone() }, wait)))
            }
            Self::Capturing(payment, amount, wait) => {
                Box::new(std::iter::once((Call::Capture { intent: payment.intent.clone(), amount: *amount }, wait)))
            }
            Self::Voiding(payment, _, wait) => {
                Box::new(std::iter::once((Call::Void { intent: payment.intent.clone() }, wait)))
            }
            Self::Captured(taken) => Box::new(taken.waits()),
        }
    }

    /// The payment, while the provider knows it and no money was taken.
    fn untaken(self) -> Untaken {
        match self {
            Self::Confirming(payment, _)
            | Self::ActionRequired(payment, _)
            | Self::Authorised(payment)
            | Self::Capturing(payment, ..)
            | Self::Voiding(payment, ..) => Untaken::Yes(payment),
            Self::Declined(request, Some(intent), _) => Untaken::Yes(Intended { request, intent }),
            other @ (Self::NotRequested
            | Self::Creating(..)
            | Self::Captured(_)
            | Self::Declined(_, None, _)
            | Self::Voided(_)) => Untaken::No(other),
        }
    }

    pub(super) fn requested(self, event: &Requested) -> Self {
        Self::Creating(Arc::new(event.clone()), Wait::Until(event.ask))
    }

    pub(super) fn created(self, event: &Created) -> Self {
        match self {
            Self::Creating(request, _) => {
                Self::Confirming(Intended { request, intent: event.intent.clone() }, Wait::Until(event.ask))
            }
            other => other,
        }
    }

    pub(super) fn action_required(self, look: Option<Wait>) -> Self {
        self.untaken().to(|payment| Self::ActionRequired(payment, look))
    }

    pub(super) fn authorised(self) -> Self {
        self.untaken().to(Self::Authorised)
    }

    pub(super) fn declined(self, code: &str) -> Self {
        match self.untaken() {
            Untaken::Yes(Intended { request, intent }) => Self::Declined(request, Some(intent), code.to_owned()),
            Untaken::No(Self::Creating(request, _)) => Self::Declined(request, None, code.to_owned()),
            Untaken::No(other) => other,
        }
    }

    pub(super) fn capturing(self, event: &CaptureRequested) -> Self {
        let wait = Wait::Until(event.ask);
        self.untaken().to(|payment| Self::Capturing(payment, event.amount, wait))
    }

    pub(super) fn captured(self, captured: Money) -> Self {
        let taken = |payment| Self::Captured(Taken { payment, captured, refunds: imbl::OrdMap::new() });
        self.untaken().to(taken)
    }

    pub(super) fn voiding(self, event: &VoidStarted) -> Self {
        let (ending, wait) = (event.ending.clone(), Wait::Until(event.ask));
        self.untaken().to(|payment| Self::Voiding(payment, ending, wait))
    }

    pub(super) fn void_recorded(self, reason: &str) -> Self {
        match self {
            Self::Voiding(payment, _, wait) => {
                Self::Voiding(payment, Ending::Voided { reason: reason.to_owned() }, wait)
            }
            other => other,
        }
    }

    pub(super) fn voided(self) -> Self {
        Self::Voided(self.request().cloned())
    }

    pub(super) fn refunding(self, event: &RefundRequested) -> Self {
        match self {
            Self::Captured(mut taken) => {
                let standing = Standing::Asked(Wait::Until(event.ask));
                taken.refunds.insert(event.refund_id, Refund { amount: event.amount, standing });
                Self::Captured(taken)
            }
            other => other,
        }
    }

    pub(super) fn refund_is(self, refund_id: RefundId, standing: Standing) -> Self {
        match self {
            Self::Captured(mut taken) => {
                if let Some(refund) = taken.refunds.get_mut(&refund_id) {
                    refund.standing = standing;
                }
                Self::Captured(taken)
            }
            other => other,
        }
    }

    /// The wait for that call is this one now.
    pub(super) fn waiting(self, call: &Call, wait: Wait) -> Self {
        match (self, call) {
            (Self::Creating(request, _), Call::Create { .. }) => Self::Creating(request, wait),
            (Self::Confirming(payment, _), Call::Confirm { .. }) => Self::Confirming(payment, wait),
            (Self::ActionRequired(payment, _), Call::Look { .. }) => Self::ActionRequired(payment, Some(wait)),
            (Self::Capturing(payment, amount, _), Call::Capture { .. }) => Self::Capturing(payment, amount, wait),
            (Self::Voiding(payment, ending, _), Call::Void { .. }) => Self::Voiding(payment, ending, wait),
            (life @ Self::Captured(_), Call::Refund { refund_id, .. }) => {
                life.refund_is(*refund_id, Standing::Asked(wait))
            }
            (life, _) => life,
        }
    }

    pub(super) fn stuck(self, event: &Stuck) -> Self {
        let last = self.waits().find(|(call, _)| *call == event.call).map(|(_, wait)| *wait.ask());
        let Some(ask) = last else { return self };
        let wait = Wait::Stuck { ask, code: event.code.clone(), detail: event.detail.clone() };
        self.waiting(&event.call, wait)
    }

    pub(super) fn call_completed(self, event: &CallCompleted) -> Self {
        match (&event.call, &event.ending) {
            (Call::Capture { amount, .. }, _) => self.captured(*amount),
            (Call::Refund { refund_id, .. }, _) => self.refund_is(*refund_id, Standing::Done),
            (Call::Void { .. }, Some(Ending::Declined { code })) => self.declined(code),
            (Call::Void { .. }, Some(Ending::Voided { .. })) => self.voided(),
            (Call::Void { .. }, None) | (Call::Create { .. } | Call::Confirm { .. } | Call::Look { .. }, _) => self,
        }
    }

    pub(super) fn call_refused(self, event: &CallRefused) -> Self {
        match &event.call {
            Call::Capture { .. } => self.authorised(),
            Call::Refund { refund_id, .. } => self.refund_is(*refund_id, Standing::Refused),
            Call::Create { .. } | Call::Confirm { .. } | Call::Look { .. } | Call::Void { .. } => self,
        }
    }
}

impl Taken {
    fn waits(&self) -> impl Iterator<Item = (Call, &Wait)> {
        self.refunds.iter().filter_map(|(refund_id, refund)| match &refund.standing {
            Standing::Asked(wait) => {
                let intent = self.payment.intent.clone();
                Some((Call::Refund { intent, refund_id: *refund_id, amount: refund.amount }, wait))
            }
            Standing::Done | Standing::Refused => None,
        })
    }
}
