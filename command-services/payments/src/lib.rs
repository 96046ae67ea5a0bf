//! Payments and invoices: the write side of `payment` and `invoice-series`, the port to the provider with the adapter
//! for Stripe, and a provider of our own for tests and demonstrations that speaks the same.

pub mod effects;
pub mod invoice_series;
pub mod payment;
pub mod provider;
mod reactions;
pub mod reconciliation;
mod routes;
pub mod sandbox;
pub mod webhook;

pub use reactions::{InvoiceSeriesReactions, PaymentReactions};

use axum::Router;
use effects::PaymentEffects;
use invoice_series::InvoiceSeries;
use payment::Payment;
use provider::Provider;
use provider::guarded::Guarded;
use routes::Pages;
use tillroll_command_http::{CommandKeys, with_owners};
use tillroll_http::Keys;
use tillroll_log::{Node, RunningRole, StartError};
use webhook::WebhookSecret;

/// Starts owning payments and invoice series, asks `provider` what the events of payments want, and returns the routes.
/// What customers ask of it by these opens a circuit of theirs alone. Webhooks are taken that one of `secrets` has signed.
pub async fn start<P: Provider + Clone>(
    node: &Node,
    keys: &Keys,
    provider: Guarded<P>,
    secrets: Vec<WebhookSecret>,
) -> Result<(Router, RunningRole), StartError> {
    let mut role = node.role("payments");
    let payments = role.own_with::<Payment, PaymentReactions>(PaymentEffects::new(provider.clone()));
    // Series are asked by topic only.
    let _: tillroll_log::Commands<InvoiceSeries> = role.own::<InvoiceSeries, InvoiceSeriesReactions>();
    let (keys, hash_key) = (CommandKeys::new(keys, node), node.config().hash_key.clone());
    let router =
        routes::router(routes::Till { keys, payments, pages: Pages::new(provider.apart()), secrets, hash_key });
    Ok((with_owners(router, node), role.start().await?))
}
