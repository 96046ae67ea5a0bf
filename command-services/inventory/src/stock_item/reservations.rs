//! Who has a claim on a stock item's pieces: cheap to clone, because a hot SKU has many and every decision clones.
//!
//! Must hold: each reservation stands in `by_expiry` once; no order is both claiming and released.

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use tillroll_schemas::{FulfilmentId, OrderId, Quantity, Timestamp};

/// So many released orders, and so many deliveries, are remembered; the oldest are forgotten.
pub const MOST_REMEMBERED: usize = 1_024;

/// What an order has a claim on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// Held until an expiry.
    Reserved {
        /// How many pieces.
        quantity: Quantity,
        /// When it lapses by itself.
        expires_at: Timestamp,
    },
    /// Sold.
    Committed {
        /// Pieces that have not left yet.
        left: i64,
    },
}

/// The claims of every order, and who was released.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservations {
    by_order: OrdMap<OrderId, Claim>,
    by_expiry: OrdSet<(Timestamp, OrderId)>,
    released: Remembered<OrderId>,
    left: Remembered<(OrderId, FulfilmentId)>,
}

impl Reservations {
    /// The order's claim.
    pub fn claim(&self, order: OrderId) -> Option<Claim> {
        self.by_order.get(&order).copied()
    }

    /// Whether the order's claim was ended before, be it that it had not come yet.
    pub fn was_released(&self, order: OrderId) -> bool {
        self.released.contains(order)
    }

    /// Whether the pieces of this delivery of the order have left before.
    pub fn has_left(&self, order: OrderId, fulfilment: FulfilmentId) -> bool {
        self.left.contains((order, fulfilment))
    }

    /// The reservation that lapses first; of those that lapse together, that of the least order id.
    pub fn first_to_expire(&self) -> Option<(Timestamp, OrderId)> {
        self.by_expiry.get_min().copied()
    }

    /// The claims, in order of order id.
    pub fn iter(&self) -> impl Iterator<Item = (OrderId, Claim)> {
        self.by_order.iter().map(|(order, claim)| (*order, *claim))
    }

    pub(super) fn reserve(&mut self, order: OrderId, quantity: Quantity, expires_at: Timestamp) {
        self.end(order);
        self.by_order.insert(order, Claim::Reserved { quantity, expires_at });
        self.by_expiry.insert((expires_at, order));
    }

    pub(super) fn commit(&mut self, order: OrderId, quantity: Quantity) {
        self.end(order);
        self.by_order.insert(order, Claim::Committed { left: quantity.get() });
    }

    pub(super) fn fulfil(&mut self, order: OrderId, fulfilment: FulfilmentId, quantity: Quantity) {
        self.left.remember((order, fulfilment));
        match self.claim(order) {
            Some(Claim::Committed { left }) if left > quantity.get() => {
                self.by_order.insert(order, Claim::Committed { left: left - quantity.get() });
            }
            Some(Claim::Committed { .. }) => self.end(order),
            Some(Claim::Reserved { .. }) | None => {}
        }
    }

    /// The claim is over, and one of this order that comes later will be refused.
    pub(super) fn release(&mut self, order: OrderId) {
        self.end(order);
        self.released.remember(order);
    }

    /// The claim is over.
    pub(super) fn end(&mut self, order: OrderId) {
        if let Some(Claim::Reserved { expires_at, .. }) = self.by_order.remove(&order) {
            self.by_expiry.remove(&(expires_at, order));
        }
    }
}

/// The things that happened last, numbered in the order in which they did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "T: Clone + Ord + Serialize + serde::de::DeserializeOwned")]
struct Remembered<T: Ord> {
    things: OrdSet<T>,
    by_age: OrdMap<u64, T>,
    count: u64,
}

impl<T: Ord> Default for Remembered<T> {
    fn default() -> Self {
        Self { things: OrdSet::default(), by_age: OrdMap::default(), count: 0 }
    }
}

impl<T: Copy + Ord> Remembered<T> {
    fn contains(&self, thing: T) -> bool {
        self.things.contains(&thing)
    }

    fn remember(&mut self, thing: T) {
        if self.things.insert(thing).is_some() {
            return;
        }
        self.by_age.insert(self.count, thing);
        self.count += 1;
        while self.things.len() > MOST_REMEMBERED {
            let Some(&(oldest, forgotten)) = self.by_age.get_min() else { return };
            self.by_age.remove(&oldest);
            self.things.remove(&forgotten);
        }
    }
}

#[cfg(test)]
mod tests;
