//! HTTP → commands of orders, carts and credit notes. Who may call, what a body may say and what is answered; prices come
//! from a replica of the catalogue; nothing is decided here.

mod address;
mod buyer;
mod cancel;
mod carts;
mod checkout;
mod credit_notes;
mod fulfil;
mod lines;
mod operate;
mod outcome;
mod place;
mod refund;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, post, put};
use tillroll_command_http::{CommandKeys, EXECUTE_WITHIN, Named, reach_tokens, refresh};
use tillroll_http::{CommandHeaders, IdentityVerifier, Problem, Scope, Verifies};
use tillroll_log::{Answered, Commands, Coordinates, ExecuteError, Key, LogId, Replica, Version};
use tillroll_schemas::order::OrderCommand;
use tillroll_schemas::{OrderId, Sku};
use tillroll_vault::Vault;

use crate::cart::Cart;
use crate::credit_note::CreditNote;
use crate::customer_facts::CustomerFacts;
use crate::order::{Order, OrderRejection};
use crate::product_facts::ProductFacts;
use lines::Product;

const ORDERS: &str = "/api/v1/orders";
const CREDIT_NOTES: &str = "/api/v1/credit-notes";

/// Where orders and credit notes are taken: the router's state.
pub(crate) struct Desk {
    /// Who calls, and what his command is named.
    pub(crate) keys: CommandKeys,
    /// The owners of orders.
    pub(crate) orders: Commands<Order>,
    /// The owners of credit notes.
    pub(crate) credit_notes: Commands<CreditNote>,
    /// The owners of carts.
    pub(crate) carts: Commands<Cart>,
    /// What the catalogue says.
    pub(crate) products: Replica<ProductFacts>,
    /// What customers say of themselves.
    pub(crate) customers: Replica<CustomerFacts>,
    /// What seals where an order is sent, and who pays for it.
    pub(crate) vault: Vault,
}

impl Verifies for Desk {
    fn identities(&self) -> &IdentityVerifier {
        self.keys.identities()
    }
}

/// Enters orders in the name of customers, on account, at prices of his own.
struct OrdersEnter;

impl Scope for OrdersEnter {
    const NAME: &'static str = "orders:enter";
}

/// Delivers and cancels orders.
struct OrdersWrite;

impl Scope for OrdersWrite {
    const NAME: &'static str = "orders:write";
}

/// Orders for himself, by card, at the catalogue's prices.
struct OrdersPlace;

impl Scope for OrdersPlace {
    const NAME: &'static str = "orders:place";
}

/// Sees and calls off his own orders.
struct OrdersOwn;

impl Scope for OrdersOwn {
    const NAME: &'static str = "orders:own";
}

/// Mends orders that are stuck.
struct OrdersOperate;

impl Scope for OrdersOperate {
    const NAME: &'static str = "orders:operate";
}

/// The routes.
pub(crate) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/api/v1/orders", post(place::place))
        .route("/api/v1/orders/{id}/outcome", post(checkout::outcome))
        .route("/api/v1/orders/{id}/cancel", post(cancel::cancel))
        .route("/api/v1/orders/{id}/fulfilments", post(fulfil::fulfil))
        .route("/api/v1/orders/{id}/refunds", post(refund::refund))
        .route("/api/v1/orders/{id}/returns", post(refund::take_back))
        .route("/api/v1/orders/{id}/saga/retry", post(operate::retry))
        .route("/api/v1/orders/{id}/saga/compensate", post(operate::compensate))
        .route("/api/v1/orders/{id}/saga/complete", post(operate::complete))
        .route("/api/v1/credit-notes", post(credit_notes::issue))
        .route("/api/v1/cart", delete(carts::clear))
        .route("/api/v1/cart/items/{sku}", put(carts::put).delete(carts::remove))
        .with_state(Arc::new(desk))
}

type Executed = Result<Answered<Order>, ExecuteError<OrderRejection>>;

impl Desk {
    async fn execute(&self, named: Named, key: &Key, command: impl Into<OrderCommand>) -> Executed {
        self.orders.execute(named.request(key.clone(), command.into()), EXECUTE_WITHIN).await
    }

    /// Waits until the replicas show what the client has seen.
    async fn reach(&self, headers: &CommandHeaders) -> Result<(), Problem> {
        let seen = self.keys.seen_by(&headers.consistency)?;
        reach_tokens(&self.products, &seen).await?;
        reach_tokens(&self.customers, &seen).await
    }

    /// What `ask` makes of the catalogue. A refusal counts only if it stands when the replica has read to its end.
    async fn by_catalogue<T>(
        &self,
        ask: impl Fn(&dyn Fn(&Sku) -> Option<Product>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let look_up = |sku: &Sku| self.product(sku);
        match ask(&look_up) {
            Ok(made) => Ok(made),
            Err(_) => {
                refresh(&self.products).await?;
                ask(&look_up)
            }
        }
    }

    /// How far the catalogue was read for these: whoever has seen the order has seen the products that it is of.
    fn seen_of<'a>(&self, skus: impl Iterator<Item = &'a Sku>) -> BTreeSet<(LogId, Coordinates)> {
        skus.filter_map(|sku| self.products.position_for(sku.as_str())).collect()
    }

    fn product(&self, sku: &Sku) -> Option<Product> {
        let known = self.products.with(sku.as_str(), |Version(version), facts| Some((version, facts.clone()?)));
        known.flatten().map(|(version, facts)| Product { version, facts })
    }
}

fn path_of(id: OrderId) -> String {
    format!("{ORDERS}/{id}")
}
