//! `credit-note`: a credit that stands alone. Key: its id.

use crate::order::{Customer, Line};
use crate::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// The credit was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The shop's own number of it.
    pub reference: String,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The date that it counts for.
    pub placed_at: Timestamp,
    /// What for; quantities and prices are positive.
    pub lines: Vec<Line>,
    /// The sum, tax excluded.
    pub total: Money,
    /// Whether the pieces went back on the shelf.
    pub restock: bool,
    /// For people.
    pub reason: String,
}

tillroll_log::bodies! {
    /// What happened to a credit note.
    pub enum CreditNoteEvent {
        Issued(Issued) = "credit-note.issued.v1",
    }
}

/// Gives a credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueCreditNote {
    /// The shop's own number of it.
    pub reference: String,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// When, if it was not now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    /// What for.
    pub lines: Vec<Line>,
    /// Whether the pieces went back on the shelf.
    pub restock: bool,
    /// For people.
    pub reason: String,
}

tillroll_log::bodies! {
    /// What can be asked of a credit note.
    pub enum CreditNoteCommand {
        Issue(IssueCreditNote) = "credit-note.issue",
    }
}
