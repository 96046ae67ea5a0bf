//! The sandbox's HTTP: forms in, JSON out, idempotency keys as Stripe keeps them (what was answered once under a key is
//! answered for ever, a fault too; with other parameters it is an error), and the faults that it was told.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use hyper::body::Frame;
use serde_json::json;

use super::Sandbox;
use super::faults::{Fault, LATE, Misbehaviour, Operation};
use super::ledger::{Fields, Holding, Ledger, Reply, refusal};

#[derive(Clone)]
struct Desk {
    sandbox: Sandbox,
    url: Arc<str>,
}

pub(super) fn router(sandbox: Sandbox, url: &str) -> Router {
    Router::new()
        .route("/v1/payment_intents", post(create))
        .route("/v1/payment_intents/{intent}", get(retrieve))
        .route("/v1/payment_intents/{intent}/confirm", post(confirm))
        .route("/v1/payment_intents/{intent}/capture", post(capture))
        .route("/v1/payment_intents/{intent}/cancel", post(cancel))
        .route("/v1/refunds", post(refund).get(refunds))
        .route("/sandbox/authenticate/{intent}", get(bank).post(authenticate))
        .route("/sandbox/faults", post(misbehave).delete(behave))
        .route("/sandbox/intents", get(holdings))
        .route("/sandbox/webhooks", get(webhooks))
        .with_state(Desk { sandbox, url: url.into() })
}

async fn create(State(desk): State<Desk>, headers: HeaderMap, form: String) -> Response {
    desk.change(Operation::Create, None, &headers, &form, |ledger, fields, url| ledger.create(fields, url)).await
}

async fn confirm(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap, form: String) -> Response {
    desk.change(Operation::Confirm, Some(&id), &headers, &form, |ledger, fields, url| ledger.confirm(&id, fields, url))
        .await
}

async fn capture(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap, form: String) -> Response {
    let capture = |ledger: &mut Ledger, fields: &Fields, url: &str| ledger.capture(&id, fields, url);
    desk.change(Operation::Capture, Some(&id), &headers, &form, capture).await
}

async fn cancel(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap, form: String) -> Response {
    desk.change(Operation::Cancel, Some(&id), &headers, &form, |ledger, _, url| ledger.cancel(&id, url)).await
}

async fn refund(State(desk): State<Desk>, headers: HeaderMap, form: String) -> Response {
    let intent = fields(&form).remove("payment_intent");
    let refund = |ledger: &mut Ledger, fields: &Fields, _: &str| ledger.refund(fields);
    desk.change(Operation::Refund, intent.as_deref(), &headers, &form, refund).await
}

async fn retrieve(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    desk.look(&headers, |ledger, url| ledger.retrieve(&id, url)).await
}

async fn refunds(
    State(desk): State<Desk>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    desk.look(&headers, |ledger, _| ledger.refunds_of(asked.get("payment_intent"))).await
}

impl Desk {
    /// A call that changes something.
    async fn change(
        &self,
        operation: Operation,
        intent: Option<&str>,
        headers: &HeaderMap,
        form: &str,
        change: impl FnOnce(&mut Ledger, &Fields, &str) -> Reply,
    ) -> Response {
        if let Some(refused) = unknown_caller(headers) {
            return refused;
        }
        let fields = fields(form);
        let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
        let question = format!("{operation:?} {intent:?} {form}");
        let (reply, fault) = {
            let mut ledger = self.sandbox.ledger();
            let card = intent.and_then(|intent| ledger.card(intent));
            let fault = ledger.faults.strike(operation, card);
            let before = key.as_ref().and_then(|key| ledger.answers.get(key).cloned());
            let reply = match (fault, before) {
                (Some(Misbehaviour::ErrorBefore), _) => fault_500(),
                (Some(Misbehaviour::TooMany), _) => refusal(429, "rate_limit", "too many requests"),
                (_, Some((asked, _))) if asked != question => {
                    refusal(400, "idempotency_error", "the key was used with other parameters")
                }
                (_, Some((_, reply))) => reply,
                (fault, None) => {
                    let done = change(&mut ledger, &fields, &self.url);
                    let reply = if fault == Some(Misbehaviour::ErrorAfter) { fault_500() } else { done };
                    if let Some(key) = key {
                        ledger.answers.insert(key, (question, reply.clone()));
                    }
                    reply
                }
            };
            (reply, fault)
        };
        answered(reply, fault).await
    }

    /// A call that looks.
    async fn look(&self, headers: &HeaderMap, look: impl FnOnce(&Ledger, &str) -> Reply) -> Response {
        if let Some(refused) = unknown_caller(headers) {
            return refused;
        }
        let (reply, fault) = {
            let mut ledger = self.sandbox.ledger();
            let fault = ledger.faults.strike(Operation::Retrieve, None);
            let reply = match fault {
                Some(Misbehaviour::ErrorBefore | Misbehaviour::ErrorAfter) => fault_500(),
                Some(Misbehaviour::TooMany) => refusal(429, "rate_limit", "too many requests"),
                _ => look(&ledger, &self.url),
            };
            (reply, fault)
        };
        answered(reply, fault).await
    }
}

fn fields(form: &str) -> Fields {
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

fn fault_500() -> Reply {
    (500, json!({"error": {"type": "api_error", "message": "something went wrong"}}))
}

/// Any secret key is good, but there has to be one.
fn unknown_caller(headers: &HeaderMap) -> Option<Response> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let known = bearer.is_some_and(|value| value.starts_with("Bearer sk_"));
    (!known).then(|| written(refusal(401, "api_key_missing", "no secret key")))
}

/// The answer, as far as it is given.
async fn answered(reply: Reply, fault: Option<Misbehaviour>) -> Response {
    match fault {
        Some(Misbehaviour::NeverAnswer) => std::future::pending().await,
        Some(Misbehaviour::AnswerLate) => tokio::time::sleep(LATE).await,
        Some(Misbehaviour::Cut) => return Response::new(Body::new(Broken)),
        Some(Misbehaviour::ErrorBefore | Misbehaviour::ErrorAfter | Misbehaviour::TooMany) | None => {}
    }
    written(reply)
}

fn written((status, body): Reply) -> Response {
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
}

/// A body that breaks.
struct Broken;

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

async fn bank(Path(intent): Path<String>) -> Html<String> {
    let shown: String = intent.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    Html(format!(
        "<!doctype html><title>Sandbox bank</title><h1>Payment {shown}</h1>\
         <form method=post><button name=outcome value=pass>It is me</button> \
         <button name=outcome value=fail>It is not</button></form>"
    ))
}

async fn authenticate(State(desk): State<Desk>, Path(intent): Path<String>, form: String) -> Response {
    let passed = fields(&form).get("outcome").is_none_or(|outcome| outcome == "pass");
    let reply = desk.sandbox.ledger().authenticate(&intent, &desk.url, passed);
    written(reply)
}

async fn misbehave(State(desk): State<Desk>, Json(fault): Json<Fault>) -> StatusCode {
    desk.sandbox.misbehave(fault);
    StatusCode::NO_CONTENT
}

async fn behave(State(desk): State<Desk>) -> StatusCode {
    desk.sandbox.behave();
    StatusCode::NO_CONTENT
}

async fn holdings(State(desk): State<Desk>) -> Json<Vec<Holding>> {
    Json(desk.sandbox.holdings())
}

async fn webhooks(State(desk): State<Desk>) -> Json<Vec<serde_json::Value>> {
    Json(desk.sandbox.take_webhooks())
}
