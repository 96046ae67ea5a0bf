//! Reserved properties are refused by name; defaults can be overridden; secrets are not shown.

use super::{Config, FetchWait};
use crate::KafkaError;
use rdkafka::config::RDKafkaLogLevel;

#[test]
fn a_reserved_property_is_refused_by_name() {
    let config = Config::new("broker:9092").set("enable.idempotence", "false");
    match config.producer() {
        Err(KafkaError::Reserved { property, .. }) => assert_eq!(property, "enable.idempotence"),
        other => panic!("{other:?}"),
    }
    let config = Config::new("broker:9092").set("auto.offset.reset", "earliest");
    assert!(config.producer().is_ok());
    assert!(matches!(config.reader(FetchWait::Tailing), Err(KafkaError::Reserved { .. })));
}

#[test]
fn a_default_can_be_overridden() {
    let config = Config::new("broker:9092").set("linger.ms", "1").set("message.max.bytes", "1000");
    let client = config.producer().unwrap();
    assert_eq!(client.get("linger.ms"), Some("1"));
    assert_eq!(client.get("message.max.bytes"), Some("1000"));
    assert_eq!(client.get("enable.idempotence"), Some("true"));
    assert_eq!(config.max_record_bytes(), 1000);
}

#[test]
fn what_is_to_be_debugged_is_logged() {
    let level = |config: Config| config.producer().unwrap().log_level as i32;
    let (quiet, debug) = (Config::new("broker:9092"), RDKafkaLogLevel::Debug as i32);
    assert_eq!(level(quiet.clone().set("debug", "broker")), debug);
    assert!(level(quiet) < debug);
}

#[test]
fn debug_output_shows_no_value() {
    let config = Config::new("broker:9092").set("sasl.password", "canary");
    let shown = format!("{config:?}");
    assert!(shown.contains("sasl.password") && !shown.contains("canary"));
}

#[test]
fn a_property_or_a_value_that_the_library_does_not_know_is_named_without_connecting() {
    for (property, value) in [("session.timeout.ms", "x"), ("no.such.property", "1"), ("acks", "1")] {
        let problem = Config::new("broker:9092").set(property, value).check().unwrap_err();
        assert!(problem.to_string().contains(property), "{problem}");
    }
    Config::new("broker:9092").set("session.timeout.ms", "9000").set("sasl.mechanism", "PLAIN").check().unwrap();
}
