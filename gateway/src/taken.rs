//! The body of a client's request: small ones whole, so that they can be sent again; others to be counted as they pass.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tillroll_http::{Problem, SMALL_BODY, problems, read_body};

/// A body that is too large is read to its end up to this size, in bytes.
const DRAINED: usize = 8 * 1024 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_secs(2);

/// A request's body before it is sent.
pub(crate) enum Taken {
    /// Can be sent as often as needed.
    Whole(Bytes),
    /// Can be sent once.
    Streamed(Body),
}

impl Taken {
    /// Takes a body of at most `limit` bytes: whole if it says that it is small, else to be counted as it passes.
    pub(crate) async fn take(headers: &HeaderMap, body: Body, limit: usize) -> Result<Self, Problem> {
        let length = headers.get(header::CONTENT_LENGTH).map(|value| value.to_str().ok()?.parse::<usize>().ok());
        match length {
            Some(Some(length)) if length > limit => {
                if length <= DRAINED && !headers.contains_key(header::EXPECT) {
                    drain(body).await;
                }
                Err(too_large(limit))
            }
            Some(Some(length)) if length > SMALL_BODY => Ok(Self::Streamed(body)),
            None if !body.is_end_stream() && limit > 0 => Ok(Self::Streamed(body)),
            _ => read_body(headers, body, limit).await.map(Self::Whole),
        }
    }
}

/// Reads what the client is still sending: a connection that is closed on it may lose the answer on its way (RFC 9112,
/// section 9.6). Bounded by the announced length and by time.
async fn drain(mut body: Body) {
    let read = async { while let Some(Ok(_)) = body.frame().await {} };
    // A client that is too slow for this gets its answer all the same.
    let _ = tokio::time::timeout(DRAINED_WITHIN, read).await;
}

pub(crate) fn too_large(limit: usize) -> Problem {
    Problem::new(&problems::BODY_TOO_LARGE).detail(format!("this route takes at most {limit} bytes"))
}
