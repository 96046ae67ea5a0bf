//! A real broker: what is promised of records, positions, membership and outages. The broker is started by the tests;
//! the jars come from `TILLROLL_KAFKA_LIBS` or `.tillroll/kafka-libs` (scripts/setup).
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "tests find the jars by themselves, and unwrap the tasks that they run")]

#[path = "broker/asking.rs"]
mod asking;
#[path = "broker/catching_up.rs"]
mod catching_up;
#[path = "broker/fenced.rs"]
mod fenced;
#[path = "broker/groups.rs"]
mod groups;
#[path = "broker/outages.rs"]
mod outages;
#[path = "broker/producing.rs"]
mod producing;
#[path = "broker/rebalances.rs"]
mod rebalances;
#[path = "broker/setting.rs"]
mod setting;
#[path = "broker/tailing.rs"]
mod tailing;
