//! The types of aggregates, each with the fold of its own context.

use crate::Failure;
use serde_json::{Value, json};
use tillroll_catalog::product::Product;
use tillroll_inventory::stock_item::StockItem;
use tillroll_log::{Admitted, Aggregate, AggregateTopics, Body, Key};
use tillroll_orders::credit_note::CreditNote;
use tillroll_orders::order::Order;
use tillroll_schemas::catalogue;

/// A type of aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Product,
    StockItem,
    Order,
    CreditNote,
}

/// What an aggregate is now: as a client sees it, where it has a body, and as the owner keeps it.
pub struct Now {
    /// The resource's body; null if there is none.
    pub answer: Value,
    /// The state, for people.
    pub state: String,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Product, Self::StockItem, Self::Order, Self::CreditNote];

    /// The type of that name.
    pub fn of(name: &str) -> Result<Self, Failure> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            format!("`{name}` is no type of aggregate; there are {}", known.join(", ")).into()
        })
    }

    /// Where it lives.
    pub fn topics(self) -> AggregateTopics {
        match self {
            Self::Product => catalogue::PRODUCT,
            Self::StockItem => catalogue::STOCK_ITEM,
            Self::Order => catalogue::ORDER,
            Self::CreditNote => catalogue::CREDIT_NOTE,
        }
    }

    /// `order`
    pub fn name(self) -> &'static str {
        self.topics().name
    }

    /// What its events make of it.
    pub fn fold(self, id: &str, events: &[Admitted]) -> Result<Now, Failure> {
        match self {
            Self::Product => fold::<Product>(id, events, |listing| match listing {
                Some(listing) => {
                    let mut body = serde_json::to_value(&*listing.details)?;
                    body["archived"] = json!(listing.archived);
                    Ok(body)
                }
                None => Ok(Value::Null),
            }),
            Self::StockItem => fold::<StockItem>(id, events, serde_json::to_value),
            Self::Order => fold::<Order>(id, events, serde_json::to_value),
            Self::CreditNote => fold::<CreditNote>(id, events, serde_json::to_value),
        }
    }
}

fn fold<A: Aggregate>(
    id: &str,
    events: &[Admitted],
    body: impl Fn(A::Answer) -> serde_json::Result<Value>,
) -> Result<Now, Failure> {
    let mut state = A::State::default();
    for admitted in events {
        let envelope = admitted.entry.envelope();
        let value = admitted.record.value.as_deref().unwrap_or_default();
        let event =
            A::Event::decode(&envelope.type_name, value).map_err(|error| format!("{}: {error}", envelope.at))?;
        state = A::evolve(state, &event);
    }
    let answer = body(A::answer(&Key::from(id), None, &state))?;
    Ok(Now { answer, state: format!("{state:#?}") })
}
