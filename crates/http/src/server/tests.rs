//! The server under clients that misbehave: bounded in everything, every error a problem, a shutdown that ends.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::Value;
use tillroll_telemetry::{Shutdown, spawn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{Limits, serve};
use crate::json::StrictJson;
use crate::problem::Problem;
use crate::problems;

struct Server {
    address: std::net::SocketAddr,
    shutdown: Shutdown,
    task: JoinHandle<()>,
    hold: Arc<Hold>,
}

/// Requests to `/hold` give a permit to `arrived` and end when they get one of `release`.
struct Hold {
    arrived: Semaphore,
    release: Semaphore,
}

impl Hold {
    async fn here(&self) {
        self.arrived.add_permits(1);
        self.release.acquire().await.unwrap().forget();
    }

    async fn arrived(&self) {
        self.arrived.acquire().await.unwrap().forget();
    }
}

/// A server with a route for each thing that a handler can do wrong.
async fn server(limits: Limits) -> Server {
    let hold = Arc::new(Hold { arrived: Semaphore::new(0), release: Semaphore::new(0) });
    let held = hold.clone();
    let router = Router::new()
        .route("/ok", get(|| async { "fine" }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("secret detail")
                }
            }),
        )
        .route("/refuse", get(|| async { Problem::new(&problems::NOT_CONFIRMED).member("order_id", "7") }))
        .route("/hold", get(move || async move { held.here().await }))
        .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/json", post(|body: StrictJson<Value>| async move { body.value.to_string() }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let task = spawn("server", serve(listener, router, limits, shutdown.clone()));
    Server { address, shutdown, task, hold }
}

impl Server {
    async fn open(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Everything that the server answers to `text` until it closes, or for ten seconds.
    async fn send(&self, text: &str) -> String {
        read(self.open(text).await).await
    }

    async fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
    }
}

async fn read(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let reading = stream.read_to_end(&mut bytes);
    // A connection that is cut resets; what came before counts.
    let _ = tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the server closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn problem(answer: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/problem+json"), "{head}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_security_headers() {
    let server = server(Limits::default()).await;
    let answer = server.send("GET /ok HTTP/1.1\r\nhost: x\r\nx-request-id: mine-1\r\nconnection: close\r\n\r\n").await;
    for line in [
        "HTTP/1.1 200 OK",
        "x-request-id: mine-1",
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'",
    ] {
        assert!(answer.contains(line), "{answer}");
    }
    assert!(!answer.contains("no-store"), "{answer}");
}

#[tokio::test]
async fn every_error_is_a_problem_with_path_and_request_id() {
    let server = server(Limits::default()).await;
    for (path, status, code) in [
        ("/nowhere?secret=1", 404, "not_found"),
        ("/json", 405, "method_not_allowed"),
        ("/panic", 500, "internal"),
        ("/refuse", 409, "not_confirmed"),
    ] {
        let answer = server.get(path).await;
        let problem = problem(&answer);
        assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(status), Some(code)), "{answer}");
        assert_eq!(problem["instance"], path.split('?').next().unwrap());
        assert!(answer.contains(&format!("x-request-id: {}", problem["request_id"].as_str().unwrap())), "{answer}");
        assert!(!answer.contains("secret"), "{answer}");
    }
    assert!(server.get("/json").await.contains("allow: POST"));
    assert!(server.get("/refuse").await.contains("\"order_id\":\"7\""));
    assert!(server.get("/ok").await.contains("fine"), "a panic ends its request only");
}

#[tokio::test]
async fn what_is_over_the_limits_is_refused() {
    let server = server(Limits { uri_bytes: 100, header_bytes: 9000, ..Limits::default() }).await;
    assert_eq!(problem(&server.get(&format!("/{}", "a".repeat(101))).await)["code"], "uri_too_long");
    let large = format!("GET /ok HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(10_000));
    assert!(server.send(&large).await.starts_with("HTTP/1.1 431"));
    let many = format!("GET /ok HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
    assert!(server.send(&many).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn more_requests_than_allowed_are_told_to_come_back() {
    let server = server(Limits { concurrency: 1, ..Limits::default() }).await;
    let held = server.open("GET /hold HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let overloaded = loop {
        let answer = server.get("/ok").await;
        if answer.starts_with("HTTP/1.1 503") {
            break answer;
        }
    };
    assert_eq!(problem(&overloaded)["code"], "overloaded");
    assert!(overloaded.contains("retry-after: 1"), "{overloaded}");
    server.hold.release.add_permits(1);
    assert!(read(held).await.starts_with("HTTP/1.1 200"));
    assert!(server.get("/ok").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up_unless_the_client_prefers_to_wait() {
    let server = server(Limits { request: Duration::from_millis(50), ..Limits::default() }).await;
    assert_eq!(problem(&server.get("/hold").await)["code"], "timed_out");
    let waits = server.open("GET /hold HTTP/1.1\r\nhost: x\r\nprefer: wait=9\r\nconnection: close\r\n\r\n").await;
    assert_eq!(problem(&server.get("/hold").await)["code"], "timed_out");
    server.hold.release.add_permits(1);
    assert!(read(waits).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn slow_clients_are_cut() {
    // Longer than between a connection and its first byte, on a busy machine.
    let short = Duration::from_millis(500);
    let server = server(Limits { idle: short, stall: short, ..Limits::default() }).await;
    for begun in ["", "GET /ok HT", "GET /ok HTTP/1.1\r\nhost: x\r\n"] {
        assert!(!server.send(begun).await.contains("200"), "{begun:?}");
    }
    let idle = server.send("GET /ok HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(idle.ends_with("fine"), "{idle}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_cut() {
    let stall = Duration::from_millis(100);
    let server = server(Limits { stall, connections: 1, ..Limits::default() }).await;
    let mut deaf = server.open("GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    // There is room for one connection: this is answered only once the deaf one is cut.
    assert!(server.get("/ok").await.contains("fine"));
    let mut bytes = Vec::new();
    let _ = deaf.read_to_end(&mut bytes).await;
    assert!(bytes.len() < 64 << 20, "{}", bytes.len());
}

#[tokio::test]
async fn bytes_that_are_not_http_get_400_and_no_more() {
    let server = server(Limits::default()).await;
    for text in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET /ok HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "GET /ok HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\na",
        "GET /ok HTTP/1.1\r\nhost : x\r\n\r\n",
        "POST /json HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ] {
        let answer = server.send(text).await;
        assert!(answer.starts_with("HTTP/1.1 400") && answer.matches("HTTP/1.1").count() == 1, "{text:?}: {answer}");
    }
}

#[tokio::test]
async fn shutdown_lets_requests_end_and_takes_no_new_ones() {
    let server = server(Limits::default()).await;
    let idle = server.open("").await;
    let held = server.open("GET /hold HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.hold.arrived().await;
    server.shutdown.request();
    assert_eq!(read(idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    assert!(!server.task.is_finished());
    server.hold.release.add_permits(1);
    assert!(read(held).await.starts_with("HTTP/1.1 200"));
    server.task.await.unwrap();
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_end_in_time() {
    let server = server(Limits { drain: Duration::from_millis(50), ..Limits::default() }).await;
    let held = server.open("GET /hold HTTP/1.1\r\nhost: x\r\n\r\n").await;
    server.hold.arrived().await;
    server.shutdown.request();
    server.task.await.unwrap();
    assert_eq!(read(held).await, "");
}

#[tokio::test]
async fn no_more_connections_are_served_than_allowed() {
    let server = server(Limits { connections: 2, ..Limits::default() }).await;
    let held = [server.open("").await, server.open("").await];
    let mut third = server.open("GET /ok HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let early = tokio::time::timeout(Duration::from_millis(100), third.read_u8()).await;
    assert!(early.is_err(), "the third has to wait");
    drop(held);
    assert!(read(third).await.contains("fine"));
}
