//! What a user's sagas have in common: they wait for identity claims, go on when all have answered, and give up when
//! one refuses or none answers.
//!
//! Reserve and confirm are asked once: a wait that is overdue only becomes longer. Releases stand behind both in the
//! claims' partitions and are asked again until they are answered, so that nothing is held without an account.

use super::steps::{Compensation, SagaStep};
use super::wait::{ANSWER_WITHIN_S, ATTEMPTS, Heard, Wait, later, longest_wait_s, next_deadline};
use super::{Account, Change, Life};
use tillroll_schemas::Timestamp;
use tillroll_schemas::user::{
    Activated, AskClaimExpiry, ClaimAnswer, ClaimExpiryAnswered, ClaimFailure, ClaimStep, ClaimsAnswered,
    ClaimsReleased, ClaimsReserved, EmailChangeFailed, EmailChanged, ExpiryVerdict, HeldClaim, RegistrationFailed,
    StepOverdue, UserEvent,
};

/// A claim asks what has become of its user after so long.
pub(super) const CLAIMS_EXPIRE_AFTER_S: i64 = 15 * 60;
/// The claim that says so decided: nothing is held under this hold, and nothing will be.
const TAKEN: &str = "identity_taken";
/// The security epoch of a new account.
pub(super) const FIRST_EPOCH: u64 = 1;

const _: () = assert!(CLAIMS_EXPIRE_AFTER_S > 2 * longest_wait_s(), "claims outlive the longest registration");

/// What identity claims answered. Late, doubled and foreign answers change nothing.
pub(super) fn record(life: &Life, answers: &[ClaimAnswer], at: Timestamp) -> Option<UserEvent> {
    let (step, wait) = life.waiting()?;
    let heard = wait.hear(step, answers)?;
    if !heard.refused.is_empty() {
        return refused(life, heard, at);
    }
    if heard.after.is_over() {
        return proceed(life, heard.news, at);
    }
    Some(ClaimsAnswered { answers: heard.news }.into())
}

/// The wait's deadline passed.
pub(super) fn overdue(life: &Life, deadline: Timestamp, at: Timestamp) -> Option<UserEvent> {
    let (step, wait) = life.waiting()?;
    let attempt = wait.attempt().saturating_add(1);
    let answer_by = next_deadline(deadline, at, attempt);
    match SagaStep::of(step).compensation {
        Compensation::Release if attempt <= ATTEMPTS => {
            Some(StepOverdue { step, attempt, releases: Vec::new(), answer_by }.into())
        }
        Compensation::Release => give_up(life, ClaimFailure::IdentityUnanswered, Vec::new(), wanted(life), at),
        Compensation::AskAgain => {
            Some(StepOverdue { step, attempt, releases: wait.open().cloned().collect(), answer_by }.into())
        }
    }
}

/// A claim whose time is up asks. It may lapse only if the user has no use for it.
pub(super) fn answer_expiry(life: &Life, asked: &AskClaimExpiry, at: Timestamp) -> UserEvent {
    let AskClaimExpiry { of, expires_at } = asked.clone();
    let verdict = match (use_of(life, &of), life.waiting()) {
        (Use::His, _) | (Use::Wanted, Some((ClaimStep::Confirm, _))) => ExpiryVerdict::Confirm,
        (Use::Wanted, _) => ExpiryVerdict::Extend { expires_at: later(expires_at.max(at), CLAIMS_EXPIRE_AFTER_S) },
        (Use::None, _) => ExpiryVerdict::Release,
    };
    ClaimExpiryAnswered { of, verdict }.into()
}

/// When the first answers are due.
pub(super) fn answer_by(at: Timestamp) -> Timestamp {
    later(at, ANSWER_WITHIN_S)
}

/// When claims that are asked for now ask what has become of their user.
pub(super) fn claims_expire_at(at: Timestamp) -> Timestamp {
    later(at, CLAIMS_EXPIRE_AFTER_S)
}

enum Use {
    His,
    Wanted,
    None,
}

fn use_of(life: &Life, claim: &HeldClaim) -> Use {
    let his = |account: &Account| account.email_claim == *claim || account.username_claim == *claim;
    if life.account().is_some_and(|account| his(account)) {
        Use::His
    } else if wanted(life).contains(claim) {
        Use::Wanted
    } else {
        Use::None
    }
}

/// What the user tries to have.
fn wanted(life: &Life) -> Vec<HeldClaim> {
    match life {
        Life::Reserving(started, _) | Life::Confirming(started, _) => {
            vec![started.email_claim.clone(), started.username_claim.clone()]
        }
        Life::Active(account) | Life::Suspended(account) => match &account.change {
            Change::Reserving(new, _) | Change::Confirming(new, _) => vec![new.claim.clone()],
            Change::None | Change::Releasing(_) => Vec::new(),
        },
        Life::NotRegistered | Life::Failed(..) | Life::Erased { .. } => Vec::new(),
    }
}

/// The next step: everybody has done what the user waited for.
fn proceed(life: &Life, answers: Vec<ClaimAnswer>, at: Timestamp) -> Option<UserEvent> {
    let reserved = |answers| ClaimsReserved { answers, claims: wanted(life), answer_by: answer_by(at) };
    match life {
        Life::Reserving(..) => Some(reserved(answers).into()),
        Life::Confirming(..) => Some(Activated { answers, epoch: FIRST_EPOCH }.into()),
        Life::Failed(..) | Life::Erased { .. } => Some(ClaimsReleased { answers }.into()),
        Life::Active(account) | Life::Suspended(account) => match &account.change {
            Change::Reserving(new, _) | Change::Confirming(new, _) if new.epoch != account.epoch => {
                give_up(life, ClaimFailure::CredentialsChanged, answers, wanted(life), at)
            }
            Change::Reserving(..) => Some(reserved(answers).into()),
            Change::Confirming(new, _) => {
                let (email, claim) = (new.email.clone(), new.claim.clone());
                let releases = vec![account.email_claim.clone()];
                Some(EmailChanged { email, claim, answers, releases, answer_by: answer_by(at) }.into())
            }
            Change::Releasing(_) => Some(ClaimsReleased { answers }.into()),
            Change::None => None,
        },
        Life::NotRegistered => None,
    }
}

fn refused(life: &Life, heard: Heard, at: Timestamp) -> Option<UserEvent> {
    let (claim, code) = heard.refused.first()?;
    let failure = match (code == TAKEN, life) {
        (true, Life::Reserving(started, _)) if *claim != started.email_claim => ClaimFailure::UsernameTaken,
        (true, _) => ClaimFailure::EmailTaken,
        (false, _) => ClaimFailure::IdentityUnanswered,
    };
    let holds_nothing = |claim: &HeldClaim| heard.refused.iter().any(|(of, code)| of == claim && code == TAKEN);
    let releases = wanted(life).into_iter().filter(|claim| !holds_nothing(claim)).collect();
    give_up(life, failure, heard.news, releases, at)
}

/// The user does without what he wanted.
fn give_up(
    life: &Life,
    failure: ClaimFailure,
    answers: Vec<ClaimAnswer>,
    releases: Vec<HeldClaim>,
    at: Timestamp,
) -> Option<UserEvent> {
    let answer_by = answer_by(at);
    match life {
        Life::Reserving(..) | Life::Confirming(..) => {
            Some(RegistrationFailed { failure, answers, releases, answer_by }.into())
        }
        Life::Active(_) | Life::Suspended(_) => {
            Some(EmailChangeFailed { failure, answers, releases, answer_by }.into())
        }
        Life::NotRegistered | Life::Failed(..) | Life::Erased { .. } => None,
    }
}

pub(super) fn reserved(life: Life, event: &ClaimsReserved) -> Life {
    let wait = Wait::for_all(&event.claims, event.answer_by);
    match life {
        Life::Reserving(started, _) => Life::Confirming(started, wait),
        life @ (Life::NotRegistered | Life::Confirming(..) | Life::Failed(..) | Life::Erased { .. }) => life,
        life @ (Life::Active(_) | Life::Suspended(_)) => life.map_account(|account| {
            account.change = match std::mem::take(&mut account.change) {
                Change::Reserving(new, _) => Change::Confirming(new, wait),
                change @ (Change::None | Change::Confirming(..) | Change::Releasing(_)) => change,
            };
        }),
    }
}

pub(super) fn released(life: Life) -> Life {
    match life {
        Life::Failed(failure, _) => Life::Failed(failure, None),
        Life::Erased { epoch, .. } => Life::Erased { epoch, wait: None },
        life @ (Life::NotRegistered | Life::Reserving(..) | Life::Confirming(..)) => life,
        life @ (Life::Active(_) | Life::Suspended(_)) => life.map_account(|account| {
            account.change = match std::mem::take(&mut account.change) {
                Change::Releasing(_) | Change::None => Change::None,
                change @ (Change::Reserving(..) | Change::Confirming(..)) => change,
            };
        }),
    }
}
