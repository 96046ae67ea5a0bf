//! The text form of what is sealed: `s1.` and base64url of label, nonce, ciphertext and tag.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::label::Label;

/// Names the form. Another form gets another number, and this one stays readable for as long as a log holds it.
const FORM: &str = "s1.";

/// Personal data that only the vault can open. Events, commands and read models hold it as it is.
///
/// Any text can be in it, since a log must be readable whatever somebody wrote to it: `Vault::open` is what checks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(Arc<str>);

/// The text is no sealed text, or of a form that this build does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no sealed text of a known form")]
pub struct Malformed;

/// A sealed text taken apart.
pub(crate) struct Parts {
    pub(crate) label: Label,
    /// Nonce, ciphertext, tag.
    pub(crate) body: Vec<u8>,
}

impl Sealed {
    /// One that was stored before, as the text it was stored as. Never for personal data: this seals nothing.
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, to be stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says of itself, unchecked.
    pub fn label(&self) -> Result<Label, Malformed> {
        self.parts().map(|parts| parts.label)
    }

    pub(crate) fn join(label: &[u8], body: &[u8]) -> Self {
        let mut text = FORM.to_owned();
        URL_SAFE_NO_PAD.encode_string([label, body].concat(), &mut text);
        Self(text.into())
    }

    pub(crate) fn parts(&self) -> Result<Parts, Malformed> {
        let bytes = self.0.strip_prefix(FORM).ok_or(Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).map_err(|_| Malformed)?;
        let (label, body) = Label::read(&bytes)?;
        Ok(Parts { label, body: body.to_vec() })
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

#[cfg(test)]
mod tests;
