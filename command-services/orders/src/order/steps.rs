//! The steps of the order's saga, each with what undoes it beside it. Tests walk `SagaStep::all`.

use tillroll_schemas::order::Step;

/// What happens when a stock item refuses a step or never answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compensation {
    /// What is held is released, and the order is cancelled.
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
    /// What its stock items do to the pieces, for people: `could not be reserved`.
    pub done: &'static str,
    /// What undoes it.
    pub compensation: Compensation,
}

const RESERVE: SagaStep =
    SagaStep { step: Step::Reserve, name: "reserve", done: "reserved", compensation: Compensation::Release };
const COMMIT: SagaStep =
    SagaStep { step: Step::Commit, name: "commit", done: "committed", compensation: Compensation::Release };
const RELEASE: SagaStep =
    SagaStep { step: Step::Release, name: "release", done: "released", compensation: Compensation::Stuck };
const FULFIL: SagaStep =
    SagaStep { step: Step::Fulfil, name: "fulfil", done: "fulfilled", compensation: Compensation::Stuck };

impl SagaStep {
    /// What the table says of every step.
    pub fn all() -> [Self; Step::ALL.len()] {
        Step::ALL.map(Self::of)
    }

    /// What the table says of a step.
    pub const fn of(step: Step) -> Self {
        match step {
            Step::Reserve => RESERVE,
            Step::Commit => COMMIT,
            Step::Release => RELEASE,
            Step::Fulfil => FULFIL,
        }
    }
}
