//! Answers to commands: what is known stands in the headers, what is not is left out.

use std::time::Duration;

use axum::response::IntoResponse;
use http_body_util::BodyExt;
use serde_json::json;

use super::{CommandAnswer, Timings};
use crate::coordinates::{Offset, PartitionId};

#[tokio::test]
async fn an_answer_says_where_the_event_is() {
    let timings = Timings {
        decide: Duration::from_micros(12),
        append: Duration::from_micros(1_500),
        read_back: Duration::from_millis(2),
    };
    let response = CommandAnswer::created(json!({"id": 1}), "/api/v1/orders/1")
        .version(7)
        .consistency("token")
        .log_position("order.events.v1", PartitionId(3), Offset(1234))
        .timings(timings)
        .into_response();
    assert_eq!(response.status(), 201);
    for (name, value) in [
        ("content-type", "application/json"),
        ("location", "/api/v1/orders/1"),
        ("etag", "\"7\""),
        ("consistency-token", "token"),
        ("log-position", "order.events.v1/3@1234"),
        ("server-timing", "decide;dur=0.012, append;dur=1.500, read-back;dur=2.000"),
    ] {
        assert_eq!(response.headers()[name], value);
    }
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "{\"id\":1}");
}

#[tokio::test]
async fn what_is_not_said_is_left_out() {
    let response = CommandAnswer::ok(json!({})).into_response();
    assert_eq!(response.headers().len(), 1);
    assert_eq!(response.status(), 200);
}
