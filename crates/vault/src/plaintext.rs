//! Personal data in the clear, for as short as it takes.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// A text that is not shown by `Debug` and is wiped when dropped. It can be read from a request's body, and is written
/// to an answer's only by who says so (`as_str`).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Plaintext(Zeroizing<String>);

impl Plaintext {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Plaintext {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(secret)")
    }
}

#[cfg(test)]
mod tests;
