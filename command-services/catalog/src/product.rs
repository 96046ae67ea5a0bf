//! `product`, key: SKU. It is added once, revised any number of times and archived at the end, for ever.
//!
//! Must hold: a SKU names one product for ever, also after it was archived; whether stock is kept of it never changes.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::catalogue;
use tillroll_schemas::product::{
    AddProduct, Added, ArchiveProduct, Archived, Details, ProductCommand, ProductEvent, ReviseProduct, Revised,
};

/// The aggregate.
pub struct Product;

/// Where a product is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Nobody has added it.
    #[default]
    Unknown,
    /// It is sold.
    Listed(Arc<Details>),
    /// It is no longer sold.
    Archived(Arc<Details>),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such product.
    NotFound,
    /// The SKU names a product already, be it archived.
    SkuTaken,
    /// An archived product cannot be changed.
    Archived,
    /// Whether stock is kept of it cannot change.
    TrackingFixed,
}

impl Rejection {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::NotFound, Self::SkuTaken, Self::Archived, Self::TrackingFixed];
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::SkuTaken => "sku_taken",
            Self::Archived => "product_archived",
            Self::TrackingFixed => "tracking_fixed",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound => "there is no product with this SKU",
            Self::SkuTaken => "a product with this SKU exists or existed",
            Self::Archived => "the product was archived and cannot be changed",
            Self::TrackingFixed => "whether stock is kept of a product cannot change",
        }
        .to_owned()
    }
}

/// What a client is told of a product; nothing, if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// All that is known of it.
    pub details: Arc<Details>,
    /// Whether it is no longer sold.
    pub archived: bool,
}

impl Aggregate for Product {
    const TOPICS: AggregateTopics = catalogue::PRODUCT;
    const STATE_SCHEMA: u32 = 1;
    type State = State;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Rejection = Rejection;
    type Answer = Option<Listing>;

    fn decide(state: &State, command: &ProductCommand, _at: Timestamp) -> Result<Option<ProductEvent>, Rejection> {
        match command {
            ProductCommand::Add(command) => add(state, command),
            ProductCommand::Revise(command) => revise(state, command),
            ProductCommand::Archive(ArchiveProduct {}) => archive(state),
        }
    }

    fn evolve(_state: State, event: &ProductEvent) -> State {
        match event {
            ProductEvent::Added(Added { details, initial_stock: _ }) => State::Listed(Arc::new(details.clone())),
            ProductEvent::Revised(Revised { details }) => State::Listed(Arc::new(details.clone())),
            ProductEvent::Archived(Archived { details }) => State::Archived(Arc::new(details.clone())),
        }
    }

    fn answer(_key: &Key, event: Option<&ProductEvent>, state: &State) -> Option<Listing> {
        // After its own event a command is answered as if nothing else had happened: a repeat gets the first answer.
        let told = event.map(|event| Self::evolve(State::Unknown, event));
        match told.as_ref().unwrap_or(state) {
            State::Unknown => None,
            State::Listed(details) => Some(Listing { details: details.clone(), archived: false }),
            State::Archived(details) => Some(Listing { details: details.clone(), archived: true }),
        }
    }
}

fn add(state: &State, command: &AddProduct) -> Result<Option<ProductEvent>, Rejection> {
    match state {
        State::Unknown => {
            let AddProduct { details, initial_stock } = command.clone();
            Ok(Some(Added { details, initial_stock }.into()))
        }
        State::Listed(_) | State::Archived(_) => Err(Rejection::SkuTaken),
    }
}

fn revise(state: &State, command: &ReviseProduct) -> Result<Option<ProductEvent>, Rejection> {
    let now = match state {
        State::Unknown => return Err(Rejection::NotFound),
        State::Archived(_) => return Err(Rejection::Archived),
        State::Listed(details) => details,
    };
    let ReviseProduct { name, description, category, price, tax_rate, tracked } = command.clone();
    if tracked.is_some_and(|tracked| tracked != now.tracked) {
        return Err(Rejection::TrackingFixed);
    }
    let details = Details { name, description, category, price, tax_rate, tracked: now.tracked };
    Ok((details != **now).then(|| Revised { details }.into()))
}

fn archive(state: &State) -> Result<Option<ProductEvent>, Rejection> {
    match state {
        State::Unknown => Err(Rejection::NotFound),
        State::Listed(details) => Ok(Some(Archived { details: details.as_ref().clone() }.into())),
        State::Archived(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
