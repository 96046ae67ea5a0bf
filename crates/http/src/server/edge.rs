//! Around every request: its id, the limits on number and time, panics, and the access log.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::Router;
use axum::http::{HeaderValue, Method, Request, Uri};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use tower::Service;
use tracing::Level;

use super::{Limits, caught, finish};
use crate::headers::{self, REQUEST_ID};
use crate::problem::Problem;
use crate::problems;
use crate::request_id;

pub(super) struct Edge {
    router: Router,
    pub(super) limits: Limits,
    in_flight: AtomicUsize,
}

impl Edge {
    pub(super) fn new(router: Router, limits: Limits) -> Self {
        Self { router, limits, in_flight: AtomicUsize::new(0) }
    }

    pub(super) async fn answer(&self, mut request: Request<Incoming>) -> Result<Response, Infallible> {
        let started = tracing::enabled!(Level::DEBUG).then(Instant::now);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let request_id = identify(&mut request);
        let mut response = self.routed(request).await;
        finish::finish(&mut response, uri.path(), request_id);
        if let Some(started) = started {
            log(&method, &uri, &response, started);
        }
        Ok(response)
    }

    async fn routed(&self, request: Request<Incoming>) -> Response {
        if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > self.limits.uri_bytes) {
            return Problem::new(&problems::URI_TOO_LONG).into_response();
        }
        let Some(_place) = Place::take(&self.in_flight, self.limits.concurrency) else {
            return Problem::new(&problems::OVERLOADED).into_response();
        };
        let within = self.limits.request + headers::wait(request.headers()).unwrap_or_default();
        let safe = request.method().is_safe();
        match tokio::time::timeout(within, caught(self.router.clone().call(request))).await {
            Ok(Some(Ok(response))) => response,
            Ok(None) => Problem::new(&problems::INTERNAL).into_response(),
            Err(_) => Problem::overdue(safe).into_response(),
        }
    }
}

/// The request's id, which its headers carry from here on.
fn identify(request: &mut Request<Incoming>) -> HeaderValue {
    if request_id::given(request.headers()).is_some()
        && let Some(given) = request.headers().get(&REQUEST_ID)
    {
        return given.clone();
    }
    let id = HeaderValue::try_from(request_id::generate()).unwrap_or(HeaderValue::from_static("unknown"));
    request.headers_mut().insert(&REQUEST_ID, id.clone());
    id
}

/// Paths carry ids but no personal data; queries may, and are left out.
fn log(method: &Method, uri: &Uri, response: &Response, started: Instant) {
    tracing::debug!(
        http.method = %method,
        http.path = uri.path(),
        http.status = response.status().as_u16(),
        duration_ms = started.elapsed().as_millis() as u64,
        request.id = response.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()),
        "answered"
    );
}

/// A place among the requests in flight, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(in_flight: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let place = Self(in_flight);
        (in_flight.fetch_add(1, Ordering::Relaxed) < limit).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
