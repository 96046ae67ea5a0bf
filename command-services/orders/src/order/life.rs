//! What every stage of an order's life has in common: what was ordered, and the wait that it may be in.

use std::sync::Arc;

use tillroll_schemas::order::{Placed, Reason, StockAnswer};

use super::wait::{Asked, Patience, Wait};
use super::{Delivery, Ending, Life};

impl Life {
    /// What was ordered, if anything was.
    pub fn order(&self) -> Option<&Arc<Placed>> {
        match self {
            Self::NotPlaced => None,
            Self::Reserving(order, _) | Self::Committing(order, _) | Self::Committed(order, _) => Some(order),
            Self::Cancelled(order, _) => Some(order),
            Self::Confirmed(sold) | Self::Delivering(sold, _) | Self::Fulfilled(sold) => Some(&sold.order),
            Self::Compensating(ending) => Some(&ending.order),
        }
    }

    /// What is waited for, if anything is.
    pub(super) fn waiting(&self) -> Option<(Asked, &Wait)> {
        match self {
            Self::Reserving(_, wait) => Some((Asked::Reserve, wait)),
            Self::Committing(_, wait) | Self::Committed(_, wait) => Some((Asked::Commit, wait)),
            Self::Delivering(_, delivery) => Some((Asked::Fulfil(delivery.id), &delivery.wait)),
            Self::Compensating(ending) => Some((Asked::Release, &ending.wait)),
            Self::NotPlaced | Self::Confirmed(_) | Self::Fulfilled(_) | Self::Cancelled(..) => None,
        }
    }

    /// Why it is stuck, if it is.
    pub fn stuck(&self) -> Option<&Reason> {
        self.waiting().and_then(|(_, wait)| wait.stuck())
    }

    /// The same stage after these answers.
    pub(super) fn hear(self, answers: &[StockAnswer]) -> Self {
        self.map_wait(|asked, wait| wait.after(asked, answers))
    }

    /// The same stage with another patience.
    pub(super) fn wait_on(self, patience: Patience) -> Self {
        self.map_wait(|_, wait| wait.with_patience(patience))
    }

    pub(super) fn map_wait(self, change: impl FnOnce(Asked, Wait) -> Wait) -> Self {
        match self {
            Self::Reserving(order, wait) => Self::Reserving(order, change(Asked::Reserve, wait)),
            Self::Committing(order, wait) => Self::Committing(order, change(Asked::Commit, wait)),
            Self::Committed(order, wait) => Self::Committed(order, change(Asked::Commit, wait)),
            Self::Delivering(sold, Delivery { id, items, wait }) => {
                let wait = change(Asked::Fulfil(id), wait);
                Self::Delivering(sold, Delivery { id, items, wait })
            }
            Self::Compensating(Ending { order, reason, was_confirmed, wait }) => {
                let wait = change(Asked::Release, wait);
                Self::Compensating(Ending { order, reason, was_confirmed, wait })
            }
            life @ (Self::NotPlaced | Self::Confirmed(_) | Self::Fulfilled(_) | Self::Cancelled(..)) => life,
        }
    }
}
