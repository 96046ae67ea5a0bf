//! One wait of a saga: which identity claims have not done yet what they were asked, and how long the user is patient.
//! An answer counts once, and only to the hold and the question that the user waits on.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tillroll_schemas::Timestamp;
use tillroll_schemas::user::{ClaimAnswer, ClaimOutcome, ClaimStep, HeldClaim};

/// How long the first answer may take.
pub(super) const ANSWER_WITHIN_S: i64 = 10;
/// How often a wait becomes longer before it is given up; each time it doubles.
pub(super) const ATTEMPTS: u32 = 4;
/// How often it doubles where it is never given up: to about 43 minutes.
const LONGER_TIMES: u32 = 8;

/// A wait for identity claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Who has not done it.
    open: BTreeSet<HeldClaim>,
    answer_by: Timestamp,
    attempt: u32,
}

/// What answers say that is new.
#[derive(Debug)]
pub(super) struct Heard {
    /// The answers that count.
    pub(super) news: Vec<ClaimAnswer>,
    /// Who refuses, with his code.
    pub(super) refused: Vec<(HeldClaim, String)>,
    /// The wait after them.
    pub(super) after: Wait,
}

impl Wait {
    pub(super) fn for_all(claims: &[HeldClaim], answer_by: Timestamp) -> Self {
        Self { open: claims.iter().cloned().collect(), answer_by, attempt: 0 }
    }

    /// The wait for these, if there are any.
    pub(super) fn for_any(claims: &[HeldClaim], answer_by: Timestamp) -> Option<Self> {
        (!claims.is_empty()).then(|| Self::for_all(claims, answer_by))
    }

    /// Whether everybody has done it.
    pub(super) fn is_over(&self) -> bool {
        self.open.is_empty()
    }

    /// Those who have not done it.
    pub(super) fn open(&self) -> impl Iterator<Item = &HeldClaim> {
        self.open.iter()
    }

    /// When the wait is over.
    pub(super) fn answer_by(&self) -> Timestamp {
        self.answer_by
    }

    /// How many times the wait became longer.
    pub(super) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The wait when it became longer.
    pub(super) fn longer(self, attempt: u32, answer_by: Timestamp) -> Self {
        Self { attempt, answer_by, ..self }
    }

    /// What is new in these answers to that question; `None` if nothing is.
    pub(super) fn hear(&self, asked: ClaimStep, answers: &[ClaimAnswer]) -> Option<Heard> {
        let mut heard = Heard { news: Vec::new(), refused: Vec::new(), after: self.clone() };
        for answer in answers {
            match verdict(asked, &answer.outcome) {
                Some(Verdict::Done) if heard.after.open.remove(&answer.of) => heard.news.push(answer.clone()),
                Some(Verdict::Refused(code)) if heard.after.open.contains(&answer.of) => {
                    heard.refused.push((answer.of.clone(), code.to_owned()));
                    heard.news.push(answer.clone());
                }
                Some(Verdict::Done | Verdict::Refused(_)) | None => {}
            }
        }
        (!heard.news.is_empty()).then_some(heard)
    }

    /// The wait after these answers.
    pub(super) fn after(self, asked: ClaimStep, answers: &[ClaimAnswer]) -> Self {
        match self.hear(asked, answers) {
            Some(heard) => heard.after,
            None => self,
        }
    }
}

enum Verdict<'a> {
    Done,
    Refused(&'a str),
}

/// What an outcome says to the question, if it is an answer to it. A release that was not carried out is no answer:
/// it is asked for again.
fn verdict(asked: ClaimStep, outcome: &ClaimOutcome) -> Option<Verdict<'_>> {
    let (to, verdict) = match outcome {
        ClaimOutcome::Reserved => (ClaimStep::Reserve, Verdict::Done),
        ClaimOutcome::ReservationRefused { code } => (ClaimStep::Reserve, Verdict::Refused(code)),
        ClaimOutcome::Confirmed => (ClaimStep::Confirm, Verdict::Done),
        ClaimOutcome::ConfirmationRefused { code } => (ClaimStep::Confirm, Verdict::Refused(code)),
        ClaimOutcome::Released => (ClaimStep::Release, Verdict::Done),
        ClaimOutcome::ReleaseRefused { code: _ } => return None,
    };
    (to == asked).then_some(verdict)
}

/// How long the wait lasts when it became longer so many times: 10 s, 20 s, 40 s, 80 s, 160 s, …
const fn patience_s(attempt: u32) -> i64 {
    ANSWER_WITHIN_S << (if attempt < LONGER_TIMES { attempt } else { LONGER_TIMES })
}

/// How long a wait that is given up lasts at most, all attempts together.
pub(super) const fn longest_wait_s() -> i64 {
    patience_s(ATTEMPTS + 1) - ANSWER_WITHIN_S
}

/// That much later.
pub(super) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(Timestamp::MAX_UTC)
}

/// The next deadline of a wait that is overdue: after the one that fired, whatever the clock says.
pub(super) fn next_deadline(fired: Timestamp, at: Timestamp, attempt: u32) -> Timestamp {
    later(fired.max(at), patience_s(attempt))
}
