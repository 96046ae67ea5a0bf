//! A limit: the same HTTP server with nothing behind it, in a process of its own, as the system is.

use crate::Failure;
use crate::http::{Target, free_address, until_open};
use axum::Router;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tillroll_http::Limits;
use tillroll_telemetry::Shutdown;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// The command of this program that serves it.
pub const COMMAND: &str = "empty-handler";

/// Serves the empty handler, on every path, until the process is ended.
pub async fn serve(port: u16) -> Result<(), Failure> {
    let answer = || async { ([("content-type", "application/json")], r#"{"ok":true}"#) };
    let router = Router::new().fallback(answer);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    tillroll_http::serve(listener, router, Limits::internal(), Shutdown::new()).await;
    Ok(())
}

/// The process.
pub struct EmptyHandler {
    pub address: SocketAddr,
    pub pid: u32,
    process: Child,
}

impl EmptyHandler {
    pub async fn start() -> Result<Self, Failure> {
        let address = free_address().await?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args([COMMAND, &address.port().to_string()]).stdin(Stdio::null()).kill_on_drop(true);
        tillroll_devstack::die_with_parent(command.as_std_mut());
        let process = command.spawn()?;
        until_open(address, Duration::from_secs(10)).await?;
        let pid = process.id().ok_or("the empty handler has ended")?;
        Ok(Self { address, pid, process })
    }

    /// The request of the command path, with nothing to do.
    pub fn target(&self) -> Target {
        let body = Bytes::from_static(crate::requests::RECEIVED);
        let make = move |_| {
            let request = Request::patch("/empty").header("host", "bench").header("content-type", "application/json");
            Ok(request.body(Full::new(body.clone()))?)
        };
        Target { address: self.address, make: Arc::new(make), good: StatusCode::OK }
    }

    pub async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.process.kill().await?)
    }
}
