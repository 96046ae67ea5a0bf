//! Placing an order: sums, claims and the first deadlines, made once and frozen.

use std::sync::Arc;

use tillroll_schemas::Timestamp;
use tillroll_schemas::order::{OrderEvent, PlaceOrder, Placed, Step, StockClaim};

use super::paying::longest_authorisation_s;
use super::wait::{ANSWER_WITHIN_S, Wait, later, longest_wait_s};
use super::{Life, OrderRejection};
use crate::pricing;

/// How long stock items hold pieces for an order that is not committed.
const RESERVATIONS_HOLD_S: i64 = 30 * 60;

// A reservation that lapses while the saga still waits would be sold twice over or need a second try: however long
// the steps take that lead to its commit, it must still be there. A build in which it were not does not compile.
const _: () = assert!(
    RESERVATIONS_HOLD_S > longest_wait_s(Step::Reserve) + longest_authorisation_s() + longest_wait_s(Step::Commit)
);

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
        user_id: command.user_id,
        from_cart: command.from_cart,
        payment: command.payment.clone(),
        placed_at: command.placed_at.unwrap_or(at),
        claims: pricing::claims(&lines)?,
        lines,
        totals,
        reservations_expire_at: later(at, RESERVATIONS_HOLD_S),
        answer_by: later(at, ANSWER_WITHIN_S),
        shipping_address: command.shipping_address.clone(),
        buyer: command.buyer.clone(),
    };
    Ok(Some(placed.into()))
}

pub(super) fn placed(life: Life, event: &Placed) -> Life {
    match life {
        Life::NotPlaced => {
            let wait = Wait::for_stock(skus(&event.claims), event.answer_by);
            Life::Reserving(Arc::new(event.clone()), wait)
        }
        life => life,
    }
}

/// Whose claims they are.
pub(super) fn skus(claims: &[StockClaim]) -> impl Iterator<Item = tillroll_schemas::Sku> {
    claims.iter().map(|claim| claim.sku.clone())
}
