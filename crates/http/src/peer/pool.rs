//! The connections to one other process: idle ones are kept, the newest is used first, and the oldest are closed in
//! time.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use tokio::time::timeout;

use super::link::{Answered, Failed, Link};
use super::{PeerBody, PoolLimits};

/// Connections to one other process by HTTP/1.1.
pub struct Pool {
    authority: String,
    host: HeaderValue,
    limits: PoolLimits,
    /// The newest at the back.
    idle: Mutex<VecDeque<(Link, Instant)>>,
}

impl Pool {
    /// A pool without a connection yet; nothing if the address cannot stand in a header.
    pub fn new(authority: &Authority, limits: PoolLimits) -> Option<Arc<Self>> {
        let authority = match authority.port() {
            Some(_) => authority.to_string(),
            None => format!("{authority}:80"),
        };
        let host = HeaderValue::from_str(&authority).ok()?;
        Some(Arc::new(Self { authority, host, limits, idle: Mutex::default() }))
    }

    /// Sends a request, whose target is a path, and waits for the head of its answer.
    pub async fn request(self: &Arc<Self>, mut request: Request<PeerBody>) -> Result<Response, Failed> {
        request.headers_mut().insert(header::HOST, self.host.clone());
        loop {
            let kept = poll_fn(|cx| Poll::Ready(self.take(cx))).await;
            let reused = kept.is_some();
            let link = match kept {
                Some(link) => link,
                None => self.connect().await?,
            };
            match link.send(request).await {
                Ok((response, link)) => return Ok(self.answer(response, link).await),
                Err(mut unanswered) => match unanswered.take_message() {
                    // Closed while it was idle: that says nothing about the other side.
                    Some(unsent) if reused => request = unsent,
                    Some(_) => return Err(Failed::Unsent(unanswered.into_error())),
                    None => return Err(Failed::Lost(unanswered.into_error())),
                },
            }
        }
    }

    async fn connect(&self) -> Result<Link, Failed> {
        timeout(self.limits.connect, Link::open(&self.authority))
            .await
            .unwrap_or_else(|_| Err(Failed::Connect(io::Error::from(ErrorKind::TimedOut))))
    }

    async fn answer(self: &Arc<Self>, response: hyper::Response<hyper::body::Incoming>, link: Link) -> Response {
        let (head, body) = response.into_parts();
        let mut parts = Some((body, link));
        let body = poll_fn(|cx| {
            let pool = self.clone();
            Poll::Ready(parts.take().map(|(body, link)| Answered::new(body, link, move |link| pool.keep(link), cx)))
        });
        Response::from_parts(head, body.await.map_or_else(Body::empty, Body::new))
    }

    /// The newest idle link that is still open.
    fn take(&self, cx: &mut Context<'_>) -> Option<Link> {
        loop {
            let (mut link, since) = self.idle().pop_back()?;
            link.drive(cx);
            if link.is_idle() && since.elapsed() < self.limits.idle {
                return Some(link);
            }
        }
    }

    fn keep(&self, link: Link) {
        let now = Instant::now();
        let mut idle = self.idle();
        while idle.front().is_some_and(|(_, since)| now - *since >= self.limits.idle)
            || idle.len() >= self.limits.idle_connections
        {
            if idle.pop_front().is_none() {
                return;
            }
        }
        idle.push_back((link, now));
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Link, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
