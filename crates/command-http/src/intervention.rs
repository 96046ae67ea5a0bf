//! What an operator says when he intervenes in a saga that is stuck: why. The bodies of `POST …/saga/…`, alike for
//! every aggregate that has one.

use serde::Deserialize;
use tillroll_http::Problem;

use crate::Checks;

/// As long as a reason may be, in characters.
const LONGEST_REASON: usize = 500;

/// The body of a retry; it may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryBody {
    reason: Option<String>,
}

impl RetryBody {
    /// The reason, for people; no personal data.
    pub fn checked(&self) -> Result<Option<String>, Problem> {
        let mut checks = Checks::new();
        checks.text(self.reason.as_deref().unwrap_or_default(), LONGEST_REASON, "/reason");
        checks.finish()?;
        Ok(self.reason.clone())
    }
}

/// The body of whatever changes what comes of it: somebody will ask why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    reason: String,
}

impl ReasonBody {
    /// The reason, for people; no personal data.
    pub fn checked(&self) -> Result<String, Problem> {
        let mut checks = Checks::new();
        checks.require(!self.reason.trim().is_empty(), "/reason", "a reason".to_owned());
        checks.text(&self.reason, LONGEST_REASON, "/reason");
        checks.finish()?;
        Ok(self.reason.clone())
    }
}

#[cfg(test)]
mod tests;
