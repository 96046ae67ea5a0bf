//! Roles that are down, slow, restarting, or close when they like.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tillroll_gateway::GatewayLimits;
use tillroll_gateway::routes::Upstream;
use tillroll_http::Role;
use tillroll_telemetry::spawn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{World, listen, nobody, short};

/// A role played by hand: each connection is served by `play`, which says whether it goes on.
#[derive(Clone, Default)]
struct Played {
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Play {
    Answer,
    /// Answers and then closes, without having said so.
    AnswerAndClose,
    /// Takes the request and closes without an answer.
    Drop,
    Hang,
}

const FINE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\nconnection: keep-alive\r\nkeep-alive: timeout=5\r\n\r\n{}";

impl Played {
    /// Plays `plays` to the first requests and `Play::Answer` to all others.
    async fn start(&self, plays: &'static [Play]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let played = self.clone();
        spawn("a played role", async move {
            while let Ok((stream, _)) = listener.accept().await {
                played.connections.fetch_add(1, Ordering::SeqCst);
                let played = played.clone();
                spawn("a played connection", async move { played.serve(stream, plays).await });
            }
        });
        address
    }

    async fn serve(&self, mut stream: TcpStream, plays: &[Play]) {
        let mut text = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let Ok(read @ 1..) = stream.read(&mut buffer).await else {
                return;
            };
            text.extend_from_slice(&buffer[..read]);
            let Some(request) = whole(&text) else {
                continue;
            };
            text.clear();
            let number = {
                let mut requests = self.requests.lock().unwrap();
                requests.push(request);
                requests.len() - 1
            };
            match plays.get(number).unwrap_or(&Play::Answer) {
                Play::Answer => stream.write_all(FINE).await.unwrap(),
                Play::AnswerAndClose => return stream.write_all(FINE).await.unwrap(),
                Play::Drop => return,
                Play::Hang => tokio::time::sleep(Duration::from_secs(60)).await,
            }
        }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The request, once head and announced body have come.
fn whole(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    (body.len() >= length).then_some(text)
}

async fn before(plays: &'static [Play]) -> (World, Played) {
    within(GatewayLimits::default(), plays).await
}

async fn within(limits: GatewayLimits, plays: &'static [Play]) -> (World, Played) {
    let played = Played::default();
    let address = played.start(plays).await;
    (World::before(address, limits).await, played)
}

#[tokio::test]
async fn a_role_that_is_down_is_503_and_says_when_to_come_back() {
    let world = World::before(nobody(), GatewayLimits::default()).await;
    for (method, path, body) in [("GET", "/api/v1/products", ""), ("POST", "/api/v1/orders", "{}")] {
        let answer = world.staff(method, path, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_query_to_a_slow_role_is_504_and_a_command_503() {
    let (world, _) = within(short(), &[Play::Hang, Play::Hang, Play::Hang]).await;
    let begun = Instant::now();
    let query = world.staff("GET", "/api/v1/products", "").await;
    assert_eq!((query.status, query.code().as_str()), (504, "timed_out"));
    let command = world.staff("POST", "/api/v1/orders", "{}").await;
    assert_eq!((command.status, command.code().as_str()), (503, "unavailable"));
    assert!(command.json()["detail"].as_str().unwrap().contains("repeat with the same Idempotency-Key"));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn who_prefers_to_wait_is_given_that_time_on_top() {
    let (world, _) = within(short(), &[Play::Hang]).await;
    let begun = Instant::now();
    let answer = world.call("GET", "/api/v1/products", &[("prefer", "wait=1")], "").await;
    assert_eq!(answer.status, 504);
    assert!(begun.elapsed() > short().query + Duration::from_secs(1));
}

#[tokio::test]
async fn connections_to_roles_are_kept_and_used_again() {
    let (world, played) = before(&[]).await;
    for _ in 0..20 {
        let answer = world.staff("POST", "/api/v1/orders", "{}").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("keep-alive"), None);
        assert_eq!(answer.header("connection"), Some("close"), "the client's own wish");
    }
    assert_eq!(played.connections.load(Ordering::SeqCst), 1);
    assert_eq!(played.requests().len(), 20);
}

#[tokio::test]
async fn a_connection_that_the_role_closed_meanwhile_costs_nobody_a_request() {
    let (world, played) = before(&[Play::AnswerAndClose, Play::AnswerAndClose, Play::AnswerAndClose]).await;
    for _ in 0..6 {
        assert_eq!(world.staff("POST", "/api/v1/orders", "{}").await.status, 200);
    }
    assert_eq!(played.requests().len(), 6);
}

#[tokio::test]
async fn a_query_or_a_keyed_command_that_got_no_answer_is_sent_once_more() {
    let (world, played) = before(&[Play::Drop, Play::Answer, Play::Drop, Play::Answer]).await;
    assert_eq!(world.staff("GET", "/api/v1/products", "").await.status, 200);
    assert_eq!(world.staff("POST", "/api/v1/orders", "{\"n\":1}").await.status, 200);
    let requests = played.requests();
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[2], requests[3], "the same request, body and all");
    assert!(requests[3].ends_with("{\"n\":1}"));
}

#[tokio::test]
async fn it_is_sent_once_more_and_no_more() {
    let (world, played) = before(&[Play::Drop, Play::Drop, Play::Answer]).await;
    assert_eq!(world.staff("GET", "/api/v1/products", "").await.status, 503);
    assert_eq!(played.requests().len(), 2);
}

#[tokio::test]
async fn a_write_without_a_key_is_never_sent_twice() {
    let (world, played) = before(&[Play::Drop, Play::Drop, Play::Drop]).await;
    let bearer = format!("Bearer {}", world.token(Role::Staff));
    for (number, (method, path)) in
        [("PUT", "/api/v1/products/SKU-1"), ("DELETE", "/api/v1/products/SKU-1"), ("POST", "/api/v1/products")]
            .into_iter()
            .enumerate()
    {
        let body = if method == "DELETE" { "" } else { "{}" };
        let answer = world.call(method, path, &[("authorization", &bearer)], body).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"), "{method}");
        assert_eq!(played.requests().len(), number + 1, "{method}");
    }
}

#[tokio::test]
async fn health_says_what_state_each_role_is_in() {
    let ready = listen(Router::new().route("/health/ready", get(|| async { "ok" }))).await;
    let not_ready =
        listen(Router::new().route("/health/ready", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))).await;
    let world = World::before(ready, GatewayLimits::default()).await;
    for path in ["/health", "/api/v1/health"] {
        let answer = world.call("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")));
    }
    let mut roles = Upstream::ALL.map(|role| (role, ready));
    roles[1].1 = not_ready;
    roles[2].1 = nobody();
    let degraded = World::with(roles, GatewayLimits::default()).await;
    let answer = degraded.call("GET", "/health", &[], "").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    let parts = Upstream::ALL.into_iter().enumerate().map(|(nth, role)| {
        let state = ["ready", "not_ready", "unreachable"][if nth < 3 { nth } else { 0 }];
        (role.name().to_owned(), serde_json::json!({"state": state, "instances": [{"state": state}]}))
    });
    let parts: serde_json::Map<String, serde_json::Value> = parts.collect();
    assert_eq!(answer.json(), serde_json::json!({"status": "degraded", "parts": parts}));
}

#[tokio::test]
async fn instances_of_a_role_have_their_turns_and_one_that_is_down_costs_nobody_a_request() {
    let (one, two) = (Played::default(), Played::default());
    let (first, second, down) = (one.start(&[]).await, two.start(&[]).await, nobody());
    let world =
        World::behind(Upstream::ALL.map(|role| (role, vec![first, down, second])), GatewayLimits::default()).await;
    for _ in 0..20 {
        assert_eq!(world.staff("POST", "/api/v1/orders", "{}").await.status, 200);
    }
    let (first, second) = (one.requests().len(), two.requests().len());
    assert_eq!(first + second, 20);
    assert!(first >= 8 && second >= 8, "{first} and {second}");
    let health = world.call("GET", "/health", &[], "").await;
    assert_eq!(health.status, 200, "one instance that is ready is enough");
    let states = health.json()["parts"]["orders"]["instances"].as_array().unwrap().clone();
    assert_eq!(states.iter().filter(|each| each["state"] == "unreachable").count(), 1, "{states:?}");
}

#[tokio::test]
async fn a_write_without_a_key_that_one_instance_dropped_is_not_sent_to_another() {
    let (one, two) = (Played::default(), Played::default());
    let instances = vec![one.start(&[Play::Drop; 9]).await, two.start(&[Play::Drop; 9]).await];
    let world = World::behind(Upstream::ALL.map(|role| (role, instances.clone())), GatewayLimits::default()).await;
    let bearer = format!("Bearer {}", world.token(Role::Staff));
    let answer = world.call("PUT", "/api/v1/products/SKU-1", &[("authorization", &bearer)], "{}").await;
    assert_eq!((answer.status, one.requests().len() + two.requests().len()), (503, 1));
    assert_eq!(world.staff("PUT", "/api/v1/products/SKU-1", "{}").await.status, 503);
    assert_eq!(one.requests().len() + two.requests().len(), 3, "with a key it is sent once more");
}

#[tokio::test]
async fn asking_for_health_often_asks_the_roles_once_a_second() {
    let (world, played) = before(&[]).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(500) {
        world.call("GET", "/health", &[], "").await;
    }
    let seconds = begun.elapsed().as_secs() as usize;
    assert!(played.requests().len() <= Upstream::ALL.len() * (seconds + 1), "each role, once a second");
}
