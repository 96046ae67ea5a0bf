//! A real PostgreSQL, used and mistreated. The servers come from `tillroll-testkit`; its jars from TILLROLL_KAFKA_LIBS
//! or `.tillroll/kafka-libs` (scripts/setup).
#![cfg(test)]

#[path = "postgres/migrations.rs"]
mod migrations;
#[path = "postgres/outages.rs"]
mod outages;
#[path = "postgres/pool.rs"]
mod pool;
