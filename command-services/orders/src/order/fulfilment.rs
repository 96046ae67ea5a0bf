//! Fulfilment: one delivery at a time, of no more than is left and was not paid back. It is out when every stock item
//! has let its pieces go; one that refuses or stays silent leaves the order stuck, because what has left cannot be
//! called back.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use tillroll_schemas::order::{
    Fulfilled, FulfilmentRequested, OrderEvent, Placed, RequestFulfilment, StockAnswer, StockClaim,
};
use tillroll_schemas::{Quantity, Sku, Timestamp};

use super::placing::{is_tracked, ordered, skus, within};
use super::wait::{ANSWER_WITHIN_S, Wait, later};
use super::{Delivery, Life, OrderRejection, Reversed, Settlement, Sold};

/// A delivery is asked for. The same one again changes nothing.
pub(super) fn request(
    life: &Life,
    command: &RequestFulfilment,
    at: Timestamp,
) -> Result<Option<OrderEvent>, OrderRejection> {
    let id = command.fulfilment_id;
    match life {
        Life::NotPlaced => Err(OrderRejection::NotFound),
        Life::Reserving(..) | Life::Authorising(..) | Life::Committing(..) | Life::Committed(..) => {
            Err(OrderRejection::NotConfirmed)
        }
        Life::Compensating(_) | Life::Cancelled(..) => Err(OrderRejection::OrderCancelled),
        Life::Confirmed(sold) | Life::Fulfilled(sold) if sold.delivered.contains(&id) => Ok(None),
        Life::Delivering(sold, delivery) if delivery.id == id || sold.delivered.contains(&id) => Ok(None),
        Life::Delivering(..) => Err(OrderRejection::FulfilmentInProgress),
        Life::Fulfilled(_) => Err(OrderRejection::AlreadyFulfilled),
        Life::Confirmed(Sold { settlement: Settlement::Capturing(_), .. }) => Err(OrderRejection::PaymentPending),
        Life::Confirmed(sold) => {
            let items = match &command.items {
                Some(items) => chosen(sold, items)?,
                None => everything(sold)?,
            };
            let claims = items.iter().filter(|item| is_tracked(&sold.order, &item.sku)).cloned().collect();
            let answer_by = life.apart(later(at, ANSWER_WITHIN_S));
            Ok(Some(FulfilmentRequested { fulfilment_id: id, items, claims, answer_by }.into()))
        }
    }
}

/// What is left and may leave, in order of SKU.
fn everything(sold: &Sold) -> Result<Vec<StockClaim>, OrderRejection> {
    let may_leave = sold.may_leave();
    let item = |(sku, left): (&Sku, &i64)| {
        let quantity = Quantity::new(may_leave(sku, *left)).ok()?;
        Some(StockClaim { sku: sku.clone(), quantity })
    };
    let items: Vec<_> = sold.left.iter().filter_map(item).collect();
    if items.is_empty() { Err(OrderRejection::AlreadyRefunded) } else { Ok(items) }
}

/// What was chosen, one item per SKU in order of SKU, if so much is left and may leave.
fn chosen(sold: &Sold, items: &[StockClaim]) -> Result<Vec<StockClaim>, OrderRejection> {
    if items.is_empty() {
        return Err(OrderRejection::NothingToFulfil);
    }
    let may_leave = sold.may_leave();
    within(items, |sku| sold.left.get(sku).map_or(0, |left| may_leave(sku, *left)))
}

/// The delivery is out: every stock item has let its pieces go.
pub(super) fn out(sold: &Sold, delivery: &Delivery, answers: Vec<StockAnswer>) -> Fulfilled {
    let kept = kept_for_nobody(&Sold { left: without(&sold.left, &delivery.items), ..sold.clone() });
    let (complete, releases) = (kept.is_some(), kept.unwrap_or_default());
    Fulfilled { told: None, fulfilment_id: delivery.id, items: delivery.items.to_vec(), answers, complete, releases }
}

/// If nothing that is left may leave any more, the stock items that keep some of it. A refund that is under way may be
/// refused, and does not count.
pub(super) fn kept_for_nobody(sold: &Sold) -> Option<Vec<Sku>> {
    let may_leave = sold.may_leave_beside(None);
    let is_kept = |(sku, left): (&Sku, &i64)| may_leave(sku, *left) == 0;
    let tracked = || sold.left.keys().filter(|sku| is_tracked(&sold.order, sku)).cloned();
    sold.left.iter().all(is_kept).then(|| tracked().collect())
}

/// A confirmed order, of which everything is left.
pub(super) fn sold(order: Arc<Placed>, settlement: Settlement) -> Sold {
    let left = ordered(&order);
    Sold { order, left, delivered: OrdSet::new(), settlement, reversed: Reversed::default() }
}

fn without(left: &OrdMap<Sku, i64>, items: &[StockClaim]) -> OrdMap<Sku, i64> {
    let mut rest = left.clone();
    for item in items {
        match rest.get(&item.sku).map(|left| left - item.quantity.get()) {
            Some(pieces) if pieces > 0 => drop(rest.insert(item.sku.clone(), pieces)),
            Some(_) => drop(rest.remove(&item.sku)),
            None => {}
        }
    }
    rest
}

pub(super) fn requested(life: Life, event: &FulfilmentRequested) -> Life {
    match life {
        Life::Confirmed(sold) => {
            let wait = Wait::for_stock(skus(&event.claims), event.answer_by);
            let items = event.items.as_slice().into();
            Life::Delivering(sold, Delivery { id: event.fulfilment_id, items, wait })
        }
        life => life,
    }
}

pub(super) fn fulfilled(life: Life, event: &Fulfilled) -> Life {
    match life {
        Life::Delivering(sold, _) => {
            let left = without(&sold.left, &event.items);
            let sold = Sold { left, delivered: sold.delivered.update(event.fulfilment_id), ..sold };
            if event.complete { Life::Fulfilled(sold) } else { Life::Confirmed(sold) }
        }
        life => life,
    }
}
