//! The public keys of access tokens as a JSON Web Key Set (RFC 7517), for whoever verifies tokens himself.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use tillroll_http::AccessKeys;

/// A key is published for longer than this before it signs, unless it takes the place of one that was stolen.
const KEPT_FOR: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(crate) fn answer(keys: &AccessKeys) -> Response {
    let mut response = Response::new(Body::from(json!({ "keys": keys.public() }).to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    headers.insert(header::CACHE_CONTROL, KEPT_FOR);
    response
}
