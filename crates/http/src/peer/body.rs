//! Request bodies on their way to another process: small ones whole, so that they can be sent again; others as they
//! come, counted as they pass.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// A body to send.
pub enum PeerBody {
    /// Held whole.
    Whole(Option<Bytes>),
    /// Passed on piece by piece.
    Counted(Counted),
}

/// A body that breaks off when it grows over its limit.
pub struct Counted {
    body: Body,
    left: usize,
    exceeded: Arc<AtomicBool>,
}

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub enum BrokeOff {
    /// It is larger than it may be.
    #[error("the body is over its limit")]
    Exceeded,
    /// Whoever sent it stopped.
    #[error("the client's body broke off")]
    Client(#[source] axum::Error),
}

impl PeerBody {
    /// A body that is held whole.
    pub fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// A body that breaks off after `limit` bytes, and the mark that it did.
    pub fn counted(body: Body, limit: usize) -> (Self, Arc<AtomicBool>) {
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

impl HttpBody for PeerBody {
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
