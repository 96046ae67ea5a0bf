//! What inventory has to know of products, folded from the catalogue's events; a replica, nothing is decided here.

use tillroll_log::Replicated;
use tillroll_schemas::catalogue;
use tillroll_schemas::product::ProductEvent;

/// The catalogue's product, for reading only.
pub struct ProductFacts;

/// Whether stock is kept of a SKU. An archived product may still have stock, and returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracking {
    /// The catalogue has no such product.
    #[default]
    Unknown,
    /// Stock is kept.
    Tracked,
    /// A service: no stock is kept.
    Untracked,
}

impl Replicated for ProductFacts {
    const EVENTS: &'static str = catalogue::PRODUCT.events;
    type State = Tracking;
    type Event = ProductEvent;

    fn evolve(_state: Tracking, event: &ProductEvent) -> Tracking {
        let details = match event {
            ProductEvent::Added(e) => &e.details,
            ProductEvent::Revised(e) => &e.details,
            ProductEvent::Archived(e) => &e.details,
        };
        if details.tracked { Tracking::Tracked } else { Tracking::Untracked }
    }
}

#[cfg(test)]
mod tests;
