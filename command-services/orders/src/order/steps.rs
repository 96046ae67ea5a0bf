//! The steps of the order's saga, each with what undoes it beside it. Tests walk `SagaStep::all`.

use tillroll_schemas::order::Step;

/// What happens when a participant refuses a step or never answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compensation {
    /// What is held is released, money included, and the order is cancelled.
    Release,
    /// Nothing undoes it: the order is stuck until a late answer or an operator carries it on.
    Stuck,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SagaStep {
    /// Which.
    pub step: Step,
    /// The step's commands are named after it: `reserve/<SKU>`.
    pub name: &'static str,
    /// What is done in it, for people: `could not be reserved`.
    pub done: &'static str,
    /// What undoes it.
    pub compensation: Compensation,
    /// How often its wait becomes longer before it is given up.
    pub attempts: u32,
}

/// Stock items answer within moments, or they are away.
const SHORT: u32 = 4;
/// Money is asked of a provider, who may be away for half an hour until the payment itself gives up.
const LONG: u32 = 8;

impl SagaStep {
    /// What the table says of every step.
    pub fn all() -> [Self; Step::ALL.len()] {
        Step::ALL.map(Self::of)
    }

    /// What the table says of a step.
    pub const fn of(step: Step) -> Self {
        let (name, done, compensation, attempts) = match step {
            Step::Reserve => ("reserve", "reserved", Compensation::Release, SHORT),
            Step::Authorise => ("authorise", "authorised", Compensation::Release, SHORT),
            Step::Commit => ("commit", "committed", Compensation::Release, SHORT),
            Step::Capture => ("capture", "captured", Compensation::Release, LONG),
            Step::Invoice => ("invoice", "numbered", Compensation::Stuck, LONG),
            Step::Release => ("release", "released", Compensation::Stuck, SHORT),
            Step::Fulfil => ("fulfil", "fulfilled", Compensation::Stuck, SHORT),
            Step::Refund => ("refund", "refunded", Compensation::Stuck, LONG),
        };
        Self { step, name, done, compensation, attempts }
    }
}
