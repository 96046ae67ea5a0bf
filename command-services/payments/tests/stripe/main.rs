//! One conversation of the adapter, held with the sandbox and with Stripe's own mock server, which checks every request
//! against Stripe's OpenAPI description. So what the adapter says is what Stripe takes, and the sandbox speaks as
//! Stripe does; what follows from what only the sandbox can show, for the mock keeps no state.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and ends")]

mod conversation;
mod mock;

use conversation::{Memory, conversation};
use mock::Mock;
use tillroll_http::Limits;
use tillroll_payments::provider::stripe::{Stripe, StripeConfig};
use tillroll_payments::sandbox::Sandbox;
use tillroll_telemetry::{Shutdown, spawn};
use tokio::net::TcpListener;

/// The adapter, pointed there.
fn adapter(url: &str) -> Stripe {
    let return_url = Some("https://shop.example/back".to_owned());
    Stripe::new(&StripeConfig { return_url, ..StripeConfig::new(url, "sk_test_123") }).unwrap()
}

#[tokio::test]
async fn the_sandbox_takes_every_request_and_does_what_it_says() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Sandbox::new().router(&url);
    spawn("sandbox", tillroll_http::serve(listener, router, Limits::default(), Shutdown::new()));
    conversation(&adapter(&url), Memory::Keeps).await;
}

#[tokio::test]
#[ignore = "needs Stripe's mock server: scripts/stripe-mock has it and runs this"]
async fn stripes_mock_server_takes_every_request_and_every_answer_is_read() {
    let mock = Mock::start().await;
    conversation(&adapter(&mock.url), Memory::KeepsNothing).await;
}
