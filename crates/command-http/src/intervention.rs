//! What an operator says when he intervenes in a saga that is stuck: why. The bodies of `POST …/saga/…`, alike for
//! every aggregate that has one.

use serde::Deserialize;
use tillroll_http::Problem;

use crate::Checks;

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
        checks.optional_reason(self.reason.as_deref());
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
        checks.reason(&self.reason);
        checks.finish()?;
        Ok(self.reason.clone())
    }
}

#[cfg(test)]
mod tests;
