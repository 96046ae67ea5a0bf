//! `/cart`: what the caller means to buy. Nobody has more than one, and nobody sees another's. What is told of prices is
//! the catalogue's word of now; they are agreed at the checkout.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tillroll_command_http::{EXECUTE_WITHIN, Named, problem_of};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, PathId, Problem, Scope, StrictJson, problems};
use tillroll_log::{Answered, Commands, ExecuteError, Key, Version};
use tillroll_schemas::cart::{CartCommand, ClearCart, PutItem, RemoveItem};
use tillroll_schemas::{Money, OrderId, Quantity, Sku, UserId};

use super::Desk;
use super::lines::Product;
use crate::cart::{Cart, Items, Rejection};

const CART: &str = "/api/v1/cart";

/// Has a cart.
pub(super) struct CartsOwn;

impl Scope for CartsOwn {
    const NAME: &'static str = "carts:own";
}

pub(super) async fn put(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<CartsOwn>,
    PathId(sku): PathId<Sku>,
    headers: CommandHeaders,
    body: StrictJson<PutBody>,
) -> Result<impl IntoResponse, Problem> {
    let whose = allowed.caller.require_user().map(UserId)?;
    let path = format!("{CART}/items/{sku}");
    let named = desk.keys.name::<Cart>(&allowed.caller, &headers, "PUT", &path, &body.canonical).await?;
    desk.reach(&headers).await?;
    let command = PutItem { sku: sku.clone(), quantity: body.value.quantity };
    let answered = match desk.by_catalogue(|look_up| sold(&sku, look_up)).await {
        Ok(()) => desk.change(named, whose, command).await?,
        Err(refusal) => desk.changed_before(named, whose).await?.ok_or(refusal)?,
    };
    Ok(desk.cart(answered))
}

pub(super) async fn remove(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<CartsOwn>,
    PathId(sku): PathId<Sku>,
    headers: CommandHeaders,
) -> Result<impl IntoResponse, Problem> {
    let whose = allowed.caller.require_user().map(UserId)?;
    let path = format!("{CART}/items/{sku}");
    let named = desk.keys.name::<Cart>(&allowed.caller, &headers, "DELETE", &path, b"").await?;
    Ok(desk.cart(desk.change(named, whose, RemoveItem { sku }).await?))
}

pub(super) async fn clear(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<CartsOwn>,
    headers: CommandHeaders,
) -> Result<impl IntoResponse, Problem> {
    let whose = allowed.caller.require_user().map(UserId)?;
    let named = desk.keys.name::<Cart>(&allowed.caller, &headers, "DELETE", CART, b"").await?;
    Ok(desk.cart(desk.change(named, whose, ClearCart {}).await?))
}

/// The body of `PUT /cart/items/{sku}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PutBody {
    /// How many in all.
    quantity: Quantity,
}

fn sold(sku: &Sku, look_up: &dyn Fn(&Sku) -> Option<Product>) -> Result<(), Problem> {
    match look_up(sku) {
        Some(product) if !product.facts.archived => Ok(()),
        Some(_) | None => {
            Err(Problem::new(&problems::UNKNOWN_PRODUCT).detail(format!("the catalogue does not sell {sku}")))
        }
    }
}

/// A cart's key.
pub(super) fn key_of(whose: UserId) -> Key {
    Key::from(whose.to_string())
}

impl Desk {
    async fn change(
        &self,
        named: Named,
        whose: UserId,
        command: impl Into<CartCommand>,
    ) -> Result<Answered<Cart>, Problem> {
        let carts: &Commands<Cart> = &self.carts;
        carts.execute(named.request(key_of(whose), command.into()), EXECUTE_WITHIN).await.map_err(problem)
    }

    /// What the command was answered, if it was carried out before: a repeat is not refused for what changed since.
    pub(super) async fn changed_before(&self, named: Named, whose: UserId) -> Result<Option<Answered<Cart>>, Problem> {
        self.carts.seen(&key_of(whose), named.id, named.hash, EXECUTE_WITHIN).await.map_err(problem)
    }

    /// The cart as the command left it.
    fn cart(&self, mut answered: Answered<Cart>) -> impl IntoResponse + use<> {
        let Version(version) = answered.version;
        let items = &answered.answer.items;
        let body = CartBody::of(items, answered.answer.order_id, version, |sku| self.product(sku));
        let seen = self.seen_of(items.keys());
        answered.covers.extend(seen);
        self.keys.answer_of(&answered, CommandAnswer::ok(body))
    }
}

pub(super) fn problem(error: ExecuteError<Rejection>) -> Problem {
    problem_of(error)
}

/// The resource.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct CartBody {
    /// In the order of their SKUs.
    items: Vec<ItemBody>,
    /// Of what is sold, tax excluded; null if there is nothing, if there are two currencies, or beyond 64 bits.
    net: Option<Money>,
    /// The order that is being made of it: until that is good or off, nothing can be changed.
    order_id: Option<OrderId>,
    version: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct ItemBody {
    sku: Sku,
    name: Option<String>,
    quantity: Quantity,
    /// As the catalogue has it now.
    unit_price: Option<Money>,
    line_total: Option<Money>,
    /// Whether it can be bought.
    sold: bool,
}

impl CartBody {
    fn of(items: &Items, order_id: Option<OrderId>, version: u64, look_up: impl Fn(&Sku) -> Option<Product>) -> Self {
        let items: Vec<_> =
            items.iter().map(|(sku, quantity)| ItemBody::of(sku, *quantity, look_up(sku).as_ref())).collect();
        let mut totals = items.iter().filter(|item| item.sold).map(|item| item.line_total);
        let net = totals.next().flatten().and_then(|first| totals.try_fold(first, |sum, next| sum.plus(next?).ok()));
        Self { items, net, order_id, version }
    }
}

impl ItemBody {
    fn of(sku: &Sku, quantity: Quantity, product: Option<&Product>) -> Self {
        let facts = product.map(|product| product.facts.as_ref());
        let unit_price = facts.map(|facts| facts.price);
        Self {
            sku: sku.clone(),
            name: facts.map(|facts| facts.name.clone()),
            quantity,
            unit_price,
            line_total: unit_price.and_then(|price| price.times(quantity).ok()),
            sold: facts.is_some_and(|facts| !facts.archived),
        }
    }
}

#[cfg(test)]
mod tests;
