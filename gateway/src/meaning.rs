//! What a problem's code means, under the path that every problem has as its `type`.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use tillroll_http::problems::{self, Kind};
use tillroll_http::{Problem, problem_type};

/// A code keeps its meaning; its words may be bettered.
const KEPT_FOR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The catalogue's entry of the code at the end of `path`; 404 for a code that nobody is told.
pub(crate) fn answer(path: &str) -> Result<Response, Problem> {
    let code = path.rsplit('/').next().unwrap_or_default();
    let kind =
        problems::by_code(code).ok_or_else(|| Problem::new(&problems::NOT_FOUND).detail("no problem has this code"))?;
    let Kind { code, status, title, doc } = kind;
    let body = json!({
        "type": problem_type(kind), "code": code, "status": status.as_u16(), "title": title, "detail": doc,
    });
    let mut response = Response::new(Body::from(body.to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, KEPT_FOR);
    Ok(response)
}
