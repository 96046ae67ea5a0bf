//! What every stage of a user's life has in common: the account that there may be, the wait that he may be in, and the
//! deadlines of both.

use super::wait::Wait;
use super::{Account, Change, Life, Pending, UserRejection};
use std::sync::Arc;
use tillroll_schemas::Timestamp;
use tillroll_schemas::user::{ClaimAnswer, ClaimStep, TokenPurpose};

/// What a deadline is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The wait for identity claims.
    Wait,
    /// A token that was sent.
    Token(TokenPurpose),
}

impl Life {
    /// The account, locked or not.
    pub fn account(&self) -> Option<&Arc<Account>> {
        match self {
            Self::Active(account) | Self::Suspended(account) => Some(account),
            Self::NotRegistered | Self::Reserving(..) | Self::Confirming(..) | Self::Failed(..) => None,
            Self::Erased { .. } => None,
        }
    }

    /// The account, or why there is none.
    pub(super) fn an_account(&self) -> Result<&Account, UserRejection> {
        match self {
            Self::Active(account) | Self::Suspended(account) => Ok(account),
            Self::Reserving(..) | Self::Confirming(..) => Err(UserRejection::RegistrationInProgress),
            Self::NotRegistered | Self::Failed(..) | Self::Erased { .. } => Err(UserRejection::NotFound),
        }
    }

    /// The account of somebody who may use it.
    pub(super) fn an_active_account(&self) -> Result<&Account, UserRejection> {
        match self {
            Self::Suspended(_) => Err(UserRejection::Suspended),
            Self::NotRegistered
            | Self::Reserving(..)
            | Self::Confirming(..)
            | Self::Failed(..)
            | Self::Active(_)
            | Self::Erased { .. } => self.an_account(),
        }
    }

    /// The same stage with another account.
    pub(super) fn map_account(self, change: impl FnOnce(&mut Account)) -> Self {
        match self {
            Self::Active(mut account) => {
                change(Arc::make_mut(&mut account));
                Self::Active(account)
            }
            Self::Suspended(mut account) => {
                change(Arc::make_mut(&mut account));
                Self::Suspended(account)
            }
            life @ (Self::NotRegistered
            | Self::Reserving(..)
            | Self::Confirming(..)
            | Self::Failed(..)
            | Self::Erased { .. }) => life,
        }
    }

    /// What is waited for, if anything is.
    pub(super) fn waiting(&self) -> Option<(ClaimStep, &Wait)> {
        match self {
            Self::Reserving(_, wait) => Some((ClaimStep::Reserve, wait)),
            Self::Confirming(_, wait) => Some((ClaimStep::Confirm, wait)),
            Self::Failed(_, wait) | Self::Erased { wait, .. } => wait.as_ref().map(|wait| (ClaimStep::Release, wait)),
            Self::Active(account) | Self::Suspended(account) => account.change.waiting(),
            Self::NotRegistered => None,
        }
    }

    /// The same stage after these answers.
    pub(super) fn hear(self, answers: &[ClaimAnswer]) -> Self {
        self.map_wait(|asked, wait| wait.after(asked, answers))
    }

    /// The same stage when its wait became longer.
    pub(super) fn wait_longer(self, attempt: u32, answer_by: Timestamp) -> Self {
        self.map_wait(|_, wait| wait.longer(attempt, answer_by))
    }

    fn map_wait(self, change: impl FnOnce(ClaimStep, Wait) -> Wait) -> Self {
        match self {
            Self::Reserving(started, wait) => Self::Reserving(started, change(ClaimStep::Reserve, wait)),
            Self::Confirming(started, wait) => Self::Confirming(started, change(ClaimStep::Confirm, wait)),
            Self::Failed(failure, Some(wait)) => Self::Failed(failure, Some(change(ClaimStep::Release, wait))),
            Self::Erased { epoch, wait: Some(wait) } => {
                Self::Erased { epoch, wait: Some(change(ClaimStep::Release, wait)) }
            }
            life @ (Self::Active(_) | Self::Suspended(_)) => life.map_account(|account| {
                account.change = std::mem::take(&mut account.change).map_wait(change);
            }),
            life @ (Self::NotRegistered | Self::Failed(_, None) | Self::Erased { wait: None, .. }) => life,
        }
    }

    /// What comes due next, and when. Of two at the same time the wait comes first.
    pub(super) fn next_due(&self) -> Option<(Timestamp, Due)> {
        let wait = self.waiting().map(|(_, wait)| (wait.answer_by(), Due::Wait));
        let tokens = self.account().into_iter().flat_map(|account| account.pending_tokens());
        let tokens = tokens.map(|(purpose, pending)| (pending.expires_at, Due::Token(purpose)));
        wait.into_iter().chain(tokens).min_by_key(|(at, _)| *at)
    }
}

impl Account {
    /// The tokens that were sent and are still good.
    pub(super) fn pending_tokens(&self) -> impl Iterator<Item = (TokenPurpose, &Pending)> {
        let reset = self.reset.as_ref().map(|pending| (TokenPurpose::PasswordReset, pending));
        let verification = self.verification.as_ref().map(|pending| (TokenPurpose::EmailVerification, pending));
        reset.into_iter().chain(verification)
    }
}

impl Change {
    pub(super) fn waiting(&self) -> Option<(ClaimStep, &Wait)> {
        match self {
            Self::None => None,
            Self::Reserving(_, wait) => Some((ClaimStep::Reserve, wait)),
            Self::Confirming(_, wait) => Some((ClaimStep::Confirm, wait)),
            Self::Releasing(wait) => Some((ClaimStep::Release, wait)),
        }
    }

    fn map_wait(self, change: impl FnOnce(ClaimStep, Wait) -> Wait) -> Self {
        match self {
            Self::None => Self::None,
            Self::Reserving(new, wait) => Self::Reserving(new, change(ClaimStep::Reserve, wait)),
            Self::Confirming(new, wait) => Self::Confirming(new, change(ClaimStep::Confirm, wait)),
            Self::Releasing(wait) => Self::Releasing(change(ClaimStep::Release, wait)),
        }
    }
}
