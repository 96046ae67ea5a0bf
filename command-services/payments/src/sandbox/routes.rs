//! The sandbox's HTTP: forms in, JSON out, idempotency keys as Stripe keeps them (what was answered once under a key is
//! answered for ever, a fault too; with other parameters it is an error), and the faults that it was told.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use hyper::body::Frame;
use serde_json::json;
use tillroll_telemetry::spawn;

use super::Sandbox;
use super::faults::{Fault, Misbehaviour, Operation};
use super::ledger::{Fields, Holding, Ledger, Reply, metadata, payment_of, refusal};

#[derive(Clone)]
struct Desk {
    sandbox: Sandbox,
    url: Arc<str>,
}

/// What a call asks for.
struct Asked {
    key: Option<String>,
    question: String,
    fields: Fields,
}

pub(super) fn router(sandbox: Sandbox, url: &str) -> Router {
    Router::new()
        .route("/v1/payment_intents", post(create).get(list))
        .route("/v1/payment_intents/{intent}", get(retrieve))
        .route("/v1/payment_intents/{intent}/confirm", post(confirm))
        .route("/v1/payment_intents/{intent}/capture", post(capture))
        .route("/v1/payment_intents/{intent}/cancel", post(cancel))
        .route("/v1/refunds", post(refund).get(refunds))
        .route("/sandbox/authenticate/{intent}", get(bank).post(authenticate))
        .route("/sandbox/faults", post(misbehave).delete(behave))
        .route("/sandbox/intents", get(holdings))
        .with_state(Desk { sandbox, url: url.into() })
}

async fn create(State(desk): State<Desk>, headers: HeaderMap, form: String) -> Response {
    desk.change(Operation::Create, None, &headers, &form, |ledger, fields, url| ledger.create(fields, url)).await
}

async fn confirm(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap, form: String) -> Response {
    let intent = id.clone();
    let confirm = move |ledger: &mut Ledger, fields: &Fields, url: &str| ledger.confirm(&intent, fields, url);
    desk.change(Operation::Confirm, Some(&id), &headers, &form, confirm).await
}

async fn capture(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap, form: String) -> Response {
    let intent = id.clone();
    let capture = move |ledger: &mut Ledger, fields: &Fields, url: &str| ledger.capture(&intent, fields, url);
    desk.change(Operation::Capture, Some(&id), &headers, &form, capture).await
}

async fn cancel(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap, form: String) -> Response {
    let intent = id.clone();
    let cancel = move |ledger: &mut Ledger, _: &Fields, url: &str| ledger.cancel(&intent, url);
    desk.change(Operation::Cancel, Some(&id), &headers, &form, cancel).await
}

async fn refund(State(desk): State<Desk>, headers: HeaderMap, form: String) -> Response {
    let intent = fields(&form).remove("payment_intent");
    let refund = |ledger: &mut Ledger, fields: &Fields, _: &str| ledger.refund(fields);
    desk.change(Operation::Refund, intent.as_deref(), &headers, &form, refund).await
}

async fn retrieve(State(desk): State<Desk>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    desk.look(Some(&id), &headers, |ledger, url| ledger.retrieve(&id, url)).await
}

async fn list(State(desk): State<Desk>, Query(asked): Query<Fields>, headers: HeaderMap) -> Response {
    desk.look(None, &headers, |ledger, url| ledger.list(&asked, url)).await
}

async fn refunds(State(desk): State<Desk>, Query(asked): Query<Fields>, headers: HeaderMap) -> Response {
    let intent = asked.get("payment_intent").map(String::as_str);
    desk.look(intent, &headers, |ledger, _| ledger.refunds_of(&asked)).await
}

impl Desk {
    /// A call that changes something. One that is late is done when nobody waits for it any more.
    async fn change(
        &self,
        operation: Operation,
        intent: Option<&str>,
        headers: &HeaderMap,
        form: &str,
        change: impl FnOnce(&mut Ledger, &Fields, &str) -> Reply + Send + 'static,
    ) -> Response {
        if let Some(refused) = unknown_caller(headers) {
            return refused;
        }
        let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
        let asked = Asked { key, question: format!("{operation:?} {intent:?} {form}"), fields: fields(form) };
        let (fault, late) = self.strike(operation, intent, &asked.fields);
        if fault != Some(Misbehaviour::AnswerLate) {
            return answered(self.carry_out(asked, fault, change), fault).await;
        }
        let desk = self.clone();
        let done = spawn("late-answer", async move {
            tokio::time::sleep(late).await;
            let reply = desk.carry_out(asked, None, change);
            desk.sandbox.ledger().faults.under_way -= 1;
            reply
        });
        written(done.await.unwrap_or_else(|_| fault_500()))
    }

    /// How a call goes wrong, if it does; and how late late is.
    fn strike(&self, operation: Operation, intent: Option<&str>, fields: &Fields) -> (Option<Misbehaviour>, Duration) {
        let mut ledger = self.sandbox.ledger();
        let (card, payment) = match intent.and_then(|intent| ledger.card(intent)) {
            Some((card, payment)) => (Some(card), payment),
            None => (None, payment_of(&metadata(fields))),
        };
        let faults = &mut ledger.faults;
        let fault = faults.strike(operation, card, payment);
        faults.under_way += usize::from(fault == Some(Misbehaviour::AnswerLate));
        (fault, faults.late)
    }

    fn carry_out(
        &self,
        Asked { key, question, fields }: Asked,
        fault: Option<Misbehaviour>,
        change: impl FnOnce(&mut Ledger, &Fields, &str) -> Reply,
    ) -> Reply {
        let mut ledger = self.sandbox.ledger();
        let before = key.as_ref().and_then(|key| ledger.answered(key).cloned());
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
                    ledger.remember(key, question, reply.clone());
                }
                reply
            }
        };
        let reply = written_down(&mut ledger, reply);
        drop(ledger);
        self.sandbox.has_told();
        reply
    }

    /// A call that looks.
    async fn look(
        &self,
        intent: Option<&str>,
        headers: &HeaderMap,
        look: impl FnOnce(&Ledger, &str) -> Reply,
    ) -> Response {
        if let Some(refused) = unknown_caller(headers) {
            return refused;
        }
        let (reply, fault, late) = {
            let mut ledger = self.sandbox.ledger();
            let payment = intent.and_then(|intent| ledger.card(intent)).and_then(|(_, payment)| payment);
            let fault = ledger.faults.strike(Operation::Retrieve, None, payment);
            let reply = match fault {
                Some(Misbehaviour::ErrorBefore | Misbehaviour::ErrorAfter) => fault_500(),
                Some(Misbehaviour::TooMany) => refusal(429, "rate_limit", "too many requests"),
                _ => look(&ledger, &self.url),
            };
            (reply, fault, ledger.faults.late)
        };
        if fault == Some(Misbehaviour::AnswerLate) {
            tokio::time::sleep(late).await;
        }
        answered(reply, fault).await
    }
}

fn fields(form: &str) -> Fields {
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

/// The reply once what it says is in the journal; a fault if that cannot be.
fn written_down(ledger: &mut Ledger, reply: Reply) -> Reply {
    match ledger.keep() {
        Ok(()) => reply,
        Err(error) => {
            tracing::error!(%error, "the sandbox cannot write its ledger");
            fault_500()
        }
    }
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
        Some(Misbehaviour::Cut) => Response::new(Body::new(Broken)),
        Some(
            Misbehaviour::ErrorBefore | Misbehaviour::ErrorAfter | Misbehaviour::AnswerLate | Misbehaviour::TooMany,
        )
        | None => written(reply),
    }
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

/// The customer has said who he is. A browser is sent back to the shop; whoever asks for no page gets the intent.
async fn authenticate(
    State(desk): State<Desk>,
    Path(intent): Path<String>,
    headers: HeaderMap,
    form: String,
) -> Response {
    let passed = fields(&form).get("outcome").is_none_or(|outcome| outcome == "pass");
    let (reply, back) = {
        let mut ledger = desk.sandbox.ledger();
        let reply = ledger.authenticate(&intent, &desk.url, passed);
        (written_down(&mut ledger, reply), ledger.return_url(&intent))
    };
    desk.sandbox.has_told();
    let browser = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    match back.filter(|_| reply.0 == 200 && browser.is_some_and(|accept| accept.contains("text/html"))) {
        Some(back) => Redirect::to(&back).into_response(),
        None => written(reply),
    }
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
