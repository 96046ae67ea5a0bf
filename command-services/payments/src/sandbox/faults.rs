//! What the sandbox is told to do wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tillroll_schemas::PaymentId;

use super::cards::Card;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Making an intent.
    Create,
    /// Confirming it.
    Confirm,
    /// Capturing it.
    Capture,
    /// Cancelling it.
    Cancel,
    /// Giving back.
    Refund,
    /// Looking.
    Retrieve,
    /// Not a call but a webhook of the sandbox's own: `never_answer` loses it, anything else delays it.
    Webhook,
}

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misbehaviour {
    /// 500, and nothing is done.
    ErrorBefore,
    /// It is done, and answered with 500: for ever, under that idempotency key.
    ErrorAfter,
    /// It is done, and never answered.
    NeverAnswer,
    /// It is done later than anybody waits for it, and then answered.
    AnswerLate,
    /// It is done, and the connection breaks within the answer.
    Cut,
    /// 429, and nothing is done.
    TooMany,
}

/// Calls that go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which; every call if absent.
    #[serde(default)]
    pub on: Option<Operation>,
    /// How.
    #[serde(rename = "do")]
    pub misbehaviour: Misbehaviour,
    /// How many of them.
    #[serde(default = "once")]
    pub times: u32,
    /// Of this payment only; of every one if absent.
    #[serde(default)]
    pub payment: Option<PaymentId>,
}

fn once() -> u32 {
    1
}

/// How late a late answer is: later than a payment waits for it, looks how things stand and asks again.
const LATE: Duration = Duration::from_secs(13);

/// The faults that are still to be.
#[derive(Debug)]
pub(super) struct Faults {
    next: Vec<Fault>,
    /// How late a late answer is.
    pub(super) late: Duration,
    /// Calls that will be done late, and are not yet.
    pub(super) under_way: usize,
}

impl Default for Faults {
    fn default() -> Self {
        Self { next: Vec::new(), late: LATE, under_way: 0 }
    }
}

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        self.next.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.next.clear();
    }

    /// How this call goes wrong, if it does: by the first fault that fits it, else by its card.
    pub(super) fn strike(
        &mut self,
        operation: Operation,
        card: Option<Card>,
        payment: Option<PaymentId>,
    ) -> Option<Misbehaviour> {
        let fits = |fault: &Fault| {
            fault.on.map_or(operation != Operation::Webhook, |on| on == operation)
                && (fault.payment.is_none() || fault.payment == payment)
        };
        if let Some(place) = self.next.iter().position(fits) {
            let fault = &mut self.next[place];
            let misbehaviour = fault.misbehaviour;
            fault.times = fault.times.saturating_sub(1);
            if fault.times == 0 {
                self.next.remove(place);
            }
            return Some(misbehaviour);
        }
        match (operation, card?) {
            (Operation::Confirm, Card::NeverAnswers) => Some(Misbehaviour::NeverAnswer),
            (Operation::Confirm, Card::AnswersLate) => Some(Misbehaviour::AnswerLate),
            (Operation::Confirm, Card::Faulty) => Some(Misbehaviour::ErrorBefore),
            _ => None,
        }
    }
}
