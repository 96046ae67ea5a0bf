//! Bodies read as they were written, under their stable names, and what cannot be read is told apart.

use crate::jar::{JarCommand, JarEvent, Put, Take};
use crate::{Body, DecodeError};

#[test]
fn a_body_reads_as_it_was_written_under_one_of_the_set_s_names() {
    let event = JarEvent::from(Put { sweets: 3, look_by: None });
    assert!(JarEvent::TYPE_NAMES.contains(&event.type_name()));
    let encoded = event.encode().unwrap_or_default();
    assert_eq!(encoded, br#"{"sweets":3}"#);
    assert_eq!(JarEvent::decode(event.type_name(), &encoded).ok(), Some(event));
    assert!(JarCommand::TYPE_NAMES.contains(&JarCommand::from(Take { sweets: 1 }).type_name()));
}

#[test]
fn an_unknown_name_and_a_malformed_value_are_told_apart() {
    assert!(matches!(JarEvent::decode("jar.put.v2", b"{}"), Err(DecodeError::UnknownType(_))));
    assert!(matches!(JarEvent::decode("jar.put.v1", b"{}"), Err(DecodeError::Malformed { .. })));
}
