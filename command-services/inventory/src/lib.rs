//! The inventory: how many pieces there are and who has a claim on them. Write side of `stock-item`.

mod product_facts;
mod reactions;
mod routes;
pub mod stock_item;

pub use reactions::StockItemReactions;

use axum::Router;
use product_facts::ProductFacts;
use stock_item::StockItem;
use tillroll_command_http::{CommandKeys, with_owners};
use tillroll_http::Keys;
use tillroll_log::{Node, RunningRole, StartError};

/// Starts owning stock items and returns the route that changes them.
pub async fn start(node: &Node, keys: &Keys) -> Result<(Router, RunningRole), StartError> {
    let products = node.replica::<ProductFacts>().await?;
    let mut role = node.role("inventory");
    let stock_items = role.own::<StockItem, StockItemReactions>();
    let router = routes::router(stock_items, products, CommandKeys::new(keys, node));
    Ok((with_owners(router, node), role.start().await?))
}
