//! The types of aggregates, each with the fold of its own context.

use crate::Failure;
use serde_json::{Value, json};
use tillroll_catalog::product::Product;
use tillroll_inventory::stock_item::StockItem;
use tillroll_log::{Admitted, Aggregate, AggregateTopics, Body, Key};
use tillroll_notifications::notification::{Notification, NotificationBody};
use tillroll_notifications::preference::Preference;
use tillroll_orders::cart::Cart;
use tillroll_orders::credit_note::CreditNote;
use tillroll_orders::order::Order;
use tillroll_payments::invoice_series::InvoiceSeries;
use tillroll_payments::payment::Payment;
use tillroll_schemas::catalogue;
use tillroll_users::api_key::ApiKey;
use tillroll_users::identity_claim::IdentityClaim;
use tillroll_users::session::Session;
use tillroll_users::user::User;

/// A type of aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Product,
    StockItem,
    Order,
    CreditNote,
    Cart,
    User,
    IdentityClaim,
    Session,
    ApiKey,
    Notification,
    Preference,
    InvoiceSeries,
    Payment,
}

/// What an aggregate is now: as a client sees it, where it has a body, and as the owner keeps it.
pub struct Now {
    /// The resource's body; null if there is none.
    pub answer: Value,
    /// The state, for people.
    pub state: String,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Product,
        Self::StockItem,
        Self::Order,
        Self::CreditNote,
        Self::Cart,
        Self::User,
        Self::IdentityClaim,
        Self::Session,
        Self::ApiKey,
        Self::Notification,
        Self::Preference,
        Self::InvoiceSeries,
        Self::Payment,
    ];

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
            Self::Cart => catalogue::CART,
            Self::User => catalogue::USER,
            Self::IdentityClaim => catalogue::IDENTITY_CLAIM,
            Self::Session => catalogue::SESSION,
            Self::ApiKey => catalogue::API_KEY,
            Self::Notification => catalogue::NOTIFICATION,
            Self::Preference => catalogue::PREFERENCE,
            Self::InvoiceSeries => catalogue::INVOICE_SERIES,
            Self::Payment => catalogue::PAYMENT,
        }
    }

    /// `order`
    pub fn name(self) -> &'static str {
        self.topics().name
    }

    /// Whether its ids are UUIDs.
    pub fn is_named_by_uuid(self) -> bool {
        match self {
            Self::Product | Self::StockItem | Self::IdentityClaim | Self::InvoiceSeries => false,
            Self::Order | Self::CreditNote | Self::Cart | Self::User | Self::Session | Self::ApiKey => true,
            Self::Notification | Self::Preference | Self::Payment => true,
        }
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
            Self::Cart => fold::<Cart>(id, events, |cart| Ok(json!({"items": cart.items, "order_id": cart.order_id}))),
            // What they are is personal or secret: the state says where they stand in their lives, and nothing more.
            Self::User => fold::<User>(id, events, |body| {
                Ok(body.map_or(
                    Value::Null,
                    |user| json!({"status": format!("{:?}", user.status), "version": user.version}),
                ))
            }),
            Self::IdentityClaim => fold::<IdentityClaim>(id, events, serde_json::to_value),
            Self::Session => fold::<Session>(id, events, serde_json::to_value),
            Self::ApiKey => fold::<ApiKey>(id, events, |_| Ok(Value::Null)),
            Self::Notification => fold::<Notification>(id, events, |message| {
                serde_json::to_value(message.map(|message| NotificationBody::of(id, &message)))
            }),
            Self::Preference => fold::<Preference>(id, events, serde_json::to_value),
            Self::InvoiceSeries => fold::<InvoiceSeries>(id, events, |_| Ok(Value::Null)),
            Self::Payment => fold::<Payment>(id, events, serde_json::to_value),
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
