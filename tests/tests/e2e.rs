//! The whole system through its public door, on a real Kafka and a real PostgreSQL.
//!
//! The binary under test is the one beside this test's directory: `cargo build --bin tillroll` first (`scripts/test`
//! does). The jars come from TILLROLL_KAFKA_LIBS or `.tillroll/kafka-libs` (`scripts/setup`). TILLROLL_SEED repeats a
//! generated file.
#![cfg(test)]

#[path = "e2e/action.rs"]
mod action;
#[path = "e2e/announced.rs"]
mod announced;
#[path = "e2e/another_file.rs"]
mod another_file;
#[path = "e2e/bad_input.rs"]
mod bad_input;
#[path = "e2e/cards.rs"]
mod cards;
#[path = "e2e/carts.rs"]
mod carts;
#[path = "e2e/chaos.rs"]
mod chaos;
#[path = "e2e/claims.rs"]
mod claims;
#[path = "e2e/console.rs"]
mod console;
#[path = "e2e/console_tools.rs"]
mod console_tools;
#[path = "e2e/containers.rs"]
mod containers;
#[path = "e2e/crash_points.rs"]
mod crash_points;
#[path = "e2e/demo.rs"]
mod demo;
#[path = "e2e/doctor.rs"]
mod doctor;
#[path = "e2e/generated.rs"]
mod generated;
#[path = "e2e/hostile.rs"]
mod hostile;
#[path = "e2e/instances.rs"]
mod instances;
#[path = "e2e/kill.rs"]
mod kill;
#[path = "e2e/killed_alone.rs"]
mod killed_alone;
#[path = "e2e/life.rs"]
mod life;
#[path = "e2e/load.rs"]
mod load;
#[path = "e2e/long_order.rs"]
mod long_order;
#[path = "e2e/made_again.rs"]
mod made_again;
#[path = "e2e/messages.rs"]
mod messages;
#[path = "e2e/money.rs"]
mod money;
#[path = "e2e/outages.rs"]
mod outages;
#[path = "e2e/outages_under_load.rs"]
mod outages_under_load;
#[path = "e2e/oversell.rs"]
mod oversell;
#[path = "e2e/people.rs"]
mod people;
#[path = "e2e/reads.rs"]
mod reads;
#[path = "e2e/real_file.rs"]
mod real_file;
#[path = "e2e/rebuild.rs"]
mod rebuild;
#[path = "e2e/repeats.rs"]
mod repeats;
#[path = "e2e/saga.rs"]
mod saga;
#[path = "e2e/sales.rs"]
mod sales;
#[path = "e2e/sessions.rs"]
mod sessions;
#[path = "e2e/settings.rs"]
mod settings;
#[path = "e2e/shop.rs"]
mod shop;
#[path = "e2e/start.rs"]
mod start;
#[path = "e2e/three_brokers.rs"]
mod three_brokers;
#[path = "e2e/waiting.rs"]
mod waiting;
