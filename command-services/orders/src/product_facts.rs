//! What orders have to know of products, folded from the catalogue's events; a replica, nothing is decided here.

use std::sync::Arc;

use tillroll_log::Replicated;
use tillroll_schemas::product::{Details, ProductEvent};
use tillroll_schemas::{Money, TaxRate, catalogue};

/// The catalogue's product, for reading only.
pub struct ProductFacts;

/// What a line of an order freezes of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Shown to customers.
    pub name: String,
    /// What it is grouped under.
    pub category: Option<String>,
    /// Per piece, tax excluded.
    pub price: Money,
    /// Basis points.
    pub tax_rate: TaxRate,
    /// Whether stock is kept of it.
    pub tracked: bool,
    /// Whether it is no longer sold; what was sold can still be credited.
    pub archived: bool,
}

impl Replicated for ProductFacts {
    const EVENTS: &'static str = catalogue::PRODUCT.events;
    /// Nothing, if the catalogue has no such product.
    type State = Option<Arc<Facts>>;
    type Event = ProductEvent;

    fn evolve(_: Self::State, event: &ProductEvent) -> Self::State {
        match event {
            ProductEvent::Added(added) => facts(&added.details, false),
            ProductEvent::Revised(revised) => facts(&revised.details, false),
            ProductEvent::Archived(archived) => facts(&archived.details, true),
        }
    }
}

fn facts(details: &Details, archived: bool) -> Option<Arc<Facts>> {
    let Details { name, description: _, category, price, tax_rate, tracked } = details.clone();
    Some(Arc::new(Facts { name, category, price, tax_rate, tracked, archived }))
}

#[cfg(test)]
mod tests;
