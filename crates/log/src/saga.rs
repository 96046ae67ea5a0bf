//! What every saga has in common, so that an operator can list and mend sagas of any aggregate: what it waits for, how
//! long, for the how manieth time, and why it does not go on by itself if it does not.

use crate::{Aggregate, Timestamp};

/// An aggregate that brings itself about with others.
pub trait Saga: Aggregate {
    /// The saga that is under way in this state; none if nothing is.
    fn saga(state: &Self::State) -> Option<SagaStatus>;
}

/// A saga under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SagaStatus {
    /// The step that it stands at: a stable name.
    pub step: &'static str,
    /// The participants that have not answered, by their ids; none if it waits for its own next step.
    pub waits_for: Vec<String>,
    /// When the wait becomes longer or is given up; none if it is stuck.
    pub answer_by: Option<Timestamp>,
    /// How many times the wait became longer; none if it is stuck.
    pub attempt: Option<u32>,
    /// Why it cannot go on by itself, if it cannot.
    pub stuck: Option<Impasse>,
}

/// Why a saga cannot go on by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impasse {
    /// Stable, snake case.
    pub code: String,
    /// For people.
    pub detail: String,
}
