//! What the adapter is pointed at: the sandbox, or Stripe's mock server.

use tillroll_http::Limits;
use tillroll_payments::provider::stripe::{Stripe, StripeConfig};
use tillroll_payments::sandbox::Sandbox;
use tillroll_telemetry::{Shutdown, spawn};
use tokio::net::TcpListener;

use crate::mock::Mock;

/// Somebody who speaks Stripe's API.
pub(crate) struct Server {
    url: String,
    who: Who,
}

enum Who {
    /// Remembers what it was asked and decides on it, as Stripe does.
    Sandbox(Sandbox),
    /// Checks every request against Stripe's OpenAPI description, and keeps nothing: its answers are examples, with what
    /// the request says put in. So no card is declined there, no key is known again and nothing is missing or in the
    /// wrong state.
    Mock { _runs: Mock },
}

impl Server {
    /// A sandbox that listens.
    pub(crate) async fn sandbox() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = Sandbox::new();
        spawn("sandbox", tillroll_http::serve(listener, sandbox.router(&url), Limits::default(), Shutdown::new()));
        Self { url, who: Who::Sandbox(sandbox) }
    }

    /// The mock, as a process.
    pub(crate) fn mock() -> Self {
        let mock = Mock::start();
        Self { url: mock.url.clone(), who: Who::Mock { _runs: mock } }
    }

    /// The adapter, pointed there.
    pub(crate) fn adapter(&self) -> Stripe {
        let return_url = Some("https://shop.example/back?order=1".to_owned());
        Stripe::new(&StripeConfig { return_url, ..self.config("sk_test_123") }).unwrap()
    }

    /// The usual limits, with that secret key and no place to come back to.
    pub(crate) fn config(&self, secret_key: &str) -> StripeConfig {
        StripeConfig::new(&self.url, secret_key)
    }

    /// What follows from the requests before is asserted only of who remembers them.
    pub(crate) fn remembers(&self, assert: impl FnOnce(&Sandbox)) {
        if let Who::Sandbox(sandbox) = &self.who {
            assert(sandbox);
        }
    }
}
