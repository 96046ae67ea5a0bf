//! `cart`, key: user id. Open and filled and emptied at will; checked out while the order made of it is neither good nor
//! off; then open again, empty if the order is good, with all that was in it if not.
//!
//! Must hold: one version of a cart makes one order, however often it is checked out; what is being bought does not
//! change meanwhile; nothing that was put in is lost by an order that is refused.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Key, Timestamp};
use tillroll_schemas::cart::{
    Bought, CartCommand, CartEvent, CheckOut, CheckedOut, ClearCart, Cleared, ItemPut, ItemRemoved, LookInto, PutItem,
    RecordBought, RemoveItem, Reopen, Reopened,
};
use tillroll_schemas::order::{Line, PlaceOrder};
use tillroll_schemas::{OrderId, Quantity, Sku, UserId, catalogue};
use uuid::Uuid;

/// Different SKUs in one cart: more than people put in, and far below what fits a record.
pub const MOST_ITEMS: usize = 500;

/// The aggregate.
pub struct Cart;

/// What lies in it: pieces by SKU.
pub type Items = OrdMap<Sku, Quantity>;

/// What is known of a cart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartState {
    /// How many events it has.
    pub version: u64,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a cart stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It can be changed.
    Open(Items),
    /// An order is being made of it.
    CheckedOut(Items, OrderId),
}

impl Default for Stage {
    fn default() -> Self {
        Self::Open(Items::new())
    }
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Nothing lies in it.
    Empty,
    /// An order is being made of it.
    CheckoutInProgress,
    /// It holds as many SKUs as it may.
    Full,
    /// What was priced is not what lies in it now.
    Changed,
}

impl Rejection {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Empty, Self::CheckoutInProgress, Self::Full, Self::Changed];
}

impl tillroll_log::Rejection for Rejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "cart_empty",
            Self::CheckoutInProgress => "checkout_in_progress",
            Self::Full => "cart_full",
            Self::Changed => "cart_changed",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Empty => "nothing lies in the cart".to_owned(),
            Self::CheckoutInProgress => "an order is being made of the cart: wait for it, or cancel it".to_owned(),
            Self::Full => format!("a cart holds at most {MOST_ITEMS} different products"),
            Self::Changed => "the cart was changed while it was checked out".to_owned(),
        }
    }
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartAnswer {
    /// What lies in it.
    pub items: Items,
    /// The order that is being made of it, or that the command made of it.
    pub order_id: Option<OrderId>,
    /// What the command ordered, if it was the checkout.
    pub ordered: Option<Arc<PlaceOrder>>,
    /// The order that is being made of it now, whichever the command made.
    pub under_way: Option<OrderId>,
}

impl Aggregate for Cart {
    const TOPICS: AggregateTopics = catalogue::CART;
    const STATE_SCHEMA: u32 = 1;
    type State = CartState;
    type Command = CartCommand;
    type Event = CartEvent;
    type Rejection = Rejection;
    type Answer = CartAnswer;

    fn decide(state: &CartState, command: &CartCommand, _at: Timestamp) -> Result<Option<CartEvent>, Rejection> {
        match command {
            CartCommand::PutItem(command) => put(&state.stage, command),
            CartCommand::RemoveItem(command) => remove(&state.stage, command),
            CartCommand::Clear(ClearCart {}) => clear(&state.stage),
            CartCommand::LookInto(LookInto {}) => Ok(None),
            CartCommand::CheckOut(command) => check_out(state, command),
            CartCommand::Reopen(command) => Ok(reopen(&state.stage, command)),
            CartCommand::RecordBought(command) => Ok(bought(&state.stage, command)),
        }
    }

    fn evolve(CartState { version, stage }: CartState, event: &CartEvent) -> CartState {
        let (Stage::Open(mut items) | Stage::CheckedOut(mut items, _)) = stage;
        let stage = match event {
            CartEvent::ItemPut(ItemPut { sku, quantity }) => {
                items.insert(sku.clone(), *quantity);
                Stage::Open(items)
            }
            CartEvent::ItemRemoved(ItemRemoved { sku }) => {
                items.remove(sku);
                Stage::Open(items)
            }
            CartEvent::Cleared(Cleared {}) | CartEvent::Bought(_) => Stage::Open(Items::new()),
            CartEvent::CheckedOut(event) => Stage::CheckedOut(items, event.order_id),
            CartEvent::Reopened(_) => Stage::Open(items),
        };
        CartState { version: version + 1, stage }
    }

    /// An order is under way that is made of it.
    fn settled(state: &CartState) -> bool {
        matches!(state.stage, Stage::Open(_))
    }

    /// A checkout names its order also when it is repeated after that has ended.
    fn answer(_key: &Key, event: Option<&CartEvent>, state: &CartState) -> CartAnswer {
        let made = match event {
            Some(CartEvent::CheckedOut(event)) => Some((event.order_id, Arc::new(event.order.clone()))),
            Some(
                CartEvent::ItemPut(_)
                | CartEvent::ItemRemoved(_)
                | CartEvent::Cleared(_)
                | CartEvent::Reopened(_)
                | CartEvent::Bought(_),
            )
            | None => None,
        };
        let (made, ordered) = made.unzip();
        let (items, under_way) = match &state.stage {
            Stage::Open(items) => (items.clone(), None),
            Stage::CheckedOut(items, order_id) => (items.clone(), Some(*order_id)),
        };
        CartAnswer { items, order_id: made.or(under_way), ordered, under_way }
    }
}

/// The order that is made of a cart at this version: the same cart, the same order.
pub fn order_of(user: UserId, version: u64) -> OrderId {
    OrderId(Uuid::new_v5(&user.0, format!("cart/{version}").as_bytes()))
}

fn put(stage: &Stage, PutItem { sku, quantity }: &PutItem) -> Result<Option<CartEvent>, Rejection> {
    let items = open(stage)?;
    match items.get(sku) {
        Some(there) if there == quantity => Ok(None),
        None if items.len() >= MOST_ITEMS => Err(Rejection::Full),
        Some(_) | None => Ok(Some(ItemPut { sku: sku.clone(), quantity: *quantity }.into())),
    }
}

fn remove(stage: &Stage, RemoveItem { sku }: &RemoveItem) -> Result<Option<CartEvent>, Rejection> {
    let items = open(stage)?;
    Ok(items.contains_key(sku).then(|| ItemRemoved { sku: sku.clone() }.into()))
}

fn clear(stage: &Stage) -> Result<Option<CartEvent>, Rejection> {
    let items = open(stage)?;
    Ok((!items.is_empty()).then(|| Cleared {}.into()))
}

/// The checkout that is under way is known by its id. Another one may be by another card: it is not that one, and were
/// it answered as if it were, nobody would know it when it came again, and it would buy what lies in the cart then.
fn check_out(state: &CartState, command: &CheckOut) -> Result<Option<CartEvent>, Rejection> {
    let items = open(&state.stage)?;
    if items.is_empty() {
        return Err(Rejection::Empty);
    }
    if !covers(&command.order.lines, items) {
        return Err(Rejection::Changed);
    }
    let order_id = order_of(command.user_id, state.version);
    Ok(Some(CheckedOut { order_id, order: command.order.clone() }.into()))
}

/// Only the order that is being made of it ends the checkout.
fn reopen(stage: &Stage, Reopen { order_id, reason }: &Reopen) -> Option<CartEvent> {
    is_made_into(stage, *order_id).then(|| Reopened { order_id: *order_id, reason: reason.clone() }.into())
}

fn bought(stage: &Stage, RecordBought { order_id }: &RecordBought) -> Option<CartEvent> {
    is_made_into(stage, *order_id).then(|| Bought { order_id: *order_id }.into())
}

fn open(stage: &Stage) -> Result<&Items, Rejection> {
    match stage {
        Stage::Open(items) => Ok(items),
        Stage::CheckedOut(..) => Err(Rejection::CheckoutInProgress),
    }
}

fn is_made_into(stage: &Stage, order: OrderId) -> bool {
    matches!(stage, Stage::CheckedOut(_, made) if *made == order)
}

/// Whether the lines are what lies in the cart: one for each SKU, with as many pieces.
fn covers(lines: &[Line], items: &Items) -> bool {
    lines.len() == items.len() && lines.iter().all(|line| items.get(&line.sku) == Some(&line.quantity))
}

#[cfg(test)]
mod tests;
