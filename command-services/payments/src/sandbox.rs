//! A payment provider of our own, for development, tests and demonstrations. It speaks the shapes of Stripe's API that
//! the adapter speaks, keeps its ledger in memory or in a file, and can be told to misbehave: by test cards (`cards.rs`)
//! and by the control route. `POST /sandbox/faults` makes the next calls fail, `DELETE` ends that; `GET
//! /sandbox/intents` shows who holds what; `/sandbox/authenticate/{intent}` is the customer's bank.

mod cards;
mod faults;
mod journal;
mod ledger;
mod outbox;
mod postman;
mod routes;
mod row;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use tillroll_telemetry::Shutdown;
use tokio::sync::{Notify, watch};

pub use faults::{Fault, Misbehaviour, Operation};
use journal::Journal;
pub use ledger::Holding;
use ledger::Ledger;

use crate::webhook::WebhookSecret;

/// The provider. Clones share what it knows.
#[derive(Clone, Default)]
pub struct Sandbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    ledger: Mutex<Ledger>,
    told: Notify,
}

impl Sandbox {
    /// One that knows nothing, and forgets everything when it ends.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that knows what stands in this file and keeps it there: what it has answered survives a kill of its process.
    ///
    /// # Errors
    /// The file cannot be read or written, is no ledger, or another process has it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (journal, tag, entries) = Journal::open(path, tag)?;
        let ledger = Mutex::new(Ledger::kept(journal, tag, entries));
        Ok(Self(Arc::new(Shared { ledger, told: Notify::new() })))
    }

    /// Its HTTP interface. `url` is where it can be reached: customers are sent there to authenticate themselves.
    pub fn router(&self, url: &str) -> Router {
        routes::router(self.clone(), url.trim_end_matches('/'))
    }

    /// Delivers its webhooks, signed, to the first of these doors (`http://host:port`), until `shutdown` is requested.
    pub fn deliver(&self, doors: watch::Receiver<Vec<String>>, secret: WebhookSecret, shutdown: &Shutdown) {
        postman::start(self, doors, secret, shutdown);
    }

    /// Makes the next calls fail.
    pub fn misbehave(&self, fault: Fault) {
        self.ledger().faults.push(fault);
    }

    /// Ends that.
    pub fn behave(&self) {
        self.ledger().faults.clear();
    }

    /// Late answers are so late from now on: tests have less patience than payments.
    pub fn is_late_by(&self, late: Duration) {
        self.ledger().faults.late = late;
    }

    /// Whether all calls are done that were to be done late.
    pub fn has_caught_up(&self) -> bool {
        self.ledger().faults.under_way == 0
    }

    /// Forgets what was answered under which idempotency key, as Stripe does after a day.
    pub fn forget_keys(&self) {
        self.ledger().forget_keys();
    }

    /// What it holds, has taken and has given back, by intent.
    pub fn holdings(&self) -> Vec<Holding> {
        self.ledger().holdings()
    }

    /// The webhooks that were not delivered, as JSON bodies, in the order in which they were told; from now on nobody
    /// else delivers them.
    pub fn take_webhooks(&self) -> Vec<Value> {
        self.ledger().outbox.take_all()
    }

    /// Ends when there may be another webhook.
    async fn told(&self) {
        self.0.told.notified().await;
    }

    fn has_told(&self) {
        self.0.told.notify_one();
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Eight hexadecimal digits and an underscore.
fn tag() -> io::Result<String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{hex}_"))
}

#[cfg(test)]
mod tests;
