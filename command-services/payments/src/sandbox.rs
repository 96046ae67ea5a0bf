//! A payment provider of our own, in memory, for tests and demonstrations. It speaks the shapes of Stripe's API that
//! the adapter speaks, and can be told to misbehave: by test cards (`cards.rs`) and by the control route.
//!
//! `POST /sandbox/faults` makes the next calls fail, `DELETE` ends that; `GET /sandbox/intents` shows who holds what;
//! `GET /sandbox/webhooks` gives what would be sent; `/sandbox/authenticate/{intent}` is the customer's bank.

mod cards;
mod faults;
mod ledger;
mod routes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde_json::Value;

pub use faults::{Fault, Misbehaviour, Operation};
pub use ledger::Holding;
use ledger::Ledger;

/// The provider. Clones share what it knows.
#[derive(Clone, Default)]
pub struct Sandbox(Arc<Mutex<Ledger>>);

impl Sandbox {
    /// One that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its HTTP interface. `url` is where it can be reached: customers are sent there to authenticate themselves.
    pub fn router(&self, url: &str) -> Router {
        routes::router(self.clone(), url.trim_end_matches('/'))
    }

    /// Makes the next calls fail.
    pub fn misbehave(&self, fault: Fault) {
        self.ledger().faults.push(fault);
    }

    /// Ends that.
    pub fn behave(&self) {
        self.ledger().faults.clear();
    }

    /// What it holds, has taken and has given back, by intent.
    pub fn holdings(&self) -> Vec<Holding> {
        self.ledger().holdings()
    }

    /// The webhooks since the last time, as JSON bodies, in the order in which they would be sent.
    pub fn take_webhooks(&self) -> Vec<Value> {
        std::mem::take(&mut self.ledger().webhooks)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sandbox that knows nothing, as a router.
pub fn router(url: &str) -> Router {
    Sandbox::new().router(url)
}

#[cfg(test)]
mod tests;
