//! What state the whole is in, as one answer: every role is asked, and the result is good for one second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::forward::Forwarder;
use crate::routes::Upstream;

/// Everybody may ask, so that asking must not cost a request to each role each time.
const FRESH: Duration = Duration::from_secs(1);

pub(crate) struct Health {
    forwarder: Forwarder,
    /// Held while roles are asked: who comes meanwhile gets the same result.
    last: Mutex<Option<(Instant, StatusCode, Bytes)>>,
}

impl Health {
    pub(crate) fn new(forwarder: Forwarder) -> Self {
        Self { forwarder, last: Mutex::new(None) }
    }

    /// The state of every role: 200 if all are ready, else 503.
    pub(crate) async fn answer(&self) -> Response {
        let mut last = self.last.lock().await;
        if let Some((at, status, body)) = &*last
            && at.elapsed() < FRESH
        {
            return json(*status, body.clone());
        }
        let (status, body) = self.ask().await;
        *last = Some((Instant::now(), status, body.clone()));
        json(status, body)
    }

    async fn ask(&self) -> (StatusCode, Bytes) {
        let asking = Upstream::ALL.map(|role| {
            let forwarder = self.forwarder.clone();
            tillroll_telemetry::spawn("health", async move { state(&forwarder, role).await })
        });
        let mut parts = BTreeMap::new();
        for (asked, role) in asking.into_iter().zip(Upstream::ALL) {
            parts.insert(role.name(), asked.await.unwrap_or_else(|_| json!({ "state": "unreachable" })));
        }
        let ready = parts.values().all(|part| part["state"] == "ready");
        let (status, word) = if ready { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "degraded") };
        (status, Bytes::from(json!({ "status": word, "parts": parts }).to_string()))
    }
}

async fn state(forwarder: &Forwarder, role: Upstream) -> Value {
    let said = forwarder.readiness(role).await;
    let instances: Vec<&str> = said.into_iter().map(word).collect();
    // One that is ready answers for all: it knows who else serves what.
    let best = ["ready", "not_ready"].into_iter().find(|word| instances.contains(word)).unwrap_or("unreachable");
    // Neither names nor addresses: everybody may ask.
    let instances: Vec<Value> = instances.into_iter().map(|state| json!({ "state": state })).collect();
    json!({ "state": best, "instances": instances })
}

fn word(status: Option<u16>) -> &'static str {
    match status {
        Some(200) => "ready",
        Some(_) => "not_ready",
        None => "unreachable",
    }
}

fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
