//! The limits: the same server with nothing behind it, and Kafka with nothing in front of it.

use crate::Failure;
use crate::load::{Measured, connect};
use axum::Router;
use axum::routing::patch;
use bytes::Bytes;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tillroll_http::Limits;
use tillroll_kafka::{Admin, Config, NewRecord, NewTopic, Offset, PartitionId, Producer, Tail, Topic};
use tillroll_telemetry::Shutdown;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Serves the empty handler until the process is ended.
pub async fn serve_empty_handler(port: u16) -> Result<(), Failure> {
    let answer = || async { ([("content-type", "application/json")], r#"{"ok":true}"#) };
    let router = Router::new().route("/empty", patch(answer));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    tillroll_http::serve(listener, router, Limits::internal(), Shutdown::new()).await;
    Ok(())
}

/// The empty handler in a process of its own, as the system is.
pub struct EmptyHandler {
    address: SocketAddr,
    process: Child,
}

impl EmptyHandler {
    pub async fn start() -> Result<Self, Failure> {
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let process = Command::new(std::env::current_exe()?)
            .args(["--empty-handler", &port.to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = connect(address).await {
            if Instant::now() > deadline {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { address, process })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.process.kill().await?)
    }
}

/// One 300-byte record at a time, appended and read back.
pub async fn produce_and_read_back(bootstrap_servers: &str, seconds: Duration) -> Result<Measured, Failure> {
    let config = Config::new(bootstrap_servers);
    let (admin, producer, tail) = (Admin::new(&config)?, Producer::start(&config)?, Tail::start(&config)?);
    let topic: Topic = "bench.bare".into();
    let new = NewTopic { name: topic.clone(), partitions: 1, replication: 1, config: Vec::new() };
    for (_, created) in admin.create_topics(&[new]).await? {
        created?;
    }
    let mut subscription = tail.subscribe(topic.clone(), vec![(PartitionId(0), Offset(0))]);
    let start = Instant::now() + seconds / 3;
    let (mut latencies, mut next) = (Vec::new(), Offset(0));
    while Instant::now() < start + seconds {
        let record = NewRecord {
            topic: topic.clone(),
            partition: PartitionId(0),
            key: Some(Bytes::from_static(b"key")),
            headers: Vec::new(),
            value: Some(Bytes::from_static(&[b'x'; 300])),
        };
        let sent = Instant::now();
        producer.send(record, Box::new(|_| ())).map_err(|refused| refused.error.to_string())?;
        while subscription.next().await?.next <= next {}
        next = next.next();
        if sent >= start {
            latencies.push(sent.elapsed());
        }
    }
    Ok(Measured::of(latencies, seconds, 0))
}
