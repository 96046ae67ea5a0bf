//! One wait of the saga: who has not done yet what he was asked, and how long the order is patient.
//! An answer counts once and only for the question that the order waits on; every other one says nothing new.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use tillroll_schemas::order::{Reason, Step, StepOverdue, StockAnswer, StockOutcome};
use tillroll_schemas::{FulfilmentId, RefundId, Sku, Timestamp};

use super::steps::SagaStep;

/// How long the first answer may take.
pub(super) const ANSWER_WITHIN_S: i64 = 10;
/// Codes of commands that were not decided: they lie in the dead letters and may be redriven from there, or another
/// command under the same id was decided in their place. Something may be held in spite of them.
const UNDECIDED: [&str; 2] = ["dead_lettered", "conflict"];
/// SKUs that a reason names before it only counts.
const NAMED: usize = 10;

/// Whom the order asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Participant {
    /// The stock item of that SKU.
    Stock(Sku),
    /// The order's payment.
    Payment,
    /// The series of its invoice or credit note.
    Invoice,
}

impl fmt::Display for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stock(sku) => sku.fmt(f),
            Self::Payment => f.write_str("payment"),
            Self::Invoice => f.write_str("invoice"),
        }
    }
}

/// What the order asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Stock items to hold pieces.
    Reserve,
    /// The payment to hold money.
    Authorise,
    /// Stock items to sell what they hold.
    Commit,
    /// The payment to take what it holds.
    Capture,
    /// A series to number a document.
    Invoice,
    /// Everybody to let go.
    Release,
    /// Stock items to let pieces leave, in this delivery.
    Fulfil(FulfilmentId),
    /// The payment to give back.
    Refund(RefundId),
}

impl Asked {
    /// The step of the saga that asks it.
    pub(super) fn step(self) -> Step {
        match self {
            Self::Reserve => Step::Reserve,
            Self::Authorise => Step::Authorise,
            Self::Commit => Step::Commit,
            Self::Capture => Step::Capture,
            Self::Invoice => Step::Invoice,
            Self::Release => Step::Release,
            Self::Fulfil(_) => Step::Fulfil,
            Self::Refund(_) => Step::Refund,
        }
    }
}

/// A wait for answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// Who has not done it; he leaves for good when he has.
    open: OrdMap<Participant, Standing>,
    patience: Patience,
}

/// How things stand with one that has not done it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Standing {
    Awaited,
    Refused(Arc<str>),
}

/// How long the order waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Patience {
    /// Until then; the wait became longer so many times.
    Until { answer_by: Timestamp, attempt: u32 },
    /// For ever, because of this: the order is stuck, but a late answer still carries it on.
    Over(Reason),
}

/// What answers say that is new.
#[derive(Debug)]
pub(super) struct Heard {
    /// The answers that count.
    pub(super) news: Vec<StockAnswer>,
    /// Who refuses now and did not before, with his code.
    pub(super) refused: Vec<(Sku, String)>,
    /// The wait after them.
    pub(super) after: Wait,
}

impl Patience {
    /// What an overdue step says of it.
    pub(super) fn of(event: &StepOverdue) -> Self {
        Self::Until { answer_by: event.answer_by, attempt: event.attempt }
    }
}

impl Wait {
    pub(super) fn for_all(whom: impl IntoIterator<Item = Participant>, answer_by: Timestamp) -> Self {
        let open = whom.into_iter().map(|one| (one, Standing::Awaited)).collect();
        Self { open, patience: Patience::Until { answer_by, attempt: 0 } }
    }

    pub(super) fn for_stock(skus: impl IntoIterator<Item = Sku>, answer_by: Timestamp) -> Self {
        Self::for_all(skus.into_iter().map(Participant::Stock), answer_by)
    }

    /// The wait for the order's own next step, when everybody has done this one. The event that begins it names no
    /// deadline, in no log that there is, so it follows from the one before: later than that, so that one deadline
    /// fires once.
    pub(super) fn for_own_step(self) -> Self {
        let patience = match self.patience {
            Patience::Until { answer_by, .. } => {
                Patience::Until { answer_by: later(answer_by, ANSWER_WITHIN_S), attempt: 0 }
            }
            over @ Patience::Over(_) => over,
        };
        Self { open: OrdMap::new(), patience }
    }

    /// Whether everybody has done it.
    pub(super) fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// Those who have not done it.
    pub(super) fn open(&self) -> impl Iterator<Item = &Participant> {
        self.open.keys()
    }

    /// The stock items among them.
    pub(super) fn open_stock(&self) -> impl Iterator<Item = &Sku> {
        self.open.keys().filter_map(|one| match one {
            Participant::Stock(sku) => Some(sku),
            Participant::Payment | Participant::Invoice => None,
        })
    }

    /// Whether he has not done it.
    pub(super) fn is_open(&self, whom: &Participant) -> bool {
        self.open.contains_key(whom)
    }

    /// Whether he has neither done it nor refused to.
    pub(super) fn awaits(&self, whom: &Participant) -> bool {
        self.open.get(whom) == Some(&Standing::Awaited)
    }

    /// The wait when he has done it.
    pub(super) fn without(mut self, whom: &Participant) -> Self {
        self.open.remove(whom);
        self
    }

    /// The wait when he has refused to.
    pub(super) fn refused_by(mut self, whom: Participant, code: &str) -> Self {
        if self.open.contains_key(&whom) {
            self.open.insert(whom, Standing::Refused(code.into()));
        }
        self
    }

    /// The wait when he is asked something else; everybody has as long as at first.
    pub(super) fn ask_anew(mut self, whom: Participant, answer_by: Timestamp) -> Self {
        self.open.insert(whom, Standing::Awaited);
        Self { patience: Patience::Until { answer_by, attempt: 0 }, ..self }
    }

    /// Whether he decided to say no.
    pub(super) fn was_refused_by(&self, whom: &Participant) -> bool {
        match self.open.get(whom) {
            Some(Standing::Refused(code)) => is_decided(code),
            Some(Standing::Awaited) | None => false,
        }
    }

    /// Whether its stock item decided to say no: nothing of it is held, and nothing will be.
    pub(super) fn holds_nothing(&self, sku: &Sku) -> bool {
        self.was_refused_by(&Participant::Stock(sku.clone()))
    }

    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// When the wait is over, unless it lasts for ever.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.patience {
            Patience::Until { answer_by, .. } => Some(answer_by),
            Patience::Over(_) => None,
        }
    }

    /// Why it lasts for ever, if it does.
    pub(super) fn stuck(&self) -> Option<&Reason> {
        match &self.patience {
            Patience::Until { .. } => None,
            Patience::Over(reason) => Some(reason),
        }
    }

    pub(super) fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// How many times the wait became longer; none once it lasts for ever.
    pub(super) fn attempt(&self) -> Option<u32> {
        match self.patience {
            Patience::Until { attempt, .. } => Some(attempt),
            Patience::Over(_) => None,
        }
    }

    /// The wait of those who have not done it, from the beginning.
    pub(super) fn asked_again(self, answer_by: Timestamp) -> Self {
        Self::for_all(self.open.keys().cloned(), answer_by)
    }

    /// The wait when somebody has seen to what was open; its deadline takes the next step if nothing else does.
    pub(super) fn over_by_hand(self, answer_by: Timestamp) -> Self {
        Self::for_all([], answer_by)
    }

    /// What is new in these answers to that question; `None` if nothing is.
    pub(super) fn hear(&self, asked: Asked, answers: &[StockAnswer]) -> Option<Heard> {
        let mut heard = Heard { news: Vec::new(), refused: Vec::new(), after: self.clone() };
        for answer in answers {
            match verdict(asked, &answer.outcome) {
                Some(Verdict::Done) => heard.done(answer),
                Some(Verdict::Refused(code)) => heard.refused(answer, code),
                None => {}
            }
        }
        (!heard.news.is_empty()).then_some(heard)
    }

    /// The wait after these answers.
    pub(super) fn after(self, asked: Asked, answers: &[StockAnswer]) -> Self {
        match self.hear(asked, answers) {
            Some(heard) => heard.after,
            None => self,
        }
    }
}

impl Heard {
    fn done(&mut self, answer: &StockAnswer) {
        if self.after.open.remove(&Participant::Stock(answer.sku.clone())).is_some() {
            self.refused.retain(|(sku, _)| *sku != answer.sku);
            self.news.push(answer.clone());
        }
    }

    fn refused(&mut self, answer: &StockAnswer, code: &str) {
        let whom = Participant::Stock(answer.sku.clone());
        if self.after.awaits(&whom) {
            self.after.open.insert(whom, Standing::Refused(code.into()));
            self.refused.push((answer.sku.clone(), code.to_owned()));
            self.news.push(answer.clone());
        }
    }
}

enum Verdict<'a> {
    Done,
    Refused(&'a str),
}

/// What an outcome says to the question, if it is an answer to it.
fn verdict(asked: Asked, outcome: &StockOutcome) -> Option<Verdict<'_>> {
    let (to, verdict) = match outcome {
        StockOutcome::Reserved => (Asked::Reserve, Verdict::Done),
        StockOutcome::ReservationRefused { code } => (Asked::Reserve, Verdict::Refused(code)),
        StockOutcome::Committed => (Asked::Commit, Verdict::Done),
        StockOutcome::CommitRefused { code } => (Asked::Commit, Verdict::Refused(code)),
        StockOutcome::Released => (Asked::Release, Verdict::Done),
        StockOutcome::ReleaseRefused { code } => (Asked::Release, Verdict::Refused(code)),
        StockOutcome::Fulfilled { fulfilment_id } => (Asked::Fulfil(*fulfilment_id), Verdict::Done),
        StockOutcome::FulfilmentRefused { fulfilment_id, code } => {
            (Asked::Fulfil(*fulfilment_id), Verdict::Refused(code))
        }
    };
    (to == asked).then_some(verdict)
}

/// How long the wait lasts when it became longer so many times: 10 s, 20 s, 40 s, 80 s, …
const fn patience_s(attempt: u32) -> i64 {
    ANSWER_WITHIN_S << attempt
}

/// How long the wait of a step lasts at most, all attempts together.
pub(super) const fn longest_wait_s(step: Step) -> i64 {
    patience_s(SagaStep::of(step).attempts + 1) - ANSWER_WITHIN_S
}

/// Whether a refusal was decided; if not, the command may still be.
pub(super) fn is_decided(code: &str) -> bool {
    !UNDECIDED.contains(&code)
}

/// That much later.
pub(super) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(Timestamp::MAX_UTC)
}

/// The next deadline of a wait that is overdue: after the one that fired, whatever the clock says.
pub(super) fn next_deadline(fired: Timestamp, at: Timestamp, attempt: u32) -> Timestamp {
    later(fired.max(at), patience_s(attempt))
}

/// Names SKUs or participants for people: the first few, then how many more.
pub(super) fn named<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let skus: Vec<String> = all.into_iter().map(|one| one.to_string()).collect();
    match skus.len().checked_sub(NAMED) {
        None | Some(0) => skus.join(", "),
        Some(more) => format!("{} and {more} more", skus[..NAMED].join(", ")),
    }
}
