//! What the sandbox is told to do wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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
    /// It is done, and answered late.
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
    /// Which; all if absent.
    #[serde(default)]
    pub on: Option<Operation>,
    /// How.
    #[serde(rename = "do")]
    pub misbehaviour: Misbehaviour,
    /// How many of them.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// How late a late answer is: long for a test, short for a person.
pub(super) const LATE: Duration = Duration::from_millis(400);

/// The faults that are still to be.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// How this call goes wrong, if it does: by the first fault that fits it, else by its card.
    pub(super) fn strike(&mut self, operation: Operation, card: Option<Card>) -> Option<Misbehaviour> {
        let fits = |fault: &Fault| fault.on.is_none_or(|on| on == operation);
        if let Some(place) = self.0.iter().position(fits) {
            let fault = &mut self.0[place];
            let misbehaviour = fault.misbehaviour;
            fault.times = fault.times.saturating_sub(1);
            if fault.times == 0 {
                self.0.remove(place);
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
