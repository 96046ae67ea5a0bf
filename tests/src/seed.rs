//! The seed of a randomised test: with it, the test can be repeated.

use crate::{Failure, Outcome, paths};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock};

tokio::task_local! {
    static DRAWN: Drawn;
}

/// The seed that a test has drawn, if it has drawn one.
#[derive(Clone, Default)]
pub(crate) struct Drawn(Arc<OnceLock<u64>>);

impl Drawn {
    /// Carries out a test, and remembers what it draws.
    pub(crate) async fn by(self, test: impl Future<Output = Outcome>) -> Outcome {
        DRAWN.scope(self, test).await
    }

    /// Why the test failed, and how that is repeated: what it printed on the runtime's threads nobody is shown.
    pub(crate) fn said_of(&self, failure: Failure) -> Failure {
        match self.0.get() {
            Some(seed) => format!("{failure} (TILLROLL_SEED={seed})").into(),
            None => failure,
        }
    }
}

/// The seed that the environment gives, or a new one. A test that fails says which it was.
pub fn seed() -> u64 {
    let given = paths::variable("TILLROLL_SEED").and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one("seed") % 1_000_000);
    eprintln!("TILLROLL_SEED={seed}");
    // Nobody holds it for a test that runs on its own thread; there, what is printed is shown.
    let _held = DRAWN.try_with(|drawn| drawn.0.set(seed));
    seed
}
