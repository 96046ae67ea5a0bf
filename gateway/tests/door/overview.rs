//! A user at a glance: the parts are asked for at once, and what fails does not take the others with it.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tillroll_gateway::GatewayLimits;
use tillroll_http::{Identity, Problem, Role, problems, unix_now};
use uuid::Uuid;

use crate::world::{Answer, World, listen, short};

const ANN: Uuid = Uuid::from_u128(0xa);

async fn ask(world: &World, role: Role, path: &str, headers: &[(&str, &str)]) -> Answer {
    let identity = Identity::of_user(ANN, &[role], None);
    let token = world.keys.access.mint(&identity, Duration::from_secs(60), unix_now()).unwrap();
    let bearer = format!("Bearer {token}");
    let headers: Vec<_> = [("authorization", bearer.as_str())].into_iter().chain(headers.iter().copied()).collect();
    world.call("GET", path, &headers, "").await
}

/// A role that answers each path as the test says.
async fn world(limits: GatewayLimits, answer: fn(&str) -> Option<Response>) -> World {
    let answer = move |request: Request| async move {
        match answer(request.uri().path()) {
            Some(response) => response,
            None => std::future::pending().await,
        }
    };
    World::before(listen(Router::new().fallback(answer)).await, limits).await
}

fn lag(ms: u32, body: Value) -> Option<Response> {
    Some(([("read-model-lag-ms", ms.to_string())], axum::Json(body)).into_response())
}

#[tokio::test]
async fn each_part_is_asked_in_the_callers_name_with_what_he_has_seen() {
    let world = World::new().await;
    let seen = [("consistency-token", "t-1"), ("prefer", "wait=1")];
    let own = ask(&world, Role::Customer, "/api/v1/users/me/overview", &seen).await;
    assert_eq!((own.status, own.header("cache-control")), (200, Some("private, no-store")));
    let own = own.json();
    let targets = |body: &Value| {
        ["profile", "orders", "unread_notifications"].map(|part| body[part]["target"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        targets(&own),
        [
            "/api/v1/users/me".to_owned(),
            format!("/api/v1/orders?user={ANN}&limit=5"),
            "/api/v1/notifications?unread=true&limit=5".to_owned()
        ]
    );
    for part in ["profile", "orders", "unread_notifications"] {
        let headers = &own[part]["headers"];
        let identity = headers["tillroll-identity"].as_str().unwrap();
        let opened = world.keys.identity.verifier().open(identity, unix_now()).unwrap();
        assert_eq!((opened.user(), &headers["consistency-token"]), (Some(ANN), &json!("t-1")));
    }
    assert_eq!(own["failed"], json!({}));
    let bob = Uuid::from_u128(0xb);
    let others = ask(&world, Role::Staff, &format!("/api/v1/users/{bob}/overview"), &[]).await.json();
    assert_eq!(
        targets(&others),
        [
            format!("/api/v1/users/{bob}"),
            format!("/api/v1/orders?user={bob}&limit=5"),
            format!("/api/v1/users/{bob}/notifications?unread=true&limit=5")
        ]
    );
}

#[tokio::test]
async fn a_part_that_fails_is_null_with_its_reason() {
    let world = world(short(), |path| match path {
        "/api/v1/users/me" => lag(7, json!({"name": "Ann"})),
        "/api/v1/orders" => Some(Problem::new(&problems::READ_MODEL_BEHIND).into_response()),
        _ => None,
    })
    .await;
    let begun = Instant::now();
    let answer = ask(&world, Role::Customer, "/api/v1/users/me/overview", &[]).await;
    assert_eq!((answer.status, answer.header("read-model-lag-ms")), (200, Some("7")));
    let body = answer.json();
    assert_eq!((&body["profile"], &body["orders"]), (&json!({"name": "Ann"}), &Value::Null));
    assert_eq!(body["unread_notifications"], Value::Null);
    let codes = ["orders", "unread_notifications"].map(|part| body["failed"][part]["code"].as_str().unwrap());
    assert_eq!(codes, ["read_model_behind", "timed_out"]);
    assert!(begun.elapsed() < Duration::from_secs(2), "as long as the slowest part may take, and not their sum");
}

#[tokio::test]
async fn the_parts_are_asked_for_at_once() {
    const SLOWEST: Duration = Duration::from_millis(600);
    let slow = |_: &str| None;
    let world = world(GatewayLimits { query: SLOWEST, ..short() }, slow).await;
    let begun = Instant::now();
    let answer = ask(&world, Role::Customer, "/api/v1/users/me/overview", &[]).await;
    assert_eq!((answer.status, answer.json()["failed"].as_object().unwrap().len()), (200, 3));
    // One after the other they would take three times as long as one may.
    assert!(begun.elapsed() < 3 * SLOWEST, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn nobody_is_shown_who_is_not_there() {
    let world = world(short(), |path| match path.contains("/users/") {
        true => Some(Problem::new(&problems::NOT_FOUND).into_response()),
        false => Some((StatusCode::OK, axum::Json(json!({"items": []}))).into_response()),
    })
    .await;
    for path in [format!("/api/v1/users/{ANN}/overview"), "/api/v1/users/nobody/overview".to_owned()] {
        assert_eq!(ask(&world, Role::Staff, &path, &[]).await.status, 404, "{path}");
    }
    let bearer = world.keys.mint("staff", Role::Staff, Duration::from_secs(60)).unwrap();
    let bearer = format!("Bearer {bearer}");
    let own = world.call("GET", "/api/v1/users/me/overview", &[("authorization", &bearer)], "").await;
    assert_eq!(own.status, 403, "who is no user has no profile");
}
