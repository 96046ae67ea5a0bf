//! Stripe's mock server as a process of its own: `TILLROLL_STRIPE_MOCK` names the program. One that does not run is a
//! failure.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What it says once it listens, and where.
const LISTENS: &str = "Listening for HTTP at address: ";

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
    /// Starts it on a port that is free, and waits until it listens. It picks the port itself: one that was found free and
    /// let go for it may be somebody else's by the time it has read its description.
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a setting of this test")]
        let program = std::env::var("TILLROLL_STRIPE_MOCK").unwrap_or_else(|_| "stripe-mock".to_owned());
        let mut command = Command::new(&program);
        // Without the second it would have HTTPS on a port of its own choice, the same each time.
        command.args(["-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0"]);
        let started = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let said = child.stdout.take().unwrap();
        let mut mock = Self { child, url: String::new() };
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix(LISTENS).map(str::to_owned));
        let Some(address) = address else { panic!("{program} does not listen") };
        mock.url = format!("http://{address}");
        // Whatever else it says is taken from it, so that it never waits for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        mock
    }
}
