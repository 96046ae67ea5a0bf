//! The routes, a file for each resource: parameters, statement, body.

mod inventory;
mod moments;
mod orders;
mod place;
mod products;
mod sales;
mod select;

use crate::queries::Queries;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;

/// All routes.
pub(crate) fn router(queries: Arc<Queries>) -> Router {
    Router::new()
        .route("/api/v1/products", get(products::list))
        .route("/api/v1/products/{sku}", get(products::one))
        .route("/api/v1/products/{sku}/inventory", get(inventory::one))
        .route("/api/v1/orders", get(orders::list))
        .route("/api/v1/orders/{id}", get(orders::one))
        .route("/api/v1/orders/{id}/history", get(orders::history::all))
        .route("/api/v1/analytics/sales", get(sales::report))
        .with_state(queries)
}
