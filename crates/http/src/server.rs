//! The server of every HTTP role: HTTP/1.1 on one listener, with limits on everything that a client can make grow.
//! It stops by letting requests end, for as long as `Limits::drain` allows.

mod edge;
mod finish;
mod limits;
mod stall;

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tillroll_telemetry::{Shutdown, spawn};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use edge::Edge;
use stall::StallGuard;

pub use limits::Limits;

/// Where the other end of a request's connection is; an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// How long to wait after the system refused to accept, as it does when it has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `router` until `shutdown` is requested and requests have ended.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, shutdown: Shutdown) {
    let slots = Arc::new(Semaphore::new(limits.connections as usize));
    let http = protocol(&limits);
    let edge = Arc::new(Edge::new(router, limits));
    let cut = Shutdown::new();
    while let Some(stream) = next(&listener, &slots, &shutdown).await {
        let (stream, slot) = match stream {
            Ok(accepted) => accepted,
            Err(refused) => {
                tracing::warn!(error = %refused, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let served = connection(stream, http.clone(), edge.clone(), shutdown.clone(), cut.clone());
        spawn("http connection", async move {
            served.await;
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, slots.acquire_many(limits.connections)).await.is_err() {
        tracing::warn!("requests are cut off that did not end in time");
        cut.request();
        // Cut connections end by themselves; an error would mean a closed semaphore, which nothing closes.
        let _ = slots.acquire_many(limits.connections).await;
    }
}

type Accepted = (TcpStream, tokio::sync::OwnedSemaphorePermit);

/// The next connection, once there is room for it; `None` when it is time to stop.
async fn next(listener: &TcpListener, slots: &Arc<Semaphore>, shutdown: &Shutdown) -> Option<io::Result<Accepted>> {
    let accept = async {
        let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
        listener.accept().await.map(|(stream, _)| (stream, slot))
    };
    tokio::select! {
        biased;
        () = shutdown.requested() => None,
        accepted = accept => Some(accepted),
    }
}

fn protocol(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(64 * 1024));
    http
}

async fn connection(stream: TcpStream, http: http1::Builder, edge: Arc<Edge>, shutdown: Shutdown, cut: Shutdown) {
    if let Err(refused) = stream.set_nodelay(true) {
        tracing::debug!(error = %refused, "connection is gone");
        return;
    }
    let peer = stream.peer_addr().ok().map(|address| PeerAddress(address.ip().to_canonical()));
    let io = StallGuard::new(stream, edge.limits.stall);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let edge = edge.clone();
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        async move { edge.answer(request).await }
    });
    let mut connection = pin!(http.serve_connection(io, service));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = shutdown.requested() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = cut.requested() => Ok(()),
            }
        }
    };
    if let Err(broken) = ended {
        tracing::debug!(error = %broken, "connection broke");
    }
}

/// The future's output, or `None` if it panicked (which the panic hook logs).
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    // A future that panicked is never polled again, so nothing sees what it may have left half done.
    poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests;
