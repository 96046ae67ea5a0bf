//! Problems as sent: all that was put in, with path and request id.

use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{Problem, Unfinished};
use crate::problems;

async fn json_of(response: Response) -> Value {
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn a_problem_says_everything_that_was_put_into_it() {
    let problem = Problem::new(&problems::UNKNOWN_PRODUCT)
        .detail("two lines name products that are not sold")
        .error("/lines/0/sku", "unknown_product", "no product NOPE")
        .member("order_id", "42")
        .member("status", 200)
        .instance("/api/v1/orders/42")
        .request_id("r-1");
    let response = problem.into_response();
    assert_eq!(response.status(), 409);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(
        json_of(response).await,
        json!({
            "type": "/problems/unknown_product", "title": "Unknown product", "status": 409, "code": "unknown_product",
            "detail": "two lines name products that are not sold",
            "errors": [{"field": "/lines/0/sku", "code": "unknown_product", "detail": "no product NOPE"}],
            "order_id": "42", "instance": "/api/v1/orders/42", "request_id": "r-1",
        })
    );
}

#[tokio::test]
async fn every_503_and_429_says_when_to_come_back() {
    for kind in problems::ALL {
        let response = Problem::new(kind).into_response();
        let waits = matches!(kind.status.as_u16(), 429 | 503);
        assert_eq!(response.headers().contains_key("retry-after"), waits, "{}", kind.code);
    }
    assert_eq!(Problem::new(&problems::OVERLOADED).retry_after(9).into_response().headers()["retry-after"], "9");
}

#[tokio::test]
async fn the_server_adds_path_and_request_id_unless_they_were_said() {
    let response = Problem::new(&problems::NOT_FOUND).request_id("mine").into_response();
    let unfinished = response.extensions().get::<Unfinished>().unwrap();
    let body = unfinished.finish("/a\"b", "other").collect().await.unwrap().to_bytes();
    let value: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(value["instance"], "/a\"b");
    assert_eq!(value["request_id"], "mine");
}
