//! `payment`, key: payment id. What is paid by card for one order.
//!
//! Life: creating → confirming ⇄ (the customer acts) → authorised ⇄ capturing → captured, refunded in parts; from
//! anywhere before capturing: voiding → voided or declined. Only an intent whose id is in the log is ever confirmed, so
//! a payment that ends without one holds nothing; captured ≤ authorised, refunded ≤ captured; a wait for the provider
//! has a deadline, and money that may be held is never given up: a call that should take, free or return it gets stuck.

mod asking;
mod body;
mod operating;
mod overdue;
mod rejection;
mod reports;
mod stages;
mod wait;

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Impasse, Key, Saga, SagaStatus, Timestamp};
use tillroll_schemas::payment::{Ending, IntentId, LookInto, PaymentCommand, PaymentEvent, Requested, WaitOver};
use tillroll_schemas::{Money, RefundId, catalogue};

pub use body::{PaymentBody, Status};
pub use rejection::PaymentRejection;
pub use wait::{Wait, longest_wait};

/// The aggregate.
#[derive(Debug)]
pub struct Payment;

/// What is known of a payment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentState {
    /// How many events it has.
    pub version: u64,
    /// How many calls to the provider were asked for.
    pub calls: u32,
    /// Where it stands in its life.
    pub life: Life,
}

/// The stages of a payment's life, each with what only it knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Life {
    /// Nothing has happened.
    #[default]
    NotRequested,
    /// The provider is asked for an intent.
    Creating(Arc<Requested>, Wait),
    /// The intent is there, and is being confirmed.
    Confirming(Intended, Wait),
    /// The customer has to authenticate himself; once his time is over the provider is asked whether he has.
    ActionRequired(Intended, Option<Wait>),
    /// The whole amount is held.
    Authorised(Intended),
    /// That much of it is being taken.
    Capturing(Intended, Money, Wait),
    /// Money was taken, and may go back.
    Captured(Taken),
    /// What may be held is being let go.
    Voiding(Intended, Ending, Wait),
    /// It could not be authorised. Nothing is held.
    Declined(Arc<Requested>, Option<IntentId>, String),
    /// The order did not want it any more, perhaps before there was a request. Nothing is held.
    Voided(Option<Arc<Requested>>),
}

/// A payment that the provider knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intended {
    /// What was asked for.
    pub request: Arc<Requested>,
    /// The provider's id.
    pub intent: IntentId,
}

/// A payment whose money was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The payment.
    pub payment: Intended,
    /// How much was taken.
    pub captured: Money,
    /// What went back, or is to.
    pub refunds: OrdMap<RefundId, Refund>,
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// How far it is.
    pub standing: Standing,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Standing {
    /// The provider was asked.
    Asked(Wait),
    /// It went back.
    Done,
    /// It did not.
    Refused,
}

impl Aggregate for Payment {
    const TOPICS: AggregateTopics = catalogue::PAYMENT;
    // 3: whose it was stays known of one that was voided.
    const STATE_SCHEMA: u32 = 3;
    type State = PaymentState;
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Rejection = PaymentRejection;
    /// The payment's body; nothing if nobody asked for one.
    type Answer = Option<PaymentBody>;

    fn decide(
        state: &PaymentState,
        command: &PaymentCommand,
        at: Timestamp,
    ) -> Result<Option<PaymentEvent>, PaymentRejection> {
        match command {
            PaymentCommand::Request(command) => asking::request(state, command, at),
            PaymentCommand::Capture(command) => asking::capture(state, command, at),
            PaymentCommand::Void(command) => asking::void(state, command, at),
            PaymentCommand::Refund(command) => asking::refund(state, command, at),
            PaymentCommand::RecordReport(command) => Ok(reports::record(state, command, at)),
            PaymentCommand::RetryCall(command) => operating::retry(state, command, at),
            PaymentCommand::CompleteCall(command) => operating::complete(state, command),
            PaymentCommand::RefuseCall(command) => operating::refuse(state, command),
            PaymentCommand::LookInto(LookInto {}) => Ok(None),
            PaymentCommand::WaitOver(command) => Ok(overdue::wait_over(state, command.deadline, at)),
        }
    }

    fn evolve(state: PaymentState, event: &PaymentEvent) -> PaymentState {
        let calls = event.call().map_or(state.calls, |(_, ask)| ask.nth);
        let life = state.life;
        let life = match event {
            PaymentEvent::Requested(event) => life.requested(event),
            PaymentEvent::Created(event) => life.created(event),
            PaymentEvent::ActionRequired(_) => life.action_required(None),
            PaymentEvent::ActionOverdue(event) => life.action_required(Some(Wait::Until(event.ask))),
            PaymentEvent::Authorised(_) => life.authorised(),
            PaymentEvent::Declined(event) => life.declined(&event.code),
            PaymentEvent::CaptureRequested(event) => life.capturing(event),
            PaymentEvent::Captured(event) => life.captured(event.amount),
            PaymentEvent::CaptureRefused(_) => life.authorised(),
            PaymentEvent::VoidStarted(event) => life.voiding(event),
            PaymentEvent::VoidRecorded(event) => life.void_recorded(&event.reason),
            PaymentEvent::Voided(_) => life.voided(),
            PaymentEvent::RefundRequested(event) => life.refunding(event),
            PaymentEvent::Refunded(event) => life.refund_is(event.refund_id, Standing::Done),
            PaymentEvent::RefundRefused(event) => life.refund_is(event.refund_id, Standing::Refused),
            PaymentEvent::CallRepeated(event) => life.waiting(&event.call, Wait::Until(event.ask)),
            PaymentEvent::Stuck(event) => life.stuck(event),
            PaymentEvent::CallCompleted(event) => life.call_completed(event),
            PaymentEvent::CallRefused(event) => life.call_refused(event),
        };
        PaymentState { version: state.version + 1, calls, life }
    }

    fn answer(key: &Key, _event: Option<&PaymentEvent>, state: &PaymentState) -> Option<PaymentBody> {
        PaymentBody::of(key, state)
    }

    fn deadline(state: &PaymentState) -> Option<Timestamp> {
        match &state.life {
            Life::ActionRequired(payment, None) => Some(payment.request.action_by),
            life => life.waits().filter_map(|(_, wait)| wait.repeat_at()).min(),
        }
    }

    fn on_deadline(deadline: Timestamp) -> Option<PaymentCommand> {
        Some(WaitOver { deadline }.into())
    }

    fn settled(state: &PaymentState) -> bool {
        match &state.life {
            Life::Creating(..) | Life::Confirming(..) => false,
            Life::NotRequested | Life::ActionRequired(..) | Life::Authorised(_) => true,
            Life::Declined(..) | Life::Voided(_) => true,
            Life::Capturing(..) | Life::Captured(_) | Life::Voiding(..) => {
                state.life.waits().all(|(_, wait)| wait.stuck().is_some())
            }
        }
    }
}

impl Saga for Payment {
    fn saga(state: &PaymentState) -> Option<SagaStatus> {
        if let Life::ActionRequired(payment, None) = &state.life {
            let answer_by = Some(payment.request.action_by);
            let waits_for = vec!["customer".to_owned()];
            return Some(SagaStatus { step: "authenticate", waits_for, answer_by, attempt: Some(0), stuck: None });
        }
        let (call, wait) = state.life.waits().min_by_key(|(_, wait)| wait.repeat_at())?;
        let stuck = wait.stuck().map(|(code, detail)| Impasse { code: code.to_owned(), detail: detail.to_owned() });
        Some(SagaStatus {
            step: wait::step(&call),
            waits_for: vec!["provider".to_owned()],
            answer_by: wait.repeat_at(),
            attempt: stuck.is_none().then_some(wait.ask().attempt),
            stuck,
        })
    }
}

#[cfg(test)]
mod tests;
