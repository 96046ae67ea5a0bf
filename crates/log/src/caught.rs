//! The aggregate's and the reactions' own code may panic. What can be contained is: it fails its command, not the
//! partition.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `run` gives, or what it said when it panicked.
pub(crate) fn caught<T>(what: &str, run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        format!("{what} panicked: {said}")
    })
}
