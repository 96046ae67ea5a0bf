//! Who is a broker in librdkafka's statistics.

use super::knows_nobody;

fn of(brokers: &str) -> String {
    format!(r#"{{"name": "rdkafka#consumer-1", "brokers": {{{brokers}}}, "topics": {{"t": {{"age": 1}}}}}}"#)
}

#[test]
fn names_for_others_are_nobody() {
    let names = r#"":0/internal": {"source": "internal", "state": "INIT"},
        "GroupCoordinator": {"source": "logical", "nodeid": 1}"#;
    assert!(knows_nobody(of(names).as_bytes()));
    for source in ["configured", "learned"] {
        let known = format!(r#"{names}, "broker:9092": {{"source": "{source}", "state": "DOWN"}}"#);
        assert!(!knows_nobody(of(&known).as_bytes()), "{source}: one that is down comes back");
    }
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    assert!(!knows_nobody(b""));
}
