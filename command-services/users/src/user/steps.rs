//! The steps of a user's sagas, each with what undoes it beside it. Tests walk `SagaStep::all`.

use tillroll_schemas::user::ClaimStep;

/// What happens when an identity claim refuses a step or never answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compensation {
    /// What may be held is released, and the user does without.
    Release,
    /// Nothing undoes it: it is asked again until it is answered.
    AskAgain,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SagaStep {
    /// Which.
    pub step: ClaimStep,
    /// The step's commands are named after it: `reserve/<claim>`.
    pub name: &'static str,
    /// What undoes it.
    pub compensation: Compensation,
}

const RESERVE: SagaStep = SagaStep { step: ClaimStep::Reserve, name: "reserve", compensation: Compensation::Release };
const CONFIRM: SagaStep = SagaStep { step: ClaimStep::Confirm, name: "confirm", compensation: Compensation::Release };
const RELEASE: SagaStep = SagaStep { step: ClaimStep::Release, name: "release", compensation: Compensation::AskAgain };

impl SagaStep {
    /// What the table says of every step.
    pub fn all() -> [Self; ClaimStep::ALL.len()] {
        ClaimStep::ALL.map(Self::of)
    }

    /// What the table says of a step.
    pub const fn of(step: ClaimStep) -> Self {
        match step {
            ClaimStep::Reserve => RESERVE,
            ClaimStep::Confirm => CONFIRM,
            ClaimStep::Release => RELEASE,
        }
    }
}
