//! What inventory has to know of products, folded from the catalogue's events; a replica, nothing is decided here.

use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::catalogue;
use tillroll_schemas::product::{ProductCommand, ProductEvent};

/// The catalogue's product, for reading only.
pub struct ProductFacts;

/// Whether stock is kept of a SKU. An archived product may still have stock, and returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tracking {
    /// The catalogue has no such product.
    #[default]
    Unknown,
    /// Stock is kept.
    Tracked,
    /// A service: no stock is kept.
    Untracked,
}

/// Nothing can be asked of a replica.
#[derive(Clone, Debug)]
pub enum Never {}

impl tillroll_log::Rejection for Never {
    fn code(&self) -> &'static str {
        match *self {}
    }

    fn detail(&self) -> String {
        match *self {}
    }
}

impl Aggregate for ProductFacts {
    const TOPICS: AggregateTopics = catalogue::PRODUCT;
    const STATE_SCHEMA: u32 = 1;
    type State = Tracking;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Rejection = Never;
    type Answer = ();

    fn decide(_state: &Tracking, _command: &ProductCommand, _at: Timestamp) -> Result<Option<ProductEvent>, Never> {
        Ok(None)
    }

    fn evolve(_state: Tracking, event: &ProductEvent) -> Tracking {
        let details = match event {
            ProductEvent::Added(e) => &e.details,
            ProductEvent::Revised(e) => &e.details,
            ProductEvent::Archived(e) => &e.details,
        };
        if details.tracked { Tracking::Tracked } else { Tracking::Untracked }
    }

    fn answer(_key: &Key, _event: Option<&ProductEvent>, _state: &Tracking) {}
}

#[cfg(test)]
mod tests;
