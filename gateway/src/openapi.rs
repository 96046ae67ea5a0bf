//! The description of the API: the file beside this crate, as it is.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// OpenAPI 3.1, JSON. A test holds it against the table of routes.
pub const OPENAPI: &str = include_str!("../openapi.json");

pub(crate) fn answer() -> Response {
    let mut response = Response::new(Body::from(OPENAPI));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    response
}
