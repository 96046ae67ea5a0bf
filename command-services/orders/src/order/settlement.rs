//! How far a sale is paid, invoiced and paid back: one thing at a time, beside its deliveries.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use tillroll_schemas::order::{Charge, Placed, RefundRequested, Refunded, Reversal, Step};
use tillroll_schemas::{Money, RefundId, Sku};

use super::paying::charge;
use super::wait::{Asked, Wait};
use super::{Refunds, Sold};

/// What of a sale's money and papers is under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Settlement {
    /// Nothing is, and it was never invoiced: it was confirmed before there were invoices.
    Nothing,
    /// Money is being taken; nothing leaves before that.
    Capturing(Wait),
    /// Its invoice is being numbered.
    Invoicing(Wait),
    /// Nothing is, and it was invoiced.
    Done,
    /// Money is going back.
    Refunding(Arc<RefundRequested>, Wait),
    /// A credit note is being numbered.
    Crediting(Arc<Refunded>, Wait),
}

/// What went back of a sale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reversed {
    /// Pieces that were credited, by SKU: they count for its lines from the first to the last.
    pub pieces: OrdMap<Sku, i64>,
    /// Of these, pieces that came back.
    pub returned: OrdMap<Sku, i64>,
    /// Money.
    pub money: Refunds,
    /// Minor units that were credited by a note and did not arrive: they are to go back once more, and not to be credited.
    pub owed: i64,
    /// Refunds that were refused, and why: another has another id.
    pub refused: OrdMap<RefundId, String>,
}

impl Settlement {
    pub(super) fn waiting(&self) -> Option<(Asked, &Wait)> {
        match self {
            Self::Nothing | Self::Done => None,
            Self::Capturing(wait) => Some((Asked::Capture, wait)),
            Self::Invoicing(wait) | Self::Crediting(_, wait) => Some((Asked::Invoice, wait)),
            Self::Refunding(asked, wait) => Some((Asked::Refund(asked.reversal.refund_id), wait)),
        }
    }

    pub(super) fn map_wait(self, step: Step, change: impl FnOnce(Wait) -> Wait) -> Self {
        match self {
            Self::Capturing(wait) if step == Step::Capture => Self::Capturing(change(wait)),
            Self::Invoicing(wait) if step == Step::Invoice => Self::Invoicing(change(wait)),
            Self::Crediting(what, wait) if step == Step::Invoice => Self::Crediting(what, change(wait)),
            Self::Refunding(what, wait) if step == Step::Refund => Self::Refunding(what, change(wait)),
            other => other,
        }
    }

    /// Whether a number was asked for, or will be told any time: calling the sale off is a credit note then.
    pub(super) fn is_invoiced(&self) -> bool {
        match self {
            Self::Nothing | Self::Capturing(_) => false,
            Self::Invoicing(_) | Self::Done | Self::Refunding(..) | Self::Crediting(..) => true,
        }
    }
}

impl Reversed {
    /// Whether anything did.
    pub fn is_empty(&self) -> bool {
        self.money.is_empty() && self.pieces.is_empty() && self.owed == 0
    }
}

impl Sold {
    /// What was taken by card so far.
    pub(super) fn captured(&self) -> Option<Charge> {
        match self.settlement {
            Settlement::Capturing(_) => None,
            _ => charge(&self.order),
        }
    }

    /// What went back so far, credits on account included.
    pub fn refunded(&self) -> Money {
        sum(&self.order, &self.reversed.money)
    }

    /// Whether all that was paid is back, and arrived.
    pub fn is_paid_back(&self) -> bool {
        !self.reversed.is_empty() && self.reversed.owed == 0 && self.refunded() == self.order.totals.gross
    }

    /// What may still leave of a SKU of which so much has not: less what was paid back, or is about to be, and did not
    /// come back; nothing once all of the money is credited. Which of its pieces a refund was for nobody says, so it
    /// is for those that are still here.
    pub(super) fn may_leave(&self) -> impl Fn(&Sku, i64) -> i64 {
        let going = match &self.settlement {
            Settlement::Refunding(asked, _) => Some(&asked.reversal),
            Settlement::Nothing
            | Settlement::Capturing(_)
            | Settlement::Invoicing(_)
            | Settlement::Done
            | Settlement::Crediting(..) => None,
        };
        self.may_leave_beside(going)
    }

    /// The same, beside a refund that is under way.
    pub(super) fn may_leave_beside(&self, going: Option<&Reversal>) -> impl Fn(&Sku, i64) -> i64 {
        let gross = self.order.totals.gross.amount;
        let owed = self.reversed.owed;
        let credited_next = going.map_or(0, |going| going.amount.amount - going.pays_owed().min(owed));
        let credited = self.refunded().amount + owed + credited_next;
        let all_credited = gross > 0 && credited >= gross;
        // Pieces stand in order of SKU.
        let pieces = going.filter(|going| !going.returned).map_or(&[][..], |going| &going.pieces);
        move |sku, left| {
            let of = |pieces: &OrdMap<Sku, i64>| pieces.get(sku).copied().unwrap_or(0);
            let asked = pieces.binary_search_by(|claim| claim.sku.cmp(sku)).map_or(0, |at| pieces[at].quantity.get());
            let kept = of(&self.reversed.pieces) - of(&self.reversed.returned) + asked;
            if all_credited { 0 } else { (left - kept).max(0) }
        }
    }
}

/// What refunds of an order come to.
pub(super) fn sum(order: &Placed, refunds: &Refunds) -> Money {
    let none = Money::zero(order.totals.gross.currency);
    // All refunds together are at most what was paid, so no sum wraps.
    refunds.values().fold(none, |sum, refund| sum.plus(*refund).unwrap_or(sum))
}
