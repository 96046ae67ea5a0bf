//! What each role says of itself on its internal listener: `/health/live` (the process runs) and `/health/ready` (it
//! serves, with every dependency that it checked).

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::pin::Pin;
use std::sync::Arc;

/// The outcome of one check by its name.
pub type Checks = Vec<(&'static str, Result<(), String>)>;
/// Looks at what a role needs, now.
pub type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Checks> + Send>> + Send + Sync>;

/// The two routes.
pub fn router(check: Check) -> Router {
    Router::new()
        .route("/health/live", get(|| async { answer(StatusCode::OK, &json!({"status": "ok"})) }))
        .route("/health/ready", get(move || ready(check.clone())))
}

async fn ready(check: Check) -> Response {
    let checks = check().await;
    let well = checks.iter().all(|(_, outcome)| outcome.is_ok());
    let parts: Map<String, Value> = checks
        .into_iter()
        .map(|(name, outcome)| (name.to_owned(), outcome.map_or_else(Value::from, |()| "ok".into())))
        .collect();
    let (status, word) = if well { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    answer(status, &json!({"status": word, "checks": parts}))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
