//! Placing an order: sums, claims and the first deadlines, made once and frozen.

use std::sync::Arc;

use tillroll_schemas::Timestamp;
use tillroll_schemas::order::{OrderEvent, PlaceOrder, Placed, Step, StockClaim};

use super::wait::{ANSWER_WITHIN_S, Wait, later, longest_wait_s};
use super::{Life, OrderRejection};
use crate::pricing;

/// How long stock items hold pieces for an order that is not committed.
const RESERVATIONS_HOLD_S: i64 = 30 * 60;

// A reservation that lapses while the saga still waits would be sold twice over or need a second try: however long
// every step takes, it must still be there.
const _: () = assert!(RESERVATIONS_HOLD_S > Step::ALL.len() as i64 * longest_wait_s());

/// A second order under the same id can only be the same command: the id was made of the command's.
pub(super) fn place(life: &Life, command: &PlaceOrder, at: Timestamp) -> Result<Option<OrderEvent>, OrderRejection> {
    if life.order().is_some() {
        return Ok(None);
    }
    let (lines, totals) = pricing::priced(&command.lines)?;
    // Every SKU's pieces must be a quantity, services included: a delivery states them as one.
    pricing::pieces(&lines)?;
    let placed = Placed {
        reference: command.reference.clone(),
        customer: command.customer.clone(),
        country: command.country.clone(),
        payment: command.payment,
        placed_at: command.placed_at.unwrap_or(at),
        claims: pricing::claims(&lines)?,
        lines,
        totals,
        reservations_expire_at: later(at, RESERVATIONS_HOLD_S),
        answer_by: later(at, ANSWER_WITHIN_S),
    };
    Ok(Some(placed.into()))
}

pub(super) fn placed(life: Life, event: &Placed) -> Life {
    match life {
        Life::NotPlaced => {
            let wait = Wait::for_all(skus(&event.claims), event.answer_by);
            Life::Reserving(Arc::new(event.clone()), wait)
        }
        life @ (Life::Reserving(..)
        | Life::Committing(..)
        | Life::Committed(..)
        | Life::Confirmed(_)
        | Life::Delivering(..)
        | Life::Fulfilled(_)
        | Life::Compensating(_)
        | Life::Cancelled(..)) => life,
    }
}

/// Whose claims they are.
pub(super) fn skus(claims: &[StockClaim]) -> impl Iterator<Item = tillroll_schemas::Sku> {
    claims.iter().map(|claim| claim.sku.clone())
}
