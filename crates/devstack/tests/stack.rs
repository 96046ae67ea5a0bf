//! Real servers, started and mistreated. Every test has its own root and free ports, so that several runs of this
//! suite can go on at once. The jars come from TILLROLL_KAFKA_LIBS or `.tillroll/kafka-libs` (scripts/setup).
#![cfg(test)]

#[path = "stack/clients.rs"]
mod clients;
#[path = "stack/data.rs"]
mod data;
#[path = "stack/lifecycle.rs"]
mod lifecycle;
#[path = "stack/parent.rs"]
mod parent;
#[path = "stack/refusals.rs"]
mod refusals;
#[path = "stack/three.rs"]
mod three;
