//! Reading a request's body: never more than the limit, and never waiting for longer than a slow client deserves.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;

use crate::problem::Problem;
use crate::problems;

/// How long a body may take to arrive once its head has.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The whole body, if it has at most `limit` bytes and arrives within ten seconds.
pub async fn read_body(headers: &HeaderMap, mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    if announced(headers).is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    tokio::time::timeout(READ_WITHIN, collect(&mut body, limit))
        .await
        .unwrap_or_else(|_| Err(Problem::new(&problems::REQUEST_TIMED_OUT)))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Small bodies come in one frame, which is then taken as it is.
async fn collect(body: &mut Body, limit: usize) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new(&problems::MALFORMED_REQUEST).detail("the body broke off"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len().max(all.len()) + data.len() > limit {
            return Err(too_large(limit));
        }
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if all.is_empty() { first } else { Bytes::from(all) })
}

/// The problem of a body over `limit` bytes.
fn too_large(limit: usize) -> Problem {
    Problem::new(&problems::BODY_TOO_LARGE).detail(format!("this route takes at most {limit} bytes"))
}
