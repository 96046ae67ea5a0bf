//! The aggregate's and the reactions' own code may panic. What can be contained is: it fails its command, not the
//! partition.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Code of an aggregate or of its reactions panicked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing} panicked: {said}")]
pub struct Panicked {
    /// What was being done.
    pub doing: &'static str,
    /// What it said, if it was text.
    pub said: String,
}

/// What `run` gives, or what it said when it panicked.
pub(crate) fn caught<T>(doing: &'static str, run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Panicked { doing, said }
    })
}
