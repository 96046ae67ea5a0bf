//! The headers that commands and queries share, read once and strictly.
//! What a preference asks for is a wish: a malformed `Prefer` is ignored (RFC 7240), everything else is refused.

mod if_match;
mod names;

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use uuid::Uuid;

use crate::command_id::command_id;
use crate::problem::Problem;
use crate::problems;
use crate::request_id;
use crate::token::{ConsistencyToken, TokenKey};

pub use if_match::{IfMatch, none_matches};
pub use names::*;

/// The longest wait that `Prefer: wait=N` can ask for.
pub const MAX_WAIT: Duration = Duration::from_secs(30);
/// How long a query waits for its token if it does not say.
pub const QUERY_WAIT: Duration = Duration::from_secs(2);

/// More tokens than this in one request are refused.
const MAX_TOKENS: usize = 16;
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// What a command's headers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandHeaders {
    /// Names this one request among all of its caller's; 1 to 255 visible ASCII characters.
    pub idempotency_key: Option<String>,
    /// The version that the aggregate must be at.
    pub if_match: Option<IfMatch>,
    /// How long the client wishes the answer to be waited for, thirty seconds at most.
    pub wait: Option<Duration>,
    /// What the decision must have seen.
    pub consistency: PresentedTokens,
    /// Names the request in logs and problems.
    pub request_id: String,
    /// W3C trace context, passed on as it came.
    pub traceparent: Option<String>,
}

/// What a query's headers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryHeaders {
    /// How long to wait for the read model to reach the token, thirty seconds at most.
    pub wait: Duration,
    /// What the answer must cover.
    pub consistency: PresentedTokens,
    /// Names the request in logs and problems.
    pub request_id: String,
}

/// Consistency tokens as the client sent them; several count as one that asks for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresentedTokens(Vec<String>);

impl PresentedTokens {
    /// Whether the client sent none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one token; an empty one if there are none.
    pub fn decode(&self, key: &TokenKey) -> Result<ConsistencyToken, Problem> {
        let mut all = ConsistencyToken::new();
        for text in &self.0 {
            all.merge(&ConsistencyToken::decode(key, text)?);
        }
        Ok(all)
    }

    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut texts = Vec::new();
        for line in headers.get_all(&CONSISTENCY_TOKEN) {
            let line = line.to_str().map_err(|_| Problem::new(&problems::INVALID_TOKEN))?;
            texts.extend(line.split(',').map(|text| text.trim().to_owned()));
        }
        if texts.len() > MAX_TOKENS {
            return Err(Problem::new(&problems::INVALID_TOKEN).detail("more than 16 consistency tokens"));
        }
        Ok(Self(texts))
    }
}

impl CommandHeaders {
    /// Reads a command's headers.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            idempotency_key: idempotency_key(headers)?,
            if_match: IfMatch::read(headers)?,
            wait: wait(headers),
            consistency: PresentedTokens::read(headers)?,
            request_id: request_id::of(headers),
            traceparent: traceparent(headers),
        })
    }

    /// The idempotency key, or the problem that it is missing where the route needs one.
    pub fn require_key(&self) -> Result<&str, Problem> {
        self.idempotency_key.as_deref().ok_or_else(|| Problem::new(&problems::MISSING_IDEMPOTENCY_KEY))
    }

    /// The command's id; see `command_id`.
    pub fn command_id(&self, caller: &str, method: &str, canonical_route: &str) -> Uuid {
        command_id(caller, method, canonical_route, self.idempotency_key.as_deref())
    }
}

impl QueryHeaders {
    /// Reads a query's headers.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            wait: wait(headers).unwrap_or(QUERY_WAIT),
            consistency: PresentedTokens::read(headers)?,
            request_id: request_id::of(headers),
        })
    }
}

impl<S: Sync> FromRequestParts<S> for CommandHeaders {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers)
    }
}

impl<S: Sync> FromRequestParts<S> for QueryHeaders {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers)
    }
}

/// The idempotency key, if there is one.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let invalid = || Problem::new(&problems::INVALID_IDEMPOTENCY_KEY);
    let Some(value) = single(headers, &IDEMPOTENCY_KEY).map_err(|Twice| invalid())? else {
        return Ok(None);
    };
    let key = value.as_bytes();
    let visible = (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(key) {
        Ok(text) if visible => Ok(Some(text.to_owned())),
        _ => Err(invalid()),
    }
}

/// The wait that `Prefer: wait=N` asks for, cut to `MAX_WAIT`.
pub fn wait(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(&PREFER).iter().filter_map(|line| line.to_str().ok());
    let mut waits = lines.flat_map(|line| line.split(',')).filter_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"'))
    });
    // RFC 7240, section 2: of a preference given twice the first counts.
    let seconds = waits.next()?;
    let digits = !seconds.is_empty() && seconds.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| seconds.parse().map_or(MAX_WAIT, |n| Duration::from_secs(n).min(MAX_WAIT)))
}

/// `00-<32 hex>-<16 hex>-<2 hex>` (W3C Trace Context); anything else is not passed on.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = single(headers, &TRACEPARENT).ok()??.to_str().ok()?;
    let lengths = text.split('-').map(str::len).eq([2, 32, 16, 2]);
    let hex = text.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (lengths && hex && text.starts_with("00-")).then(|| text.to_owned())
}

struct Twice;

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a header::HeaderValue>, Twice> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Twice),
    }
}

#[cfg(test)]
mod tests;
