//! Labels as bytes.

use super::Label;
use crate::{Error, KeyName};
use uuid::Uuid;

fn label(field: &str) -> Result<Label, Error> {
    Label::new(KeyName::fiscal(Uuid::from_u128(7), 2026), [1, 2, 3, 4], Uuid::from_u128(8), field)
}

#[test]
fn a_label_is_read_as_it_was_written() {
    let written = label("billing.street-1").unwrap();
    let bytes = [written.to_bytes(), b"rest".to_vec()].concat();
    assert_eq!(Label::read(&bytes).unwrap(), (written, &b"rest"[..]));
}

#[test]
fn a_label_that_ends_early_is_none() {
    let bytes = label("email").unwrap().to_bytes();
    for length in 0..bytes.len() {
        assert!(Label::read(&bytes[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_field_has_a_short_plain_name() {
    for name in ["", "E-mail", "a b", "straße", &"x".repeat(65)] {
        assert!(matches!(label(name), Err(Error::FieldName)), "{name}");
    }
    assert!(label(&"x".repeat(64)).is_ok());
}
