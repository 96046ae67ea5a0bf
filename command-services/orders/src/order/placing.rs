//! Placing an order: sums, claims and the first deadlines, made once and frozen.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;
use tillroll_schemas::order::{OrderEvent, PlaceOrder, Placed, Step, StockClaim};
use tillroll_schemas::{Quantity, Sku, Timestamp};

use super::paying::longest_authorisation_s;
use super::wait::{ANSWER_WITHIN_S, Wait, later, longest_wait_s};
use super::{Excess, Life, OrderRejection};
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

/// Whether stock is kept of it: claims stand in order of SKU.
pub(super) fn is_tracked(order: &Placed, sku: &Sku) -> bool {
    order.claims.binary_search_by(|claim| claim.sku.cmp(sku)).is_ok()
}

/// So many pieces of each SKU, all its lines together.
pub(super) fn ordered(order: &Placed) -> OrdMap<Sku, i64> {
    let mut pieces = OrdMap::new();
    for line in &order.lines {
        *pieces.entry(line.sku.clone()).or_insert(0) += line.quantity.get();
    }
    pieces
}

/// One claim for each SKU that is named, in order of SKU, if there are so many left of each.
pub(super) fn within(named: &[StockClaim], left: impl Fn(&Sku) -> i64) -> Result<Vec<StockClaim>, OrderRejection> {
    let mut sums: BTreeMap<&Sku, i64> = BTreeMap::new();
    for item in named {
        let sum = sums.entry(&item.sku).or_default();
        *sum = sum.saturating_add(item.quantity.get());
    }
    let (mut claims, mut excess) = (Vec::with_capacity(sums.len()), Vec::new());
    for (sku, sum) in sums {
        let left = left(sku);
        match Quantity::new(sum) {
            Ok(quantity) if sum <= left => claims.push(StockClaim { sku: sku.clone(), quantity }),
            Ok(_) | Err(_) => excess.push(Excess { sku: sku.clone(), left }),
        }
    }
    if excess.is_empty() { Ok(claims) } else { Err(OrderRejection::QuantityExceedsOrder(excess)) }
}

/// Whose claims they are.
pub(super) fn skus(claims: &[StockClaim]) -> impl Iterator<Item = Sku> {
    claims.iter().map(|claim| claim.sku.clone())
}
