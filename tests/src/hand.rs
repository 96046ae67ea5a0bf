//! Somebody's hand in a topic: what no part of the system would have asked for.

use crate::{Outcome, System};
use bytes::Bytes;
use serde_json::Value;
use tillroll_kafka::{Config, NewRecord, Producer, Topic, partition_for};
use uuid::Uuid;

/// A command to a stock item that no order asked for.
pub async fn by_hand(system: &System, sku: &str, type_name: &'static str, body: &Value) -> Outcome {
    let producer = Producer::start(&Config::new(system.bootstrap_servers()))?;
    let id = Uuid::new_v5(&Uuid::nil(), format!("{sku}/{type_name}").as_bytes());
    let headers = [
        ("ce_id", id.to_string()),
        ("ce_type", type_name.to_owned()),
        ("source", format!("hand/{id}/hand.events.v1/0@0/{type_name}")),
        ("floor", "-".to_owned()),
    ];
    let record = NewRecord {
        topic: Topic::from("stock-item.commands.v1"),
        partition: partition_for(sku.as_bytes(), 4),
        key: Some(Bytes::copy_from_slice(sku.as_bytes())),
        headers: headers.into_iter().map(|(name, text)| (name, Bytes::from(text))).collect(),
        value: Some(Bytes::from(body.to_string())),
    };
    let (told, delivered) = tokio::sync::oneshot::channel();
    let sent = producer.send(record, Box::new(move |result| drop(told.send(result))));
    sent.map_err(|refused| refused.error)?;
    delivered.await??;
    Ok(())
}
