//! Sealing and opening, without a database: what survives, and that nothing changed or moved opens.

use super::{Malformed, Sealed};
use crate::person_key::PersonKey;
use crate::{Error, KeyName};
use proptest::prelude::*;
use std::collections::HashSet;
use uuid::Uuid;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn key(person: u128, secret: u8) -> PersonKey {
    PersonKey::new(KeyName::personal(Uuid::from_u128(person)), &[secret; 32])
}

fn seal(key: &PersonKey, text: &str) -> Sealed {
    key.seal(Uuid::from_u128(9), "email", text).unwrap()
}

fn open(key: &PersonKey, sealed: &Sealed) -> Result<String, Error> {
    Ok(key.open(&sealed.parts()?)?.as_str().to_owned())
}

proptest! {
    #[test]
    fn any_text_survives(text in any::<String>(), command in any::<u128>(), field in "[a-z0-9._-]{1,64}") {
        let key = key(1, 1);
        let sealed = key.seal(Uuid::from_u128(command), &field, &text).unwrap();
        let stored = serde_json::to_string(&sealed).unwrap();
        let read: Sealed = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&read, &sealed);
        prop_assert_eq!(open(&key, &read).unwrap(), text);
        let label = read.label().unwrap();
        prop_assert_eq!((label.command_id.as_u128(), &*label.field), (command, field.as_str()));
        prop_assert_eq!(label.key, KeyName::personal(Uuid::from_u128(1)));
    }

    #[test]
    fn any_other_text_is_refused_and_never_a_panic(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        prop_assert!(open(&key(1, 1), &Sealed::from_stored(&text)).is_err());
        prop_assert!(open(&key(1, 1), &Sealed::join(&bytes, &[])).is_err());
    }
}

#[test]
fn every_changed_bit_is_noticed() {
    let key = key(1, 1);
    let sealed = seal(&key, "anna@example.com");
    for place in 0..sealed.as_str().len() {
        for bit in 0..7 {
            let mut bytes = sealed.as_str().as_bytes().to_vec();
            bytes[place] ^= 1 << bit;
            let changed = Sealed::from_stored(std::str::from_utf8(&bytes).unwrap());
            assert!(open(&key, &changed).is_err(), "bit {bit} of character {place}");
        }
    }
}

#[test]
fn every_changed_character_is_noticed() {
    let key = key(1, 1);
    let sealed = seal(&key, "anna@example.com");
    for place in 0..sealed.as_str().len() {
        let mut bytes = sealed.as_str().as_bytes().to_vec();
        let own = ALPHABET.iter().position(|letter| *letter == bytes[place]).unwrap_or_default();
        for step in [1, 2, 4, 8, 16, 32, 63] {
            bytes[place] = ALPHABET[(own + step) % 64];
            let changed = Sealed::from_stored(std::str::from_utf8(&bytes).unwrap());
            assert!(open(&key, &changed).is_err(), "character {place} by {step}");
        }
    }
}

#[test]
fn what_is_cut_off_or_added_is_noticed() {
    let key = key(1, 1);
    let sealed = seal(&key, "anna@example.com");
    for length in 0..sealed.as_str().len() {
        assert!(open(&key, &Sealed::from_stored(&sealed.as_str()[..length])).is_err(), "{length}");
    }
    for more in ["A", "AA", "AAAA", "=", " "] {
        assert!(open(&key, &Sealed::from_stored(&format!("{}{more}", sealed.as_str()))).is_err(), "{more}");
    }
}

/// The bytes of one sealed text under the label of another.
fn relabelled(body_of: &Sealed, label_of: &Sealed) -> Sealed {
    Sealed::join(&label_of.parts().unwrap().label.to_bytes(), &body_of.parts().unwrap().body)
}

#[test]
fn a_text_opens_under_its_own_label_only() {
    let key = key(1, 1);
    let sealed = seal(&key, "anna@example.com");
    let field = key.seal(Uuid::from_u128(9), "name", "").unwrap();
    let command = key.seal(Uuid::from_u128(10), "email", "").unwrap();
    for other in [field, command] {
        assert!(matches!(open(&key, &relabelled(&sealed, &other)), Err(Error::Unreadable { .. })));
    }
    assert_eq!(open(&key, &relabelled(&sealed, &sealed)).unwrap(), "anna@example.com");
}

#[test]
fn not_even_the_same_secret_opens_it_for_another_person() {
    let (anna, bob) = (key(1, 1), key(2, 1));
    let moved = relabelled(&seal(&anna, "anna@example.com"), &seal(&bob, ""));
    assert!(matches!(open(&bob, &moved), Err(Error::Unreadable { .. })));
}

#[test]
fn a_key_that_took_the_place_of_another_is_told_from_a_changed_text() {
    let refused = open(&key(1, 2), &seal(&key(1, 1), "anna@example.com"));
    assert!(matches!(refused, Err(Error::KeyReplaced { .. })), "{refused:?}");
}

#[test]
fn the_same_text_is_never_sealed_the_same_way() {
    let key = key(1, 1);
    let sealed: HashSet<_> = (0..1000).map(|_| seal(&key, "anna@example.com").parts().unwrap().body).collect();
    assert_eq!(sealed.len(), 1000);
}

#[test]
fn nothing_shows_in_debug_or_errors() {
    let key = key(1, 1);
    let sealed = seal(&key, "canary");
    assert_eq!(format!("{sealed:?}"), "Sealed(…)");
    assert!(!sealed.as_str().contains("canary"));
    let refused = open(&key, &Sealed::from_stored("canary")).unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("canary"));
    assert_eq!(Sealed::from_stored("canary").label(), Err(Malformed));
}

/// A log holds texts of this form for ever: whatever changes, this one is read.
#[test]
fn the_first_form_stays_readable() {
    let sealed = Sealed::from_stored(FIRST_FORM);
    assert_eq!(open(&key(1, 1), &sealed).unwrap(), "anna@example.com");
}

/// Made by another program (Node.js), from the description of the form alone.
const FIRST_FORM: &str = "s1.AQAAAAAAAAAAAAAAAAAAAAEAAZC5B_MAAAAAAAAAAAAAAAAAAAAJBWVtYWlsBwcHBwcHBwcH\
    BwcH7J2ExU_LycB06mhViKMIp8Cpl8iMqtngdYReppLV8Jc";
