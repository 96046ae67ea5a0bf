//! Query strings, read as strictly as bodies: an unknown or malformed parameter is a problem that names it.

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::json::refusal;
use crate::problem::Problem;

/// A query string as `T`, which uses `#[serde(deny_unknown_fields)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrictQuery<T>(pub T);

impl<T, S> FromRequestParts<S> for StrictQuery<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

/// The query string of what has no parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Refuses whatever a query string says, for a route that has no parameters.
pub fn refuse_parameters(uri: &Uri) -> Result<(), Problem> {
    read(uri).map(|Nothing {}| ())
}

fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let Query(value) = Query::try_from_uri(uri).map_err(|refused| problem(&refused.body_text()))?;
    Ok(value)
}

/// The rejection reads `Failed to deserialize query string: [<name>: ]<serde's message>`.
fn problem(text: &str) -> Problem {
    let message = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    match message.split_once(": ") {
        Some((name, message)) if !name.contains([' ', '`']) => refusal::refused(name.to_owned(), message),
        _ => refusal::refused(refusal::field_named(message).unwrap_or_default().to_owned(), message),
    }
}

#[cfg(test)]
mod tests;
