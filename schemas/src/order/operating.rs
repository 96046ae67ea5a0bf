//! What operators did with an order that was stuck.

use super::{Asked, Reason, Step, StockClaim, Stuck, Undo};
use crate::{FulfilmentId, Sku, Timestamp};
use serde::{Deserialize, Serialize};

impl Stuck {
    /// For that reason alone: nobody's answer caused it.
    pub fn new(step: Step, reason: Reason) -> Self {
        Self { step, reason, answers: Vec::new(), payment_answer: None, invoice_answer: None, owed: None }
    }
}

/// An operator has those asked again who have not done what the order waits for; the wait begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRetried {
    /// Which wait.
    pub step: Step,
    /// Why now, if he says so; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who is asked, and for how many pieces.
    pub claims: Vec<StockClaim>,
    /// Which delivery, if pieces are to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fulfilment_id: Option<FulfilmentId>,
    /// What the payment is asked, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// What a number is asked for, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Asked>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// An operator has seen to what the order waits for: it counts as done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCompleted {
    /// Which wait.
    pub step: Step,
    /// What he did, and why; no personal data.
    pub reason: String,
    /// Who had not done it.
    pub skus: Vec<Sku>,
    /// When the next step is taken, if nothing takes it before.
    pub answer_by: Timestamp,
}
