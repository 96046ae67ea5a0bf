//! What the shop does not carry out is told by the invoice that asked for it.

use super::*;
use crate::import::client::tests::Door;
use hyper::HeaderMap;
use std::time::Duration;

#[tokio::test]
async fn a_delivery_that_is_stuck_is_told_by_its_invoice() {
    let door = Door::open(202, json!({"id": "1", "status": "stuck"}), Duration::from_secs(5)).await;
    let sender = Sender::new(door.client.clone());
    let body = json!({"id": "1", "status": "confirmed"});
    let placed = Answer { status: StatusCode::CREATED, headers: HeaderMap::new(), body };
    sender.fulfil("536365", &placed).await.unwrap();
    let refused = sender.with(|outcome| outcome.refusals.clone());
    let why = "its order is stuck".to_owned();
    assert_eq!(refused, [Refusal { what: "fulfilment of 536365".to_owned(), why }]);
}
