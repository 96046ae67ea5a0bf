//! Closed-loop load: each client has one connection and sends its next request when the last is answered.

use crate::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Makes the nth request.
type Make = Arc<dyn Fn(u64) -> Result<Request<Full<Bytes>>, Failure> + Send + Sync>;

/// What is asked, and what a good answer is.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    pub make: Make,
    pub good: StatusCode,
}

impl Target {
    /// The limit: a handler that does nothing.
    pub fn empty(address: SocketAddr) -> Self {
        let body = Bytes::from_static(br#"{"delta":1,"reason":"received"}"#);
        let make: Make = Arc::new(move |_| {
            let request = Request::patch("/empty").header("host", "bench").header("content-type", "application/json");
            Ok(request.body(Full::new(body.clone()))?)
        });
        Self { address, make, good: StatusCode::OK }
    }
}

/// One measurement.
pub struct Load {
    pub clients: usize,
    pub seconds: Duration,
    pub target: Target,
}

/// What came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    pub per_second: u64,
    pub p50: Duration,
    pub p99: Duration,
    pub refused: u64,
}

impl Measured {
    /// From every latency of the counted time.
    pub fn of(mut latencies: Vec<Duration>, seconds: Duration, refused: u64) -> Self {
        latencies.sort_unstable();
        let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or_default();
        let millis = u64::try_from(seconds.as_millis()).unwrap_or(u64::MAX).max(1);
        let per_second = u64::try_from(latencies.len()).unwrap_or(u64::MAX).saturating_mul(1_000) / millis;
        Self { per_second, p50: at(50), p99: at(99), refused }
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Load {
    /// Runs it.
    pub async fn run(self) -> Result<Measured, Failure> {
        let start = Instant::now() + self.seconds / 3;
        let end = start + self.seconds;
        let clients: Vec<_> = (0..self.clients)
            .map(|_| tillroll_telemetry::spawn("client", client(self.target.clone(), start, end)))
            .collect();
        let (mut latencies, mut refused) = (Vec::new(), 0);
        for client in clients {
            let (own, not) = client.await??;
            latencies.extend(own);
            refused += not;
        }
        Ok(Measured::of(latencies, self.seconds, refused))
    }
}

async fn client(target: Target, start: Instant, end: Instant) -> Result<(Vec<Duration>, u64), Failure> {
    let mut sender = connect(target.address).await?;
    let (mut latencies, mut refused) = (Vec::new(), 0);
    loop {
        let request = (target.make)(NUMBER.fetch_add(1, Ordering::Relaxed))?;
        let sent = Instant::now();
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let good = response.status() == target.good;
        response.into_body().collect().await?;
        let now = Instant::now();
        if now >= end {
            return Ok((latencies, refused));
        }
        if sent >= start {
            match good {
                true => latencies.push(now - sent),
                false => refused += 1,
            }
        }
    }
}

/// One connection.
pub async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tillroll_telemetry::spawn("connection", connection);
    Ok(sender)
}
