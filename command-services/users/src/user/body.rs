//! What a client is told of a user; the handler opens what is sealed.

use super::claims::FIRST_EPOCH;
use super::{Account, Change, Life, UserState};
use std::sync::Arc;
use tillroll_schemas::user::ClaimFailure;

/// Where a user is in his life, as others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// His address and username are asked for.
    Registering,
    /// He cannot have an account.
    Failed(ClaimFailure),
    /// He has one.
    Active,
    /// It is locked.
    Suspended,
    /// He is forgotten.
    Erased,
}

/// A user, as of now.
#[derive(Clone, Debug, PartialEq)]
pub struct UserBody {
    /// Where he is in his life.
    pub status: Status,
    /// How many events he has.
    pub version: u64,
    /// His account, if he has one.
    pub account: Option<Arc<Account>>,
}

impl UserBody {
    pub(super) fn of(state: &UserState) -> Option<Self> {
        let status = match &state.life {
            Life::NotRegistered => return None,
            Life::Reserving(..) | Life::Confirming(..) => Status::Registering,
            Life::Failed(failure, _) => Status::Failed(*failure),
            Life::Active(_) => Status::Active,
            Life::Suspended(_) => Status::Suspended,
            Life::Erased { .. } => Status::Erased,
        };
        Some(Self { status, version: state.version, account: state.life.account().cloned() })
    }
}

impl Account {
    /// Whether an address that he wants is not his yet, and may still become his.
    pub fn is_changing_email(&self) -> bool {
        matches!(self.change, Change::Reserving(..) | Change::Confirming(..))
    }

    /// Whether nothing has ended since what rests on the registration: its password is still that of the account.
    pub fn is_as_registered(&self) -> bool {
        self.epoch == FIRST_EPOCH
    }

    /// The account at this epoch: if it is another one, tokens that were sent before are good for nothing.
    pub(super) fn raise(&mut self, epoch: u64) {
        if epoch != self.epoch {
            self.epoch = epoch;
            (self.reset, self.verification) = (None, None);
        }
    }

    /// The epoch at which everything is over that rests on the present one.
    pub(super) fn next_epoch(&self) -> u64 {
        self.epoch.saturating_add(1)
    }
}
