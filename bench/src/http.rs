//! A client with one connection, and what it asks for.

use crate::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// Makes the nth request.
pub type Make = Arc<dyn Fn(u64) -> Result<Request<Full<Bytes>>, Failure> + Send + Sync>;

/// What is asked, and what a good answer is.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    pub make: Make,
    pub good: StatusCode,
}

/// One connection, kept alive.
pub struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// Connects, once.
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tillroll_telemetry::spawn("connection", connection);
        Ok(Self(sender))
    }

    /// The whole answer.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Failure> {
        self.0.ready().await?;
        let (head, body) = self.0.send_request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }
}

/// Waits until something listens there.
pub async fn until_open(address: SocketAddr, within: Duration) -> Result<(), Failure> {
    let deadline = Instant::now() + within;
    while let Err(error) = Connection::open(address).await {
        if Instant::now() > deadline {
            return Err(format!("nothing listens on {address}: {error}").into());
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// An address on which nothing listens at the moment.
pub async fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}
