//! Delivers a sandbox's webhooks: signed as Stripe signs, to wherever the shop's door is at the moment.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::CONTENT_TYPE;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tillroll_telemetry::{Shutdown, spawn};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Sandbox;
use super::faults::{Misbehaviour, Operation};
use super::ledger::payment_of;
use super::outbox::Letter;
use crate::webhook::{SIGNATURE_HEADER, WebhookSecret};

/// How many webhooks are on their way at once.
const CARRIERS: usize = 8;
/// How long one delivery may take.
const WITHIN: Duration = Duration::from_secs(10);
/// How often those are looked for that are due again.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const PATH: &str = "/api/v1/webhooks/payments";

#[derive(Clone)]
struct Postman {
    sandbox: Sandbox,
    /// The public doors, `http://host:port`; the first is used.
    doors: watch::Receiver<Vec<String>>,
    secret: WebhookSecret,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Delivers webhooks until `shutdown` is requested.
pub(super) fn start(
    sandbox: &Sandbox,
    doors: watch::Receiver<Vec<String>>,
    secret: WebhookSecret,
    shutdown: &Shutdown,
) {
    let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(HttpConnector::new());
    let postman = Arc::new(Postman { sandbox: sandbox.clone(), doors, secret, client });
    for _ in 0..CARRIERS {
        let (postman, shutdown) = (postman.clone(), shutdown.clone());
        drop(spawn("webhooks", async move {
            tokio::select! {
                () = shutdown.requested() => {}
                () = postman.carry() => {}
            }
        }));
    }
}

impl Postman {
    async fn carry(&self) {
        loop {
            let due = self.sandbox.ledger().outbox.take_due();
            match due {
                Some(letter) => self.deliver(letter).await,
                None => drop(timeout(LOOK_EVERY, self.sandbox.told()).await),
            }
        }
    }

    async fn deliver(&self, Letter { nth, event }: Letter) {
        let payment = payment_of(&event["data"]["object"]["metadata"]);
        let fault = self.sandbox.ledger().faults.strike(Operation::Webhook, None, payment);
        let delivered = match fault {
            // It is lost for ever.
            Some(Misbehaviour::NeverAnswer) => true,
            Some(_) => false,
            None => matches!(timeout(WITHIN, self.post(event.to_string().into())).await, Ok(true)),
        };
        let mut ledger = self.sandbox.ledger();
        if delivered {
            ledger.delivered(nth);
        } else {
            ledger.outbox.failed(nth);
        }
        if let Err(error) = ledger.keep() {
            tracing::error!(%error, "the sandbox cannot write its ledger");
        }
    }

    /// Whether it was taken.
    async fn post(&self, body: Bytes) -> bool {
        let Some(door) = self.doors.borrow().first().cloned() else { return false };
        let signature = self.secret.sign(tillroll_http::unix_now(), &body);
        let request = Request::post(format!("{door}{PATH}"))
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, signature)
            .body(Full::new(body));
        let Ok(request) = request else { return false };
        self.client.request(request).await.is_ok_and(|answer| answer.status().is_success())
    }
}
