//! The catalogue: what the shop sells. Write side of `product`.

pub mod product;
mod reactions;
mod routes;

pub use reactions::ProductReactions;

use axum::Router;
use product::Product;
use tillroll_command_http::{CommandKeys, with_owners};
use tillroll_http::Keys;
use tillroll_log::{Node, RunningRole, StartError};

/// Starts owning products and returns the routes that change them.
pub async fn start(node: &Node, keys: &Keys) -> Result<(Router, RunningRole), StartError> {
    let mut role = node.role("catalog");
    let products = role.own::<Product, ProductReactions>();
    let router = routes::router(products, CommandKeys::new(keys, node));
    Ok((with_owners(router, node), role.start().await?))
}
