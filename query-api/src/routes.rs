//! The routes, a file for each resource: parameters, statement, body.

mod carts;
mod inventory;
mod invoices;
mod moments;
mod notifications;
mod orders;
mod payments;
mod people;
mod place;
mod preferences;
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
        .route("/api/v1/cart", get(carts::own))
        .route("/api/v1/orders", get(orders::list))
        .route("/api/v1/orders/{id}", get(orders::one))
        .route("/api/v1/orders/{id}/history", get(orders::history::all))
        .route("/api/v1/notifications", get(notifications::own))
        .route("/api/v1/notifications/preferences", get(preferences::own))
        .route("/api/v1/users/{id}/notifications", get(notifications::of_user))
        .route("/api/v1/orders/{id}/invoice", get(invoices::of_order))
        .route("/api/v1/payments/{id}", get(payments::one))
        .route("/api/v1/invoices", get(invoices::list))
        .route("/api/v1/invoices/{number}", get(invoices::one))
        .route("/api/v1/invoice-series", get(invoices::series))
        .route("/api/v1/analytics/sales", get(sales::report))
        .route("/api/v1/users", get(people::list))
        .route("/api/v1/users/me", get(people::me))
        .route("/api/v1/users/profile", get(people::me))
        .route("/api/v1/users/{id}", get(people::one))
        .route("/api/v1/erasures/{id}", get(people::erasures::one))
        .route("/api/v1/sessions", get(people::sessions::list))
        .route("/api/v1/api-keys", get(people::api_keys::list))
        .with_state(queries)
}
