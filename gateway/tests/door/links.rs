//! Connections to roles under use: nobody gets another's answer, and a body arrives whole or visibly not.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{any, get};
use tillroll_gateway::GatewayLimits;
use tillroll_http::Role;
use tillroll_telemetry::spawn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{World, listen};

async fn before(router: Router) -> World {
    World::before(listen(router).await, GatewayLimits::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_each_get_their_own_answer() {
    let world = Arc::new(World::new().await);
    let bearer = Arc::new(format!("Bearer {}", world.token(Role::Staff)));
    let callers = (0..32).map(|caller| {
        let (world, bearer) = (world.clone(), bearer.clone());
        spawn("a caller", async move {
            for number in 0..20 {
                let (path, body) =
                    (format!("/api/v1/orders?c={caller}&n={number}"), format!("{{\"c\":{caller},\"n\":{number}}}"));
                let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
                let asked = world.call("POST", &path, &headers, &body).await.json();
                assert_eq!(
                    (asked["target"].as_str(), asked["body"].as_str()),
                    (Some(path.as_str()), Some(body.as_str()))
                );
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn who_hangs_up_leaves_his_answer_to_nobody() {
    let slow = |Path(sku): Path<String>| async move {
        if sku == "slow" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        sku
    };
    let world = before(Router::new().route("/api/v1/products/{sku}", get(slow))).await;
    for _ in 0..10 {
        let mut hasty = TcpStream::connect(world.address).await.unwrap();
        hasty.write_all(b"GET /api/v1/products/slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(hasty);
        for _ in 0..5 {
            assert_eq!(world.call("GET", "/api/v1/products/fast", &[], "").await.body, "fast");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    let large: Vec<u8> = (0..8 << 20).map(|n: u32| (n % 251) as u8).collect();
    let sent = large.clone();
    let world = before(Router::new().fallback(any(move || async move { sent }))).await;
    for _ in 0..3 {
        assert!(world.call("GET", "/api/v1/products", &[], "").await.body == large);
    }
}

#[tokio::test]
async fn an_answer_without_a_body_keeps_the_connection_in_use() {
    let world = before(Router::new().fallback(any(|| async { StatusCode::NO_CONTENT }))).await;
    for method in ["GET", "HEAD", "GET", "DELETE"] {
        let answer = world.staff(method, "/api/v1/products/A", "").await;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
    }
}

/// A role that sends these bytes to whatever it is asked, and closes.
async fn before_bytes(bytes: &'static [u8]) -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn("a broken role", async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    World::before(address, GatewayLimits::default()).await
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_made_to_look_whole() {
    let asked = b"GET /api/v1/products HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let counted = before_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc").await;
    let text = String::from_utf8(counted.send_for_all(asked).await).unwrap();
    assert!(text.is_empty() || text.ends_with("abc"), "{text}");
    let chunked = before_bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    let text = String::from_utf8(chunked.send_for_all(asked).await).unwrap();
    assert!(!text.ends_with("0\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn a_role_that_does_not_speak_http_is_unavailable() {
    for bytes in [&b"garbage\r\n\r\n"[..], b"", b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"]
    {
        let world = before_bytes(bytes).await;
        let answer = world.call("GET", "/api/v1/products", &[], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
    }
}
