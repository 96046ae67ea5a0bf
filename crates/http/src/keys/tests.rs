//! Key files: made once, for their owner only, the same for all that start at once, never overwritten.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::{ACCESS_TOKEN, COMMAND_HASH, CONSISTENCY_TOKEN, INTERNAL, Keys, KeysError};
use crate::clock::unix_now;
use crate::identity::Role;

#[test]
fn keys_are_made_once_for_their_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep").join("keys");
    let made = Keys::open_or_create(&path).unwrap();
    let token = made.mint("s-1", Role::Staff, Duration::from_secs(60)).unwrap();
    let read = Keys::open_or_create(&path).unwrap();
    assert!(read.access.verify(&token, unix_now()).is_ok());
    assert_eq!(made.command_hash.hash(b"x"), read.command_hash.hash(b"x"));
    let mut names: Vec<_> =
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, [ACCESS_TOKEN, COMMAND_HASH, CONSISTENCY_TOKEN, INTERNAL]);
    for name in names {
        assert_eq!(fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn many_that_start_at_once_agree_on_the_keys() {
    let dir = tempfile::tempdir().unwrap();
    let hashes: Vec<_> = std::thread::scope(|scope| {
        let open = || Keys::open_or_create(dir.path()).unwrap().command_hash.hash(b"x");
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
}

#[test]
fn two_installations_share_nothing() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (Keys::open_or_create(a.path()).unwrap(), Keys::open_or_create(b.path()).unwrap());
    let token = a.mint("s-1", Role::Staff, Duration::from_secs(60)).unwrap();
    assert!(b.access.verify(&token, unix_now()).is_err());
    assert_ne!(a.command_hash.hash(b"x"), b.command_hash.hash(b"x"));
    assert_eq!(format!("{a:?}"), "Keys(secret)");
}

#[test]
fn a_key_file_that_holds_no_key_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    Keys::open_or_create(dir.path()).unwrap();
    for (file, text) in
        [(INTERNAL, "short"), (INTERNAL, &"zz".repeat(32)), (ACCESS_TOKEN, "no pem"), (ACCESS_TOKEN, "")]
    {
        let before = fs::read_to_string(dir.path().join(file)).unwrap();
        fs::write(dir.path().join(file), text).unwrap();
        let refused = Keys::open_or_create(dir.path()).unwrap_err();
        assert!(matches!(refused, KeysError::Malformed { .. } | KeysError::Access(_)), "{refused}");
        assert!(!refused.to_string().contains(text) || text.is_empty());
        assert_eq!(fs::read_to_string(dir.path().join(file)).unwrap(), text);
        fs::write(dir.path().join(file), before).unwrap();
    }
}

#[test]
fn keys_that_are_only_to_be_read_are_not_made() {
    let dir = tempfile::tempdir().unwrap();
    Keys::open_or_create(dir.path()).unwrap();
    assert!(Keys::open(dir.path()).is_ok());
    std::fs::remove_file(dir.path().join(COMMAND_HASH)).unwrap();
    let refused = Keys::open(dir.path()).unwrap_err().to_string();
    assert!(refused.contains(COMMAND_HASH), "{refused}");
    assert!(!dir.path().join(COMMAND_HASH).exists(), "it must come back from the backup");
}
