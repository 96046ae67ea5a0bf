//! `credit-note`: a credit that stands alone, given for pieces that came back or for none.
//!
//! Life: issued, for good. Its total is the sum of its lines; a second issue under the same id changes nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Rejection};
use tillroll_schemas::credit_note::{CreditNoteCommand, CreditNoteEvent, IssueCreditNote, Issued};
use tillroll_schemas::order::Customer;
use tillroll_schemas::{Money, Timestamp, catalogue};

use crate::order::LineBody;
use crate::pricing::{self, LinesRefused};

/// The aggregate.
#[derive(Debug)]
pub struct CreditNote;

/// What is known of a credit note.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CreditNoteState {
    /// How many events it has.
    pub version: u64,
    /// What was issued, if it was.
    pub issued: Option<Arc<Issued>>,
}

/// Why a credit note says no: its lines cannot be summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditNoteRejection(pub LinesRefused);

impl Rejection for CreditNoteRejection {
    fn code(&self) -> &'static str {
        self.0.code()
    }

    fn detail(&self) -> String {
        self.0.detail()
    }
}

impl Aggregate for CreditNote {
    const TOPICS: AggregateTopics = catalogue::CREDIT_NOTE;
    const STATE_SCHEMA: u32 = 1;
    type State = CreditNoteState;
    type Command = CreditNoteCommand;
    type Event = CreditNoteEvent;
    type Rejection = CreditNoteRejection;
    /// The credit note's body; nothing if there is none.
    type Answer = Option<CreditNoteBody>;

    fn decide(
        state: &CreditNoteState,
        command: &CreditNoteCommand,
        at: Timestamp,
    ) -> Result<Option<CreditNoteEvent>, CreditNoteRejection> {
        match command {
            CreditNoteCommand::Issue(command) => issue(state, command, at).map_err(CreditNoteRejection),
        }
    }

    fn evolve(state: CreditNoteState, event: &CreditNoteEvent) -> CreditNoteState {
        let issued = match event {
            CreditNoteEvent::Issued(issued) => state.issued.or_else(|| Some(Arc::new(issued.clone()))),
        };
        CreditNoteState { version: state.version + 1, issued }
    }

    fn answer(key: &Key, _event: Option<&CreditNoteEvent>, state: &CreditNoteState) -> Option<CreditNoteBody> {
        let issued = state.issued.as_ref()?;
        Some(CreditNoteBody::of(key, issued, state.version))
    }

    fn occurred_at(event: &CreditNoteEvent) -> Option<Timestamp> {
        match event {
            CreditNoteEvent::Issued(issued) => Some(issued.placed_at),
        }
    }
}

fn issue(
    state: &CreditNoteState,
    command: &IssueCreditNote,
    at: Timestamp,
) -> Result<Option<CreditNoteEvent>, LinesRefused> {
    if state.issued.is_some() {
        return Ok(None);
    }
    let (lines, totals) = pricing::priced(&command.lines)?;
    // What goes back on the shelf is received as one quantity per SKU.
    pricing::pieces(&lines)?;
    let issued = Issued {
        reference: command.reference.clone(),
        customer: command.customer.clone(),
        country: command.country.clone(),
        placed_at: command.placed_at.unwrap_or(at),
        lines,
        total: totals.net,
        restock: command.restock,
        reason: command.reason.clone(),
    };
    Ok(Some(issued.into()))
}

/// A credit note as a client sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CreditNoteBody {
    /// Its id.
    pub id: String,
    /// The shop's own number.
    pub reference: String,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The date that it counts for.
    pub placed_at: Timestamp,
    /// What for.
    pub lines: Vec<LineBody>,
    /// The sum, tax excluded.
    pub total: Money,
    /// Whether the pieces went back on the shelf.
    pub restock: bool,
    /// For people.
    pub reason: String,
    /// How many events it has; the `ETag`.
    pub version: u64,
}

impl CreditNoteBody {
    fn of(key: &Key, issued: &Issued, version: u64) -> Self {
        Self {
            id: key.to_string(),
            reference: issued.reference.clone(),
            customer: issued.customer.clone(),
            country: issued.country.clone(),
            placed_at: issued.placed_at,
            lines: issued.lines.iter().map(LineBody::of).collect(),
            total: issued.total,
            restock: issued.restock,
            reason: issued.reason.clone(),
            version,
        }
    }
}

#[cfg(test)]
mod tests;
