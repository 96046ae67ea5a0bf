//! What every answer gets on its way out: request id, security headers, and for errors the shape of a problem.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::headers::REQUEST_ID;
use crate::problem::{Problem, Unfinished};
use crate::problems::{self, Kind};

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// Nothing that this system answers is meant to be shown in a frame or to load anything.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

pub(super) fn finish(response: &mut Response, path: &str, request_id: HeaderValue) {
    if response.status().is_client_error() || response.status().is_server_error() {
        shape(response);
        if let Some(unfinished) = response.extensions_mut().remove::<Unfinished>() {
            *response.body_mut() = unfinished.finish(path, request_id.to_str().unwrap_or_default());
            // The router has announced the length of the body as it was.
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        put(response.headers_mut(), header::CACHE_CONTROL, NO_STORE);
    }
    let headers = response.headers_mut();
    put(headers, header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    put(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(&REQUEST_ID, request_id);
}

/// A handler's own choice stays.
fn put(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// Makes a problem of an error that has no body or plain text, as the router's own have.
fn shape(response: &mut Response) {
    let plain = match response.headers().get(header::CONTENT_TYPE) {
        None => true,
        Some(media_type) => media_type.as_bytes().starts_with(b"text/plain"),
    };
    let Some(kind) = plain.then(|| kind_of(response.status())).flatten() else {
        return;
    };
    let mut problem = Problem::new(kind).into_response();
    for name in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = response.headers().get(&name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    *response = problem;
}

fn kind_of(status: StatusCode) -> Option<&'static Kind> {
    // The first kind of a status in the catalogue is the general one.
    problems::ALL.iter().copied().find(|kind| kind.status == status && status != StatusCode::CONFLICT)
}
