//! What every stage of an order's life has in common: what was ordered, and the waits that it may be in.

use std::sync::Arc;

use chrono::TimeDelta;
use tillroll_schemas::Timestamp;
use tillroll_schemas::order::{Placed, Reason, Step, StockAnswer};

use super::wait::{Asked, Patience, Wait};
use super::{Delivery, Ending, Life, Sold};

impl Life {
    /// What was ordered, if anything was.
    pub fn order(&self) -> Option<&Arc<Placed>> {
        match self {
            Self::NotPlaced => None,
            Self::Reserving(order, _) | Self::Committing(order, _) | Self::Committed(order, _) => Some(order),
            Self::Authorising(order, ..) | Self::Cancelled(order, ..) => Some(order),
            Self::Confirmed(sold) | Self::Delivering(sold, _) | Self::Fulfilled(sold) => Some(&sold.order),
            Self::Compensating(ending) => Some(&ending.order),
        }
    }

    /// What it is as a sale, while it counts as one.
    pub fn sold(&self) -> Option<&Sold> {
        match self {
            Self::Confirmed(sold) | Self::Delivering(sold, _) | Self::Fulfilled(sold) => Some(sold),
            Self::NotPlaced
            | Self::Reserving(..)
            | Self::Authorising(..)
            | Self::Committing(..)
            | Self::Committed(..)
            | Self::Compensating(_)
            | Self::Cancelled(..) => None,
        }
    }

    /// What is waited for: nothing, one thing, or a delivery and something of its money beside it.
    pub(super) fn waits(&self) -> impl Iterator<Item = (Asked, &Wait)> {
        let settling = self.sold().and_then(|sold| sold.settlement.waiting());
        self.stage().into_iter().chain(settling)
    }

    /// The deadline, a little later if another wait has the same: each deadline fires once.
    pub(super) fn apart(&self, answer_by: Timestamp) -> Timestamp {
        match self.waits().any(|(_, wait)| wait.deadline() == Some(answer_by)) {
            true => answer_by.checked_add_signed(TimeDelta::milliseconds(1)).unwrap_or(answer_by),
            false => answer_by,
        }
    }

    /// What the stage itself waits for.
    fn stage(&self) -> Option<(Asked, &Wait)> {
        match self {
            Self::Reserving(_, wait) => Some((Asked::Reserve, wait)),
            Self::Authorising(_, wait, _) => Some((Asked::Authorise, wait)),
            Self::Committing(_, wait) | Self::Committed(_, wait) => Some((Asked::Commit, wait)),
            Self::Delivering(_, delivery) => Some((Asked::Fulfil(delivery.id), &delivery.wait)),
            Self::Compensating(ending) => Some((Asked::Release, &ending.wait)),
            Self::NotPlaced | Self::Confirmed(_) | Self::Fulfilled(_) | Self::Cancelled(..) => None,
        }
    }

    /// What stock items are asked, if they are.
    pub(super) fn stock_wait(&self) -> Option<(Asked, &Wait)> {
        self.stage().filter(|(asked, _)| *asked != Asked::Authorise)
    }

    /// Why it is stuck, if it is: the first of its waits that is.
    pub fn stuck(&self) -> Option<&Reason> {
        self.waits().find_map(|(_, wait)| wait.stuck())
    }

    /// The same stage after these answers.
    pub(super) fn hear(self, answers: &[StockAnswer]) -> Self {
        match self.stock_wait() {
            Some((asked, _)) => self.map_wait(asked.step(), |wait| wait.after(asked, answers)),
            None => self,
        }
    }

    /// The same stage whose wait of that step has another patience.
    pub(super) fn wait_on(self, step: Step, patience: Patience) -> Self {
        self.map_wait(step, |wait| wait.with_patience(patience))
    }

    /// The same stage with another wait of that step, if it waits for it.
    pub(super) fn map_wait(self, step: Step, change: impl FnOnce(Wait) -> Wait) -> Self {
        let waits_so = self.stage().is_some_and(|(asked, _)| asked.step() == step);
        match self {
            Self::Reserving(order, wait) if waits_so => Self::Reserving(order, change(wait)),
            Self::Authorising(order, wait, action_by) if waits_so => Self::Authorising(order, change(wait), action_by),
            Self::Committing(order, wait) if waits_so => Self::Committing(order, change(wait)),
            Self::Committed(order, wait) if waits_so => Self::Committed(order, change(wait)),
            Self::Delivering(sold, Delivery { id, items, wait }) if waits_so => {
                Self::Delivering(sold, Delivery { id, items, wait: change(wait) })
            }
            Self::Compensating(ending) if waits_so => {
                let Ending { wait, .. } = ending.clone();
                Self::Compensating(Ending { wait: change(wait), ..ending })
            }
            life => life.map_sold(|sold| Sold { settlement: sold.settlement.map_wait(step, change), ..sold }),
        }
    }

    /// The same stage of another sale, if it is one.
    pub(super) fn map_sold(self, change: impl FnOnce(Sold) -> Sold) -> Self {
        match self {
            Self::Confirmed(sold) => Self::Confirmed(change(sold)),
            Self::Delivering(sold, delivery) => Self::Delivering(change(sold), delivery),
            Self::Fulfilled(sold) => Self::Fulfilled(change(sold)),
            life @ (Self::NotPlaced
            | Self::Reserving(..)
            | Self::Authorising(..)
            | Self::Committing(..)
            | Self::Committed(..)
            | Self::Compensating(_)
            | Self::Cancelled(..)) => life,
        }
    }
}
