//! A role on a real broker: what it does when the broker, the producer or a topic is not what it was. The broker is
//! started by the tests; the jars come from `TILLROLL_KAFKA_LIBS` or `.tillroll/kafka-libs` (scripts/setup).
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "tests find the jars by themselves")]

#[path = "broker/effects.rs"]
mod effects;
#[path = "broker/inspect.rs"]
mod inspect;
#[path = "../src/jar.rs"]
mod jar;
#[path = "broker/made_again.rs"]
mod made_again;
#[path = "broker/outages.rs"]
mod outages;
#[path = "broker/panics.rs"]
mod panics;
#[path = "broker/replicas.rs"]
mod replicas;
#[path = "broker/restarts.rs"]
mod restarts;
#[path = "broker/services.rs"]
mod services;
#[path = "broker/setting.rs"]
mod setting;
#[path = "broker/suspicion.rs"]
mod suspicion;
