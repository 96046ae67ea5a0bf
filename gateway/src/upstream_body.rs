//! Request bodies on their way to a role: small ones whole, so that they can be sent again; others as they come,
//! counted as they pass.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tillroll_http::{Problem, SMALL_BODY, problems, read_body};

/// A body that is too large is read to its end up to this size, in bytes.
const DRAINED: usize = 8 * 1024 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_secs(2);

/// A body to send.
pub(crate) enum UpstreamBody {
    /// Held whole.
    Whole(Option<Bytes>),
    /// Passed on piece by piece.
    Counted(Counted),
}

/// A body that breaks off when it grows over its limit.
pub(crate) struct Counted {
    body: Body,
    left: usize,
    exceeded: Arc<AtomicBool>,
}

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BrokeOff {
    #[error("the body is over its limit")]
    Exceeded,
    #[error("the client's body broke off")]
    Client(#[source] axum::Error),
}

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

impl UpstreamBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// A body that breaks off after `limit` bytes, and the mark that it did.
    pub(crate) fn counted(body: Body, limit: usize) -> (Self, Arc<AtomicBool>) {
        let exceeded = Arc::new(AtomicBool::new(false));
        (Self::Counted(Counted { body, left: limit, exceeded: exceeded.clone() }), exceeded)
    }
}

impl Counted {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        Pin::new(&mut self.body).poll_frame(cx).map(|frame| {
            let frame = frame?.map_err(BrokeOff::Client).and_then(|frame| {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.left = self.left.checked_sub(length).ok_or(BrokeOff::Exceeded)?;
                Ok(frame)
            });
            if matches!(frame, Err(BrokeOff::Exceeded)) {
                self.exceeded.store(true, Ordering::Release);
            }
            Some(frame)
        })
    }
}

impl HttpBody for UpstreamBody {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Counted(counted) => counted.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Counted(counted) => counted.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Counted(counted) => counted.body.size_hint(),
        }
    }
}
