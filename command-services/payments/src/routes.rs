//! HTTP → payments: what the provider says by webhook, where a customer authenticates himself, and what operators do.
//! What orders ask of payments comes by topic only.

mod action;
mod operate;
mod pages;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tillroll_command_http::CommandKeys;
use tillroll_http::{IdentityVerifier, Problem, Scope, Verifies, problems};
use tillroll_log::{Answered, Commands};
use tillroll_schemas::PaymentId;

use crate::payment::{Payment, PaymentBody};
use crate::provider::Provider;
use crate::webhook::WebhookSecret;

pub(crate) use pages::Pages;

const PAYMENTS: &str = "/api/v1/payments";

/// Where payments are seen to: the router's state.
pub(crate) struct Till<P> {
    /// Who calls, and what his command is named.
    pub(crate) keys: CommandKeys,
    /// The owners of payments.
    pub(crate) payments: Commands<Payment>,
    /// Where customers authenticate themselves.
    pub(crate) pages: Pages<P>,
    /// What webhooks are signed with.
    pub(crate) secrets: Vec<WebhookSecret>,
    /// What commands are hashed under.
    pub(crate) hash_key: Arc<[u8]>,
}

impl<P> Verifies for Till<P> {
    fn identities(&self) -> &IdentityVerifier {
        self.keys.identities()
    }
}

/// Sees everybody's payments.
struct PaymentsRead;

impl Scope for PaymentsRead {
    const NAME: &'static str = "payments:read";
}

/// Sees his own.
struct PaymentsOwn;

impl Scope for PaymentsOwn {
    const NAME: &'static str = "payments:own";
}

/// Mends payments that are stuck.
struct PaymentsOperate;

impl Scope for PaymentsOperate {
    const NAME: &'static str = "payments:operate";
}

/// The routes.
pub(crate) fn router<P: Provider>(till: Till<P>) -> Router {
    Router::new()
        .route("/api/v1/webhooks/payments", post(webhooks::take::<P>))
        .route("/api/v1/payments/{id}/action", get(action::page::<P>))
        .route("/api/v1/payments/{id}/saga/retry", post(operate::retry::<P>))
        .route("/api/v1/payments/{id}/saga/compensate", post(operate::compensate::<P>))
        .route("/api/v1/payments/{id}/saga/complete", post(operate::complete::<P>))
        .with_state(Arc::new(till))
}

fn path_of(id: PaymentId) -> String {
    format!("{PAYMENTS}/{id}")
}

/// The payment's body; 404 if there is no payment.
fn body_of(answered: &Answered<Payment>) -> Result<&PaymentBody, Problem> {
    answered.answer.as_ref().ok_or_else(|| Problem::new(&problems::NOT_FOUND))
}
