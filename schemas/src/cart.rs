//! `cart`: what a customer means to buy. Key: his user id.

use crate::order::{PlaceOrder, Reason};
use crate::{OrderId, Quantity, Sku, UserId};
use serde::{Deserialize, Serialize};

/// So many pieces of it lie in the cart now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPut {
    /// What.
    pub sku: Sku,
    /// How many in all, whatever lay there before.
    pub quantity: Quantity,
}

/// It was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRemoved {
    /// What.
    pub sku: Sku,
}

/// Everything was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {}

/// The customer buys what lies in it: the order is placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedOut {
    /// Which order; made of the cart and its version, so that one cart makes one order.
    pub order_id: OrderId,
    /// All that the order is placed with.
    pub order: PlaceOrder,
}

/// The order was not to be: what was to be bought lies in the cart again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reopened {
    /// Which order.
    pub order_id: OrderId,
    /// Why it was not to be.
    pub reason: Reason,
}

/// The order is good: the cart is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    /// Which order.
    pub order_id: OrderId,
}

tillroll_log::bodies! {
    /// What happened to a cart.
    pub enum CartEvent {
        ItemPut(ItemPut) = "cart.item-put.v1",
        ItemRemoved(ItemRemoved) = "cart.item-removed.v1",
        Cleared(Cleared) = "cart.cleared.v1",
        CheckedOut(CheckedOut) = "cart.checked-out.v1",
        Reopened(Reopened) = "cart.reopened.v1",
        Bought(Bought) = "cart.bought.v1",
    }
}

/// Has so many pieces lie in the cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutItem {
    /// What.
    pub sku: Sku,
    /// How many in all.
    pub quantity: Quantity,
}

/// Takes it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveItem {
    /// What.
    pub sku: Sku,
}

/// Takes everything out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearCart {}

/// Changes nothing: its answer is what lies in the cart now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookInto {}

/// Buys what lies in it. The handler has priced it as it was at that version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOut {
    /// Whose cart.
    pub user_id: UserId,
    /// All that the order is placed with; its lines are the cart's.
    pub order: PlaceOrder,
}

/// The order's command: it was not to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reopen {
    /// Which order.
    pub order_id: OrderId,
    /// Why it was not to be.
    pub reason: Reason,
}

/// The order's command: it is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordBought {
    /// Which order.
    pub order_id: OrderId,
}

tillroll_log::bodies! {
    /// What can be asked of a cart.
    pub enum CartCommand {
        PutItem(PutItem) = "cart.put-item",
        RemoveItem(RemoveItem) = "cart.remove-item",
        Clear(ClearCart) = "cart.clear",
        LookInto(LookInto) = "cart.look-into",
        CheckOut(CheckOut) = "cart.check-out",
        Reopen(Reopen) = "cart.reopen",
        RecordBought(RecordBought) = "cart.record-bought",
    }
}
