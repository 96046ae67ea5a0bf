//! Master keys: forms, files, wrapping.

use super::{MasterId, MasterKey, MasterKeyError, MasterKeys};
use crate::cipher::random_secret;
use crate::{Error, KeyName};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use uuid::Uuid;

const HEX: &str = "fbff000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d";
const STANDARD: &str = "+/8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0=";
const URL_SAFE: &str = "-_8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0";

fn master(fill: u8) -> MasterKey {
    MasterKey::from_text(&format!("{fill:02x}").repeat(32)).unwrap()
}

fn anna() -> KeyName {
    KeyName::personal(Uuid::from_u128(1))
}

#[test]
fn every_form_of_a_key_is_the_same_key() {
    let ids = [HEX, STANDARD, URL_SAFE, &HEX.to_uppercase(), &format!(" {HEX}\n")];
    let ids: Vec<_> = ids.into_iter().map(|text| MasterKey::from_text(text).unwrap().id()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(MasterId::parse(&ids[0].to_string()), Some(ids[0]));
    assert_ne!(master(1).id(), master(2).id());
}

#[test]
fn what_is_no_key_is_refused_without_repeating_it() {
    for text in ["", "canary", &HEX[1..], &format!("{}zz", &HEX[2..]), &STANDARD[4..], &"é".repeat(32)] {
        let refused = MasterKey::from_text(text).unwrap_err();
        assert!(matches!(refused, MasterKeyError::Malformed), "{text}");
        assert!(!format!("{refused} {refused:?}").contains("canary"));
    }
}

#[test]
fn nothing_of_a_key_shows() {
    let shown = format!("{:?}", MasterKeys::new(MasterKey::from_text(HEX).unwrap()));
    assert!(!shown.contains("fbff") && !shown.contains("251, 255"), "{shown}");
}

#[test]
fn a_key_file_is_made_once_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vault").join("master.key");
    assert!(matches!(MasterKey::open(&path), Err(MasterKeyError::File { .. })));
    let ids: Vec<_> = std::thread::scope(|scope| {
        let open = || MasterKey::open_or_create(&path).unwrap().id();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn a_key_file_that_came_first_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    super::file::create(&path, "first").unwrap();
    super::file::create(&path, "second").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    assert!(
        matches!(MasterKey::open_or_create(&path), Err(MasterKeyError::Malformed)),
        "a damaged key is not replaced"
    );
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    MasterKey::open_or_create(&path).unwrap();
    for mode in [0o640, 0o604, 0o602] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let refused = MasterKey::open_or_create(&path).unwrap_err();
        assert!(matches!(&refused, MasterKeyError::Exposed { mode: found, .. } if *found == mode), "{refused}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(MasterKey::open(&path).is_ok());
}

#[test]
fn a_wrapped_key_opens_under_its_own_name_and_master_only() {
    let secret = random_secret().unwrap();
    let keys = MasterKeys::new(master(1)).also(master(2));
    for wrapping in [master(1), master(2)] {
        let wrapped = wrapping.wrap(anna(), &secret).unwrap();
        assert_eq!(wrapped.len(), 60);
        assert_eq!(keys.unwrap(anna(), wrapping.id(), &wrapped).unwrap(), secret);
        let bob = KeyName::personal(Uuid::from_u128(2));
        for moved in [bob, KeyName::fiscal(anna().person, 1)] {
            assert!(matches!(keys.unwrap(moved, wrapping.id(), &wrapped), Err(Error::DamagedKey { .. })));
        }
    }
    let wrapped = master(1).wrap(anna(), &secret).unwrap();
    assert!(matches!(keys.unwrap(anna(), master(2).id(), &wrapped), Err(Error::DamagedKey { .. })));
    let unknown = keys.unwrap(anna(), master(3).id(), &wrapped).unwrap_err();
    assert!(matches!(unknown, Error::UnknownMaster { master: named } if named == master(3).id()));
}
