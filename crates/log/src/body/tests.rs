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

#[derive(serde::Deserialize)]
struct OpenedV1 {
    by: String,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Opened {
    by: Vec<String>,
}

impl From<OpenedV1> for Opened {
    fn from(OpenedV1 { by }: OpenedV1) -> Self {
        Self { by: vec![by] }
    }
}

crate::bodies! {
    enum DoorEvent {
        Opened(Opened) = "door.opened.v2" <- "door.opened.v1"(OpenedV1),
    }
}

#[test]
fn what_was_written_under_an_old_version_is_read_as_the_new_one_and_written_as_that() {
    let read = DoorEvent::decode("door.opened.v1", br#"{"by":"me"}"#).ok();
    assert_eq!(read, Some(Opened { by: vec!["me".to_owned()] }.into()));
    assert_eq!(read.map(|event| event.type_name()), Some("door.opened.v2"));
    assert_eq!(DoorEvent::OLD_TYPE_NAMES, [("door.opened.v1", "door.opened.v2")]);
    assert_eq!(DoorEvent::TYPE_NAMES, ["door.opened.v2"]);
    let malformed = DoorEvent::decode("door.opened.v1", br#"{"by":["me"]}"#).err();
    assert!(
        malformed.is_some_and(|error| error.to_string().contains("door.opened.v1")),
        "the old shape is the old one"
    );
}

#[test]
fn an_unknown_name_and_a_malformed_value_are_told_apart() {
    assert!(matches!(JarEvent::decode("jar.put.v2", b"{}"), Err(DecodeError::UnknownType(_))));
    assert!(matches!(JarEvent::decode("jar.put.v1", b"{}"), Err(DecodeError::Malformed { .. })));
}
