//! A request's body that is remembered as the handler reads it, so that the same request can be asked elsewhere.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tillroll_http::LARGE_BODY;

/// What was read of a body.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Read>>);

#[derive(Default)]
struct Read {
    bytes: Vec<u8>,
    begun: bool,
    ended: bool,
    too_large: bool,
}

struct Remembering {
    body: Body,
    kept: Kept,
}

impl Kept {
    /// A body that is the same, and what will have been read of it.
    pub(crate) fn of(body: Body) -> (Body, Self) {
        let kept = Self::default();
        if body.is_end_stream() {
            kept.with(|read| read.ended = true);
            return (body, kept);
        }
        (Body::new(Remembering { body, kept: kept.clone() }), kept)
    }

    /// The body, if all of it was read and it is as large as any route takes at most. One that the handler did not look
    /// at is as good as none.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        self.with(|read| {
            let whole = (read.ended || !read.begun) && !read.too_large;
            whole.then(|| Bytes::from(std::mem::take(&mut read.bytes)))
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Read) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpBody for Remembering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        let ended = matches!(polled, Poll::Ready(None)) || this.body.is_end_stream();
        this.kept.with(|read| {
            read.begun = true;
            if let Poll::Ready(Some(Ok(frame))) = &polled
                && let Some(data) = frame.data_ref()
            {
                read.too_large |= read.bytes.len() + data.len() > LARGE_BODY;
                if !read.too_large {
                    read.bytes.extend_from_slice(data);
                }
            }
            read.ended |= ended;
        });
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
