//! The context of orders: the aggregates `order`, with the sagas that bring it about, `cart` and `credit-note`.

pub mod cart;
pub mod credit_note;
mod customer_facts;
pub mod order;
mod pricing;
mod product_facts;
mod reactions;
mod routes;
#[cfg(test)]
mod samples;

pub use pricing::LinesRefused;
pub use reactions::{CartReactions, CreditNoteReactions, OrderReactions};

use axum::Router;
use cart::Cart;
use credit_note::CreditNote;
use customer_facts::CustomerFacts;
use order::Order;
use product_facts::ProductFacts;
use tillroll_command_http::{CommandKeys, with_owners};
use tillroll_http::Keys;
use tillroll_log::{Node, RunningRole, StartError};
use tillroll_vault::Vault;

/// Starts owning orders, carts and credit notes and returns the routes that change them. Where an order is sent and who
/// pays for it the vault seals; it need not be there yet.
pub async fn start(node: &Node, keys: &Keys, vault: Vault) -> Result<(Router, RunningRole), StartError> {
    let products = node.replica::<ProductFacts>().await?;
    let customers = node.replica::<CustomerFacts>().await?;
    let mut role = node.role("orders");
    role.depends_on(&products);
    role.depends_on(&customers);
    let orders = role.own::<Order, OrderReactions>();
    let credit_notes = role.own::<CreditNote, CreditNoteReactions>();
    let carts = role.own::<Cart, CartReactions>();
    let keys = CommandKeys::new(keys, node);
    let router = routes::router(routes::Desk { keys, orders, credit_notes, carts, products, customers, vault });
    Ok((with_owners(router, node), role.start().await?))
}
