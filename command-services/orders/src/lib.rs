//! The context of orders: the aggregates `order`, with the sagas that bring it about, and `credit-note`.

pub mod cart;
pub mod credit_note;
pub mod order;
mod pricing;
mod product_facts;
mod reactions;
mod routes;
#[cfg(test)]
mod samples;

pub use pricing::LinesRefused;
pub use reactions::{CreditNoteReactions, OrderReactions};

use axum::Router;
use credit_note::CreditNote;
use order::Order;
use product_facts::ProductFacts;
use tillroll_command_http::{CommandKeys, with_owners};
use tillroll_http::Keys;
use tillroll_log::{Node, RunningRole, StartError};

/// Starts owning orders and credit notes and returns the routes that change them.
pub async fn start(node: &Node, keys: &Keys) -> Result<(Router, RunningRole), StartError> {
    let products = node.replica::<ProductFacts>().await?;
    let mut role = node.role("orders");
    role.depends_on(&products);
    let orders = role.own::<Order, OrderReactions>();
    let credit_notes = role.own::<CreditNote, CreditNoteReactions>();
    let keys = CommandKeys::new(keys, node);
    let router = routes::router(routes::Desk { keys, orders, credit_notes, products });
    Ok((with_owners(router, node), role.start().await?))
}
