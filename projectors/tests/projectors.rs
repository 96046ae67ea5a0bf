//! The projectors against a real PostgreSQL, over a log in memory that can be cut and broken at will. The server comes
//! from `tillroll-devstack`; its jars from TILLROLL_KAFKA_LIBS or `.tillroll/kafka-libs` (scripts/setup).
#![cfg(test)]

#[path = "projectors/faults.rs"]
mod faults;
#[path = "projectors/halts.rs"]
mod halts;
#[path = "projectors/kafka.rs"]
mod kafka;
#[path = "projectors/older.rs"]
mod older;
#[path = "projectors/people.rs"]
mod people;
#[path = "projectors/read_models.rs"]
mod read_models;
#[path = "projectors/rebuild.rs"]
mod rebuild;
#[path = "projectors/roll.rs"]
mod roll;
#[path = "projectors/shop.rs"]
mod shop;
