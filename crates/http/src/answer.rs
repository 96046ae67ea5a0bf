//! The answer to a command whose event is durable and was read back.

use std::fmt::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::coordinates::{Offset, PartitionId};
use crate::headers::{CONSISTENCY_TOKEN, LOG_POSITION, SERVER_TIMING};
use crate::problem::Problem;
use crate::problems;

/// Where a command's time went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// From arrival to the decision.
    pub decide: Duration,
    /// From the decision to the broker's acknowledgement.
    pub append: Duration,
    /// From there until the record was read back.
    pub read_back: Duration,
}

/// Status, body and headers of a command's answer. What is not said is left out.
#[derive(Debug, Clone)]
#[must_use]
pub struct CommandAnswer<B> {
    status: StatusCode,
    body: B,
    version: Option<u64>,
    headers: Vec<(HeaderName, String)>,
}

impl<B: Serialize> CommandAnswer<B> {
    /// An answer with this status and resource.
    pub fn new(status: StatusCode, body: B) -> Self {
        Self { status, body, version: None, headers: Vec::with_capacity(4) }
    }

    /// 200: the resource as it is now.
    pub fn ok(body: B) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// 201: a resource that is now at `location`.
    pub fn created(body: B, location: impl Into<String>) -> Self {
        Self::new(StatusCode::CREATED, body).location(location)
    }

    /// 202: work that goes on; `location` shows how far it is.
    pub fn accepted(body: B, location: impl Into<String>) -> Self {
        Self::new(StatusCode::ACCEPTED, body).location(location)
    }

    /// Path of the resource.
    pub fn location(self, path: impl Into<String>) -> Self {
        self.with(header::LOCATION, path.into())
    }

    /// The aggregate's version, as entity tag.
    pub fn version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    /// The encoded consistency token.
    pub fn consistency(self, token: impl Into<String>) -> Self {
        self.with(CONSISTENCY_TOKEN.clone(), token.into())
    }

    /// Where the event is: topic, partition, offset.
    pub fn log_position(self, topic: &str, partition: PartitionId, offset: Offset) -> Self {
        self.with(LOG_POSITION.clone(), format!("{topic}/{partition}@{offset}"))
    }

    /// Where the time went.
    pub fn timings(self, timings: Timings) -> Self {
        let mut text = String::with_capacity(64);
        for (name, spent) in [("decide", timings.decide), ("append", timings.append), ("read-back", timings.read_back)]
        {
            let separator = if text.is_empty() { "" } else { ", " };
            let micros = spent.as_micros();
            // Writing to a string does not fail.
            let _ = write!(text, "{separator}{name};dur={}.{:03}", micros / 1000, micros % 1000);
        }
        self.with(SERVER_TIMING.clone(), text)
    }

    fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl<B: Serialize> IntoResponse for CommandAnswer<B> {
    fn into_response(self) -> Response {
        let mut json = Vec::with_capacity(256);
        if let Err(source) = serde_json::to_writer(&mut json, &self.body) {
            tracing::error!(error = %source, "command answer cannot be written as JSON");
            return Problem::new(&problems::INTERNAL).into_response();
        }
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(12);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(version) = self.version {
            headers.extend(HeaderValue::try_from(format!("\"{version}\"")).ok().map(|tag| (header::ETAG, tag)));
        }
        for (name, value) in self.headers {
            headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
        }
        response
    }
}

#[cfg(test)]
mod tests;
