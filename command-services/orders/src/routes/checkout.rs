//! `POST /orders` with `"from_cart": true`: buys what lies in the caller's cart, at the catalogue's prices of now. The cart
//! decides: its checkout is the event that places the order, and the same cart at the same version is the same order.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tillroll_command_http::{EXECUTE_WITHIN, Named, better_there, problem_of};
use tillroll_http::{Caller, CommandAnswer, CommandHeaders, PathId, Problem, Scope, problems};
use tillroll_log::{Answered, CommandId, ExecuteError, Key, Version};
use tillroll_schemas::cart::{CartCommand, CheckOut, LookInto};
use tillroll_schemas::order::{Line, PaymentTerms, PlaceOrder};
use tillroll_schemas::{Money, OrderId, Sku, UserId};
use uuid::Uuid;

use super::address::Addresses;
use super::carts::{CartsOwn, key_of, problem};
use super::lines::{self, Archived, Product, WantedLine};
use super::place::{fits, rehearsed};
use super::{Desk, ORDERS, path_of};
use crate::cart::{Cart, CartAnswer, Items, Rejection, order_of};
use crate::order::Status;
use crate::pricing;

/// Whoever changes his cart again and again while it is bought is asked to make up his mind.
const TRIES: usize = 3;
/// For how long an order that is good or off waits for its cart to hear of it.
const OPEN_WITHIN: Duration = Duration::from_secs(2);

/// What a checkout says besides what lies in the cart.
pub(super) struct Wish<'a> {
    pub(super) canonical: &'a [u8],
    /// How the order with this id is paid.
    pub(super) terms: &'a (dyn Fn(OrderId) -> PaymentTerms + Send + Sync),
    /// Where it is sent, and who pays.
    pub(super) addresses: Addresses<'a>,
    /// The cart's `net` as it was shown.
    pub(super) expected_net: Option<Money>,
    pub(super) dry_run: bool,
}

pub(super) async fn check_out(
    desk: &Desk,
    caller: &Caller,
    headers: &CommandHeaders,
    wish: Wish<'_>,
) -> Result<Response, Problem> {
    caller.require_scope(CartsOwn::NAME)?;
    let whose = caller.require_user().map(UserId)?;
    let named = desk.keys.name::<Cart>(caller, headers, "POST", ORDERS, wish.canonical).await?;
    desk.reach(headers).await?;
    if wish.dry_run {
        let look = desk.look_into(&named, whose).await?;
        if let Some(order) = look.answer.order_id {
            return Err(in_progress(order));
        }
        let order = desk.priced_cart(&look, whose, &wish).await?;
        let id = order_of(whose, look.version.0);
        let told = rehearsed(&Key::from(id.to_string()), &order.into())?;
        return Ok(CommandAnswer::ok(told).into_response());
    }
    // A repeat is not refused for what changed since.
    let checked_out = match desk.changed_before(named.clone(), whose).await? {
        Some(answered) => answered,
        None => match desk.buy(named.clone(), whose, &wish).await {
            Ok(bought) => bought,
            // Nor for what it has done itself, asked twice at once.
            Err(refusal) => desk.changed_before(named, whose).await?.ok_or(refusal)?,
        },
    };
    desk.checked_out(whose, checked_out, headers).await
}

impl Desk {
    /// What lies in the cart. The command changes nothing, so that its id may be another one.
    async fn look_into(&self, named: &Named, whose: UserId) -> Result<Answered<Cart>, Problem> {
        let id = CommandId(Uuid::new_v5(&named.id.0, b"look"));
        let look = Named { id, expected: None, ..named.clone() };
        let command = CartCommand::from(LookInto {});
        self.carts.execute(look.request(key_of(whose), command), EXECUTE_WITHIN).await.map_err(problem)
    }

    /// Prices what lies in the cart and buys it; if it was changed meanwhile, once more.
    async fn buy(&self, named: Named, whose: UserId, wish: &Wish<'_>) -> Result<Answered<Cart>, Problem> {
        let mut tried = 0;
        loop {
            let look = self.look_into(&named, whose).await?;
            if let Some(order) = look.answer.under_way {
                return Err(in_progress(order));
            }
            let order = self.priced_cart(&look, whose, wish).await?;
            let order = self.addressed(order, named.id.0, wish.addresses).await?;
            let command = CartCommand::from(CheckOut { user_id: whose, order });
            let asked = named.clone().request(key_of(whose), command);
            tried += 1;
            match self.carts.execute(asked, EXECUTE_WITHIN).await {
                // Another look tells what lies in it now, or which order is being made of it.
                Err(ExecuteError::Rejected(Rejection::Changed | Rejection::CheckoutInProgress)) if tried < TRIES => {}
                Err(error) => return Err(problem(error)),
                Ok(mut answered) => {
                    answered.covers.extend(self.seen_of(look.answer.items.keys()));
                    return Ok(answered);
                }
            }
        }
    }

    /// The order that the cart would be, at the catalogue's prices.
    async fn priced_cart(&self, look: &Answered<Cart>, whose: UserId, wish: &Wish<'_>) -> Result<PlaceOrder, Problem> {
        if look.answer.items.is_empty() {
            return Err(Problem::new(&problems::CART_EMPTY));
        }
        let wanted = wanted(&look.answer.items);
        let lines = self.by_catalogue(|look_up| priced(&wanted, wish.expected_net, look_up)).await?;
        fits(PlaceOrder {
            reference: None,
            customer: None,
            country: None,
            user_id: Some(whose),
            from_cart: true,
            payment: (wish.terms)(order_of(whose, look.version.0)),
            placed_at: None,
            lines,
            shipping_address: None,
            buyer: None,
        })
    }

    /// The order as soon as nothing of it is under way, if the client wishes to wait; else as it is being placed. Who is
    /// told that his order is good or off finds his cart open again.
    async fn checked_out(
        &self,
        whose: UserId,
        cart: Answered<Cart>,
        headers: &CommandHeaders,
    ) -> Result<Response, Problem> {
        let id = cart.answer.order_id.ok_or_else(|| Problem::new(&problems::INTERNAL))?;
        let key = Key::from(id.to_string());
        let Some(wait) = headers.wait else { return self.under_way(id, &key, cart) };
        match self.orders.look(&key, wait).await {
            Ok(mut settled) => {
                settled.covers.extend(cart.covers);
                if opens(id, &cart.answer)
                    && settled.answer.as_ref().is_some_and(|order| order.status != Status::RequiresAction)
                    && let Ok(open) = self.carts.look(&key_of(whose), OPEN_WITHIN.min(wait)).await
                {
                    settled.covers.extend(open.covers);
                }
                self.placed(id, &settled, true)
            }
            // The cart is served here, and its order by another instance.
            Err(ExecuteError::Elsewhere(place) | ExecuteError::LetGo(place)) => {
                let answer = self.under_way(id, &key, cart).unwrap_or_else(IntoResponse::into_response);
                Ok(better_there(answer, place, &format!("{}/outcome", path_of(id))))
            }
            Err(_) => self.under_way(id, &key, cart),
        }
    }

    /// The order as it is being placed.
    fn under_way(&self, id: OrderId, key: &Key, cart: Answered<Cart>) -> Result<Response, Problem> {
        let ordered = cart.answer.ordered.clone().ok_or_else(|| Problem::new(&problems::INTERNAL))?;
        let body = rehearsed(key, &PlaceOrder::clone(&ordered).into())?;
        let answered = Answered { version: Version(body.version), ..cart };
        Ok(self.keys.answer_of(&answered, CommandAnswer::accepted(body, path_of(id))).into_response())
    }
}

/// Whether the cart is open once this order is good or off. One that another order is being made of was, before that.
fn opens(id: OrderId, cart: &CartAnswer) -> bool {
    cart.under_way.is_none_or(|under_way| under_way == id)
}

/// An order is being made of the cart, and so no other is.
fn in_progress(order: OrderId) -> Problem {
    Problem::new(&problems::CHECKOUT_IN_PROGRESS).member("order_id", order.to_string())
}

/// For the instance that has checked the cart out, and at no door: what became of the order, 204 if that takes longer
/// than the client waits.
pub(super) async fn outcome(
    State(desk): State<Arc<Desk>>,
    caller: Caller,
    PathId(id): PathId<OrderId>,
    headers: CommandHeaders,
) -> Result<Response, Problem> {
    let whose = UserId(caller.require_user()?);
    match desk.orders.look(&Key::from(id.to_string()), headers.wait.unwrap_or_default()).await {
        Ok(settled) if settled.answer.as_ref().and_then(|order| order.user_id) != Some(whose) => {
            Err(Problem::new(&problems::NOT_FOUND))
        }
        Ok(settled) => desk.placed(id, &settled, true),
        Err(error @ (ExecuteError::Elsewhere(_) | ExecuteError::LetGo(_))) => Err(problem_of(error)),
        Err(_) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The lines at the catalogue's prices, unless they come to another net than the customer was shown. Both are made of the
/// same prices and quantities, the tax apart.
fn priced(
    wanted: &[WantedLine],
    expected_net: Option<Money>,
    look_up: &dyn Fn(&Sku) -> Option<Product>,
) -> Result<Vec<Line>, Problem> {
    let lines = lines::frozen(wanted, Archived::Refused, look_up)?;
    let Some(expected) = expected_net else { return Ok(lines) };
    // Lines that cannot be summed were refused.
    let now = pricing::totals(&lines).map_err(|why| lines::refused(&why, lines.iter().map(|line| &line.sku)))?.net;
    if now == expected { Ok(lines) } else { Err(net_changed(now, &lines)) }
}

/// What the cart comes to now, and each of its items at its price of now, in the order in which the cart shows them.
fn net_changed(now: Money, lines: &[Line]) -> Problem {
    let kind = &problems::PRICE_CHANGED;
    let in_minor_units = |money: Money| format!("{} {} in minor units", money.amount, money.currency);
    let whole =
        Problem::new(kind).error("/expected_net", kind.code, format!("the cart's net is {}", in_minor_units(now)));
    lines.iter().enumerate().fold(whole, |problem, (place, Line { sku, unit_price, .. })| {
        let detail = format!("the price of {sku} is {}", in_minor_units(*unit_price));
        problem.error(format!("/items/{place}/unit_price"), kind.code, detail)
    })
}

/// One line for each product.
fn wanted(items: &Items) -> Vec<WantedLine> {
    let line = |(sku, quantity): (&_, &_)| WantedLine {
        sku: Clone::clone(sku),
        quantity: *quantity,
        unit_price: None,
        expected_unit_price: None,
    };
    items.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
