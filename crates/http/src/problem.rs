//! A problem as RFC 9457 has it (`application/problem+json`), built where it is noticed and answered as it is.
//! It never carries a stack trace, a statement or an internal address: `detail` is written for the client.

use std::borrow::Cow;
use std::fmt;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use crate::problems::{self, Kind};

/// The media type of every error that this crate answers.
pub const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

const OWN_MEMBERS: [&str; 8] = ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"];

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer into the body (`/lines/0/sku`), or the name of a query parameter or header.
    pub field: String,
    /// Stable, snake case.
    pub code: Cow<'static, str>,
    /// For people.
    pub detail: Cow<'static, str>,
}

/// One occurrence of a kind of problem; a small value, so that `Result<_, Problem>` stays small.
#[derive(Debug, Clone)]
pub struct Problem(Box<Occurrence>);

#[derive(Debug, Clone)]
struct Occurrence {
    kind: &'static Kind,
    detail: Option<Cow<'static, str>>,
    instance: Option<String>,
    request_id: Option<String>,
    errors: Vec<FieldError>,
    members: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    retry_after: Option<u32>,
}

impl Problem {
    /// A problem of this kind; 429 and 503 ask to come back after one second unless told otherwise.
    pub fn new(kind: &'static Kind) -> Self {
        let waits = matches!(kind.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        Self(Box::new(Occurrence {
            kind,
            detail: None,
            instance: None,
            request_id: None,
            errors: Vec::new(),
            members: Vec::new(),
            headers: Vec::new(),
            retry_after: waits.then_some(1),
        }))
    }

    /// The problem of an answer that was not ready in time: 504 to a query, which has no effect; 503 to a command,
    /// whose outcome is not known here.
    pub fn overdue(is_query: bool) -> Self {
        if is_query {
            return Self::new(&problems::TIMED_OUT);
        }
        Self::new(&problems::UNAVAILABLE).detail("the outcome is not known yet: repeat with the same Idempotency-Key")
    }

    /// Says to the client what is wrong with this very request.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds what is wrong with one field.
    pub fn error(
        mut self,
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.errors.push(FieldError { field: field.into(), code: code.into(), detail: detail.into() });
        self
    }

    /// The path of the resource that this is about; the server fills in the request's path if this is not said.
    pub fn instance(mut self, path: impl Into<String>) -> Self {
        self.0.instance = Some(path.into());
        self
    }

    /// The request's id; the server fills it in if this is not said.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Adds a member of its own, as `order_id`; a name that RFC 9457 or this crate uses is left out.
    pub fn member(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        if !OWN_MEMBERS.contains(&name) {
            self.0.members.push((name, value.into()));
        }
        self
    }

    /// Asks the client to come back after so many seconds.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Adds a header to the answer.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The kind's stable code.
    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// The kind's status.
    pub fn status(&self) -> StatusCode {
        self.0.kind.status
    }

    /// What is wrong field by field.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }
}

impl From<&'static Kind> for Problem {
    fn from(kind: &'static Kind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.code, self.0.detail.as_deref().unwrap_or(self.0.kind.title))
    }
}

impl std::error::Error for Problem {}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let it = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &problem_type(it.kind))?;
        map.serialize_entry("title", it.kind.title)?;
        map.serialize_entry("status", &it.kind.status.as_u16())?;
        map.serialize_entry("code", it.kind.code)?;
        // Where nothing is to be said of this very request the kind's own documentation stands in.
        map.serialize_entry("detail", it.detail.as_deref().unwrap_or(it.kind.doc))?;
        if !it.errors.is_empty() {
            map.serialize_entry("errors", &it.errors)?;
        }
        for (name, value) in &it.members {
            map.serialize_entry(name, value)?;
        }
        if let Some(instance) = &it.instance {
            map.serialize_entry("instance", instance)?;
        }
        if let Some(request_id) = &it.request_id {
            map.serialize_entry("request_id", request_id)?;
        }
        map.end()
    }
}

/// The `type` of every problem of this kind: the path under which the door tells what it means.
pub fn problem_type(kind: &Kind) -> String {
    format!("/problems/{}", kind.code)
}

/// Rides on a problem's answer, so that the server can add what only it knows.
#[derive(Debug, Clone)]
pub(crate) struct Unfinished {
    body: Bytes,
    has_instance: bool,
    has_request_id: bool,
}

impl Unfinished {
    /// The body with the request's path and id added where the problem said neither.
    pub(crate) fn finish(&self, path: &str, request_id: &str) -> Body {
        let mut body = Vec::with_capacity(self.body.len() + path.len() + request_id.len() + 40);
        body.extend_from_slice(self.body.strip_suffix(b"}").unwrap_or(&self.body));
        for (name, value, said) in
            [("instance", path, self.has_instance), ("request_id", request_id, self.has_request_id)]
        {
            if !said {
                body.extend_from_slice(format!(",\"{name}\":").as_bytes());
                body.extend_from_slice(Value::from(value).to_string().as_bytes());
            }
        }
        body.push(b'}');
        Body::from(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Bytes::from(serde_json::to_vec(&self).unwrap_or_else(|_| b"{}".to_vec()));
        let it = *self.0;
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = it.kind.status;
        response.extensions_mut().insert(Unfinished {
            body,
            has_instance: it.instance.is_some(),
            has_request_id: it.request_id.is_some(),
        });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = it.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if it.kind.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        for (name, value) in it.headers {
            headers.insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests;
