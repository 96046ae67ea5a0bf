//! Personal data in events and commands: opaque text that only the vault can open.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Sealed personal data: opaque text. Aggregates, reactions and projections carry it as it is and never open it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(pub String);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}
