//! Sizes, keys and methods, refused at the door.

use tillroll_gateway::routes::{Key, ROUTES, Target};

use crate::world::{World, concrete};

/// A request of staff for this route with a chunked body of `length` bytes in chunks of 4000.
fn chunked(world: &World, method: &str, path: &str, length: usize) -> Vec<u8> {
    let token = world.token_for(method, path);
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
         idempotency-key: k\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    let mut left = length;
    while left > 0 {
        let chunk = left.min(4000);
        text.extend_from_slice(format!("{chunk:x}\r\n{}\r\n", "x".repeat(chunk)).as_bytes());
        left -= chunk;
    }
    text.extend_from_slice(b"0\r\n\r\n");
    text
}

#[tokio::test]
async fn a_body_may_have_what_its_route_grants_and_not_a_byte_more() {
    let world = World::new().await;
    for route in ROUTES.iter().filter(|route| route.body > 0) {
        let (method, path) = (route.method.as_str(), concrete(route));
        let fits = world.staff(method, &path, &"x".repeat(route.body)).await;
        assert_eq!((fits.status, fits.json()["length"].as_u64()), (200, Some(route.body as u64)), "{route:?}");
        let over = world.staff(method, &path, &"x".repeat(route.body + 1)).await;
        assert_eq!((over.status, over.code().as_str()), (413, "body_too_large"), "{route:?}");
    }
}

#[tokio::test]
async fn a_chunked_body_is_counted_as_it_comes() {
    let world = World::new().await;
    for route in ROUTES.iter().filter(|route| route.body > 0) {
        let (method, path) = (route.method.as_str(), concrete(route));
        let fits = world.send(chunked(&world, method, &path, route.body)).await;
        assert_eq!((fits.status, fits.json()["length"].as_u64()), (200, Some(route.body as u64)), "{route:?}");
        let over = world.send(chunked(&world, method, &path, route.body + 1)).await;
        assert_eq!((over.status, over.code().as_str()), (413, "body_too_large"), "{route:?}");
    }
}

#[tokio::test]
async fn a_route_without_a_body_takes_none() {
    let world = World::new().await;
    for route in ROUTES.iter().filter(|route| route.body == 0 && matches!(route.target, Target::Role(_))) {
        let (method, path) = (route.method.as_str(), concrete(route));
        assert_eq!(world.staff(method, &path, "x").await.status, 413, "{route:?}");
        assert_eq!(world.send(chunked(&world, method, &path, 1)).await.status, 413, "{route:?}");
        assert_eq!(world.send(chunked(&world, method, &path, 0)).await.status, 200, "{route:?}");
    }
}

#[tokio::test]
async fn a_key_is_asked_for_where_the_table_says_so() {
    let world = World::new().await;
    for route in ROUTES.iter().filter(|route| matches!(route.target, Target::Role(_))) {
        let (method, path) = (route.method.as_str(), concrete(route));
        let bearer = format!("Bearer {}", world.token_for(method, &path));
        let body = if route.body > 0 { "{}" } else { "" };
        let without = world.call(method, &path, &[("authorization", &bearer)], body).await;
        match route.key {
            Key::Optional => assert_eq!(without.status, 200, "{route:?}"),
            Key::Required => assert_eq!((without.status, without.code().as_str()), (400, "missing_idempotency_key")),
        }
        for bad in ["a b", "", &"x".repeat(256)] {
            let headers = [("authorization", bearer.as_str()), ("idempotency-key", bad)];
            let malformed = world.call(method, &path, &headers, body).await;
            assert_eq!((malformed.status, malformed.code().as_str()), (400, "invalid_idempotency_key"), "{route:?}");
        }
        let dropped = [("authorization", bearer.as_str()), ("idempotency-key", "k"), ("connection", "idempotency-key")];
        let answer = world.call(method, &path, &dropped, body).await;
        assert_eq!(answer.status, if route.key == Key::Required { 400 } else { 200 }, "{route:?}");
    }
}

#[tokio::test]
async fn what_the_table_does_not_have_is_not_there() {
    let world = World::new().await;
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/products",
        "/products",
        "/api/v1/products/",
        "/api/v1//products",
        "/api/v1/products/a/b",
        "/api/v1/admin",
        "/metrics",
        "/health/live",
        "/api/v1/health/live",
        "/health/ready",
        "/api/v1/products/../orders",
        "/api/v1/Products",
    ] {
        let answer = world.call("GET", path, &[], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
        assert_eq!(answer.json()["instance"], path);
        assert_eq!(answer.json()["detail"], "there is no such route; /openapi.json lists them", "{path}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_there_are() {
    let world = World::new().await;
    for route in ROUTES {
        let path = concrete(route);
        let mut has: Vec<_> =
            ROUTES.iter().filter(|other| other.path == route.path).map(|other| other.method.as_str()).collect();
        if has.contains(&"GET") {
            has.push("HEAD");
        }
        has.push("OPTIONS");
        has.sort_unstable();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECTX"] {
            if has.contains(&method) {
                continue;
            }
            let answer = world.staff(method, &path, "").await;
            assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"), "{method} {path}");
            assert_eq!(listed(answer.header("allow")), has, "{method} {path}");
        }
        let options = world.call("OPTIONS", &path, &[], "").await;
        assert_eq!(options.status, 204, "{path}");
        assert_eq!(listed(options.header("allow")), has, "{path}");
        assert_eq!(options.header("access-control-allow-origin"), None);
    }
}

fn listed(allow: Option<&str>) -> Vec<&str> {
    let mut methods: Vec<_> = allow.unwrap().split(',').collect();
    methods.sort_unstable();
    methods
}
