//! One connection to another process. Whoever has it drives it himself, so that a request is passed on and answered in
//! one task: measured, that is what a proxied request costs most otherwise.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use axum::http::{Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::PeerBody;

/// A connection that takes one request at a time.
pub(super) struct Link {
    sender: SendRequest<PeerBody>,
    connection: Pin<Box<Connection<TokioIo<TcpStream>, PeerBody>>>,
    open: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// No connection: nothing was sent.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// The connection ended before the request began.
    #[error("the connection was closed before the request was sent")]
    Unsent(#[source] hyper::Error),
    /// The request was sent, at least in part.
    #[error("the connection was lost")]
    Lost(#[source] hyper::Error),
    /// The request was sent, and whoever has it is not there any more, as far as is known.
    #[error("the other side is gone")]
    Gone,
}

impl Failed {
    /// Whether the other side has certainly seen nothing.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Unsent(_))
    }
}

/// What became of a request that has no answer: the request itself, if nothing of it was sent.
pub(super) type Unanswered = TrySendError<Request<PeerBody>>;

impl Link {
    pub(super) async fn open(authority: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(authority).await.map_err(Failed::Connect)?;
        stream.set_nodelay(true).map_err(Failed::Connect)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Failed::Unsent)?;
        Ok(Self { sender, connection: Box::pin(connection), open: true })
    }

    /// Lets the connection do what it can: write, read, notice that it was closed.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if self.open && self.connection.as_mut().poll(cx).is_ready() {
            self.open = false;
        }
    }

    /// Whether it can take a request; true only after it was driven to the end of the one before.
    pub(super) fn is_idle(&self) -> bool {
        self.open && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its answer. The answer's body comes only while the link is driven.
    pub(super) async fn send(mut self, request: Request<PeerBody>) -> Result<(Response<Incoming>, Self), Unanswered> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let answered = poll_fn(|cx| {
            self.drive(cx);
            answer.as_mut().poll(cx)
        })
        .await;
        answered.map(|response| (response, self))
    }
}

/// The body of an answer. It drives the link that it comes by, and hands it back once it is read to its end.
pub(super) struct Answered<F: FnMut(Link)> {
    body: Incoming,
    link: Option<Link>,
    hand_back: F,
}

impl<F: FnMut(Link) + Unpin> Answered<F> {
    /// An empty body is never polled, and so its link is handed back at once.
    pub(super) fn new(body: Incoming, link: Link, hand_back: F, cx: &mut Context<'_>) -> Self {
        let mut answered = Self { body, link: Some(link), hand_back };
        if answered.body.is_end_stream() {
            answered.release(cx);
        }
        answered
    }

    /// A link whose request is still being sent, or that the other side wants closed, is dropped instead.
    fn release(&mut self, cx: &mut Context<'_>) {
        if let Some(mut link) = self.link.take() {
            link.drive(cx);
            if link.is_idle() {
                (self.hand_back)(link);
            }
        }
    }
}

impl<F: FnMut(Link) + Unpin> HttpBody for Answered<F> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, hyper::Error>>> {
        let this = self.get_mut();
        let mut polled = Pin::new(&mut this.body).poll_frame(cx);
        if polled.is_pending()
            && let Some(link) = &mut this.link
        {
            link.drive(cx);
            polled = Pin::new(&mut this.body).poll_frame(cx);
        }
        if this.body.is_end_stream() || matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            this.release(cx);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
