//! Stripe's mock server as a process of its own: `TILLROLL_STRIPE_MOCK` names the program. One that does not run is a
//! failure.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;

/// The mock, which ends with the test.
pub(crate) struct Mock {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Mock {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Mock {
    /// Starts it on a free port, and waits until it listens.
    pub(crate) async fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a setting of this test")]
        let program = std::env::var("TILLROLL_STRIPE_MOCK").unwrap_or_else(|_| "stripe-mock".to_owned());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let port = address.port().to_string();
        let mut command = Command::new(&program);
        let started = command.args(["-http-port", &port]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = started.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let mock = Self { child, url: format!("http://{address}") };
        for _ in 0..200 {
            if TcpStream::connect(address).await.is_ok() {
                return mock;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{program} does not listen")
    }
}
