//! What is passed on and what is not, and requests that try to be read in two ways.

use tillroll_gateway::routes::{Parameters, ROUTES};
use tillroll_gateway::{ProxyHeader, TrustedProxies};
use tillroll_http::Role;

use crate::world::{World, concrete, opens};

#[tokio::test]
async fn the_role_gets_path_query_body_and_the_headers_that_concern_it() {
    let world = World::new().await;
    let bearer = format!("Bearer {}", world.token(Role::Staff));
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "k-1"),
        ("if-match", "\"3\""),
        ("prefer", "wait=5"),
        ("consistency-token", "abc"),
        ("x-request-id", "mine"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("accept", "application/json"),
    ];
    let answer = world.call("POST", "/api/v1/orders?dry=1&x=%2F", &headers, "{\"a\":1}").await;
    let asked = answer.json();
    assert_eq!(asked["method"], "POST");
    assert_eq!(asked["target"], "/api/v1/orders?dry=1&x=%2F");
    assert_eq!(asked["body"], "{\"a\":1}");
    for (name, value) in &headers[1..] {
        assert_eq!(asked["headers"][*name], *value);
    }
    assert_eq!(asked["headers"]["content-type"], "application/json");
    assert_eq!(answer.header("x-request-id"), Some("mine"));
}

#[tokio::test]
async fn what_a_query_string_says_to_a_route_without_parameters_is_refused() {
    let world = World::new().await;
    for route in ROUTES {
        let role = Role::ALL.into_iter().find(|role| opens(*role, route)).unwrap();
        let bearer = format!("Bearer {}", world.token(role));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k-1")];
        let (method, path) = (route.method.as_str(), format!("{}?unheard=of", concrete(route)));
        let answer = world.call(method, &path, &headers, "").await;
        match route.parameters {
            Parameters::None => {
                assert_eq!((answer.status, answer.code().as_str()), (400, "unknown_field"), "{method} {path}");
                assert_eq!(answer.json()["errors"][0]["field"], "unheard", "{method} {path}");
            }
            Parameters::Some => assert_eq!(answer.json()["target"], path, "the role judges: {method} {path}"),
        }
    }
    assert_eq!(world.call("GET", "/api/v1/products/SKU-1?", &[], "").await.status, 200, "which says nothing");
}

#[tokio::test]
async fn what_a_client_says_about_itself_or_its_connection_stays_outside() {
    let world = World::new().await;
    let unwanted = [
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-host", "evil"),
        ("forwarded", "for=10.0.0.1"),
        ("cookie", "a=b"),
        ("te", "trailers"),
        ("upgrade", "websocket"),
        ("keep-alive", "timeout=9"),
        ("proxy-authorization", "Basic x"),
        ("x-http-method-override", "DELETE"),
        ("x-original-url", "/admin"),
        ("expect", "100-continue"),
    ];
    let asked = world.call("GET", "/api/v1/products", &unwanted, "").await.json();
    for (name, _) in unwanted {
        assert!(asked["headers"].get(name).is_none(), "{name}");
    }
    assert_ne!(asked["headers"]["host"], "shop.example");
    let named = [("connection", "prefer, x-request-id"), ("prefer", "wait=1")];
    let asked = world.call("GET", "/api/v1/products", &named, "").await.json();
    assert!(asked["headers"].get("prefer").is_none());
}

#[tokio::test]
async fn a_client_is_where_its_connection_comes_from_or_where_a_trusted_proxy_says() {
    let asked = async |world: &World, headers: &[(&str, &str)]| {
        let asked = world.call("GET", "/api/v1/products", headers, "").await.json();
        asked["headers"]["tillroll-client-address"].as_str().unwrap().to_owned()
    };
    let claimed = [
        ("tillroll-client-address", "192.0.2.9"),
        ("x-real-ip", "192.0.2.8"),
        ("x-forwarded-for", "192.0.2.66, 192.0.2.1"),
        ("forwarded", "for=192.0.2.66, for=192.0.2.2"),
        ("connection", "x-forwarded-for, forwarded"),
    ];
    assert_eq!(asked(&World::new().await, &claimed).await, "127.0.0.1", "nobody is trusted");
    let proxies: TrustedProxies = "127.0.0.0/8".parse().unwrap();
    let world = World::behind_proxies(proxies.clone()).await;
    assert_eq!(asked(&world, &claimed).await, "192.0.2.1");
    assert_eq!(asked(&world, &[]).await, "127.0.0.1", "the proxy itself");
    let world = World::behind_proxies(proxies.said_in(ProxyHeader::Forwarded)).await;
    assert_eq!(asked(&world, &claimed).await, "192.0.2.2");
}

#[tokio::test]
async fn a_request_id_is_made_if_the_client_has_none() {
    let world = World::new().await;
    let answer = world.call("GET", "/api/v1/products", &[], "").await;
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert_eq!(answer.json()["headers"]["x-request-id"], id.as_str());
    assert_eq!(id.len(), 36);
}

#[tokio::test]
async fn head_asks_the_role_and_answers_without_a_body() {
    let world = World::new().await;
    let answer = world.call("HEAD", "/api/v1/products/SKU-1", &[], "").await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(world.call("HEAD", "/api/v1/orders", &[], "").await.status, 401);
    let own = world.call("HEAD", "/openapi.json", &[], "").await;
    assert_eq!((own.status, own.body.len()), (200, 0));
}

#[tokio::test]
async fn a_target_with_a_host_of_its_own_goes_to_the_role_all_the_same() {
    let world = World::new().await;
    let text =
        "GET http://evil.example/api/v1/products?a=1 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    let asked = world.send(text).await.json();
    assert_eq!(asked["target"], "/api/v1/products?a=1");
}

#[tokio::test]
async fn a_request_that_can_be_read_in_two_ways_smuggles_nothing() {
    let world = World::new().await;
    let token = world.token(Role::Staff);
    let head = format!(
        "POST /api/v1/orders HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nidempotency-key: k\r\ncontent-type: application/json\r\n"
    );
    let hidden = "GET /api/v1/orders/hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    let refused = [
        format!("content-length: 2\r\ncontent-length: {}\r\n\r\n{{}}{hidden}", 2 + hidden.len()),
        format!("content-length: 2, {}\r\n\r\n{{}}{hidden}", 2 + hidden.len()),
        format!("content-length : 2\r\n\r\n{{}}{hidden}"),
        format!("content-length: 0x2\r\n\r\n{{}}{hidden}"),
        format!("content-length: -1\r\n\r\n{{}}{hidden}"),
        format!("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("transfer-encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("x: y\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}"),
    ];
    for rest in refused {
        let text = String::from_utf8(world.send_for_all(format!("{head}{rest}")).await).unwrap();
        assert!(text.starts_with("HTTP/1.1 400"), "{rest}: {text}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{rest}: {text}");
    }
}

#[tokio::test]
async fn with_both_framings_the_chunks_count_and_the_length_is_not_passed_on() {
    let world = World::new().await;
    let token = world.token(Role::Staff);
    let text = format!(
        "POST /api/v1/orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: 60\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n\
         GET /api/v1/orders/hidden HTTP/1.1\r\nhost: x\r\n\r\n"
    );
    let all = String::from_utf8(world.send_for_all(text).await).unwrap();
    assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{all}");
    assert!(!all.contains("hidden"), "{all}");
}

#[tokio::test]
async fn bad_chunks_end_the_request() {
    let world = World::new().await;
    let token = world.token(Role::Staff);
    for chunks in ["zz\r\n", "-1\r\nx\r\n", "ffffffffffffffffff\r\n", "2\r\n{}x\r\n0\r\n\r\n"] {
        let text = format!(
            "POST /api/v1/orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             idempotency-key: k\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
        );
        let all = String::from_utf8(world.send_for_all(text).await).unwrap();
        assert!(!all.contains("HTTP/1.1 200"), "{chunks}: {all}");
    }
}
