//! Request bodies: JSON read strictly, and the same body in one canonical form for the command's hash.
//! Request types use `#[serde(deny_unknown_fields)]`; what they refuse becomes a problem that names the field.

mod by_name;
mod canonical;
mod reading;
pub(crate) mod refusal;
mod words;

use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::problems;

use by_name::ByName;
pub use canonical::MAX_DEPTH;
pub use reading::read_body;

/// Bytes that a body may have on most routes.
pub const SMALL_BODY: usize = 64 * 1024;
/// Bytes that a body may have where orders and credit notes are placed.
pub const LARGE_BODY: usize = 1024 * 1024;

/// A body that was read strictly; as an extractor `StrictJson<T>` or `StrictJson<T, LARGE_BODY>`.
///
/// `Option<StrictJson<T>>` takes a request without body and content type as `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrictJson<T, const LIMIT: usize = SMALL_BODY> {
    /// What the body says.
    pub value: T,
    /// The body written again: members sorted by name, no white space, one way to escape. Equal for equal bodies.
    pub canonical: Vec<u8>,
}

impl<T: Default, const LIMIT: usize> StrictJson<T, LIMIT> {
    /// What stands for a body that was left out: the same as `{}`.
    pub fn absent() -> Self {
        Self { value: T::default(), canonical: b"{}".to_vec() }
    }
}

impl<T: DeserializeOwned, const LIMIT: usize> StrictJson<T, LIMIT> {
    /// Reads a request's body of at most `LIMIT` bytes.
    pub async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        require_json(headers)?;
        Self::parse(&read_body(headers, body, LIMIT).await?)
    }

    /// Reads a body that has arrived whole.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|wrong| {
            Problem::new(&problems::MALFORMED_JSON)
                .detail(format!("the body is not UTF-8 from byte {} on", wrong.valid_up_to()))
        })?;
        let canonical = canonical::canonical(text).map_err(refusal::malformed)?;
        let mut json = serde_json::Deserializer::from_str(text);
        let value = T::deserialize(ByName(&mut json)).map_err(|_| refusal::of_field::<T>(text))?;
        Ok(Self { value, canonical })
    }
}

impl<T, S, const LIMIT: usize> FromRequest<S> for StrictJson<T, LIMIT>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        Self::read(&head.headers, body).await
    }
}

impl<T, S, const LIMIT: usize> OptionalFromRequest<S> for StrictJson<T, LIMIT>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Problem> {
        let (head, body) = request.into_parts();
        if head.headers.contains_key(header::CONTENT_TYPE) {
            return Self::read(&head.headers, body).await.map(Some);
        }
        if read_body(&head.headers, body, LIMIT).await?.is_empty() {
            return Ok(None);
        }
        Err(Problem::new(&problems::UNSUPPORTED_MEDIA_TYPE).detail("the body has no Content-Type"))
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |detail: &'static str| Err(Problem::new(&problems::UNSUPPORTED_MEDIA_TYPE).detail(detail));
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return refuse("bodies are taken without a content coding");
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(media_type), None) if media_type == "application/json" => Ok(()),
        (Some(media_type), None) if media_type.to_str().is_ok_and(is_json) => Ok(()),
        _ => refuse("Content-Type must be application/json"),
    }
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests;
