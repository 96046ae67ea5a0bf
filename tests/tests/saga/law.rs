//! What must hold of a shop whatever happens in it, and how an order stands in the end.

use crate::shop::{SKUS, Shop};
use std::collections::BTreeSet;
use tillroll_log::Aggregate;
use tillroll_log::record::{Entry, Outcome};
use tillroll_orders::order::{Life, Order, OrderState};
use tillroll_schemas::OrderId;
use tillroll_schemas::stock_item::{Levels, StockItemEvent};
use tillroll_testkit::AnySite;

impl Shop {
    /// What no fault may break: each command by topic ended in one record at most, those of nobody who is away in
    /// exactly one; what came under its id later with another body is said to be a conflict, as often as it came;
    /// levels are never negative; no order gets one thing twice.
    pub fn assert_lawful(&self) {
        let mut ended = BTreeSet::new();
        let sites: [&dyn AnySite; 6] =
            [&self.orders, &self.carts, &self.credit_notes, &self.payments, &self.series, &self.messages];
        let shelves = self.shelves.iter().map(|shelf| -> &dyn AnySite { shelf });
        for site in sites.into_iter().chain(shelves) {
            for entry in site.admitted() {
                // A call that is made again may tell something else under the same id.
                let conflict = matches!(&entry, Entry::Settled(_, settled) if settled.outcome == Outcome::Conflict);
                for end in entry.envelope().ends.iter().filter(|end| end.source.is_some()) {
                    assert_ne!(ended.insert(end.id), conflict, "ended twice, or a conflict with nothing: {entry:?}");
                }
            }
        }
        for (shelf, site) in self.shelves.iter().enumerate() {
            let mut done = BTreeSet::new();
            for (_, event) in site.events() {
                let Levels { on_hand, reserved, committed } = event.levels();
                assert!(reserved >= 0 && committed >= 0 && on_hand >= reserved + committed, "{event:?}");
                if let Some(once) = once(&event) {
                    assert!(done.insert(once), "{} twice: {once:?}", SKUS[shelf]);
                }
            }
        }
        let missing: Vec<_> = self.sent.iter().filter(|(id, _)| !ended.contains(id)).collect();
        assert!(missing.iter().all(|(_, place)| self.away.contains(place)), "not ended: {missing:?}");
    }

    /// Pieces on hand, by the events alone.
    pub fn counted(&self, shelf: usize) -> i64 {
        let counts = self.shelves[shelf].events().into_iter().map(|(_, event)| match event {
            StockItemEvent::Received(e) => e.quantity.get(),
            StockItemEvent::Adjusted(e) => e.delta,
            StockItemEvent::WrittenOff(e) => -e.quantity.get(),
            StockItemEvent::Fulfilled(e) => -e.quantity.get(),
            StockItemEvent::Reserved(_)
            | StockItemEvent::Committed(_)
            | StockItemEvent::Released(_)
            | StockItemEvent::ReleaseRecorded(_)
            | StockItemEvent::ReservationExpired(_) => 0,
        });
        counts.sum()
    }
}

/// What may happen to an order at a stock item once.
fn once(event: &StockItemEvent) -> Option<(&'static str, OrderId, Option<tillroll_schemas::FulfilmentId>)> {
    match event {
        StockItemEvent::Reserved(e) => Some(("reserved", e.order_id, None)),
        StockItemEvent::Committed(e) => Some(("committed", e.order_id, None)),
        StockItemEvent::Fulfilled(e) => Some(("fulfilled", e.order_id, Some(e.fulfilment_id))),
        StockItemEvent::Released(e) => Some(("released", e.order_id, None)),
        StockItemEvent::ReleaseRecorded(e) => Some(("released", e.order_id, None)),
        StockItemEvent::ReservationExpired(e) => Some(("expired", e.order_id, None)),
        StockItemEvent::Received(_) | StockItemEvent::Adjusted(_) | StockItemEvent::WrittenOff(_) => None,
    }
}

/// Whether nothing can happen to it any more but by a person or a late answer.
pub fn is_over(state: &OrderState) -> bool {
    Order::settled(state) && Order::deadline(state).is_none()
}

/// The reason's code of an order that was called off.
pub fn cancelled_for(state: &OrderState) -> Option<&str> {
    match &state.life {
        Life::Cancelled(_, reason, _) => Some(&reason.code),
        _ => None,
    }
}
