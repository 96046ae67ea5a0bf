//! A key's life: published, signing, verifying what it signed, destroyed; and processes that see it happen.

use super::*;
use crate::access::{AccessRefused, KeyState};
use crate::clock::unix_now;
use crate::identity::{Identity, Login, Role};
use crate::keys::Keys;
use uuid::Uuid;

const LIFE: u64 = LOGIN_TOKEN_LIFE.as_secs();

fn made() -> (tempfile::TempDir, Keys) {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open_or_create(dir.path()).unwrap();
    (dir, keys)
}

fn login_token(keys: &AccessKeys, now: u64) -> String {
    let login = Login { sid: Uuid::from_u128(1), epoch: 1 };
    let ann = Identity::of_user(Uuid::from_u128(2), &[Role::Customer], Some(login));
    keys.mint(&ann, LOGIN_TOKEN_LIFE, now).unwrap()
}

fn states(keys: &AccessKeys, now: u64) -> Vec<KeyState> {
    keys.states(now).into_iter().map(|(_, state)| state).collect()
}

#[test]
fn the_next_key_is_published_before_it_signs_and_what_the_older_signed_is_good_to_its_end() {
    let ((dir, keys), now) = (made(), unix_now());
    let [older] = <[_; 1]>::try_from(keys.access.states(now)).unwrap();
    rotate(dir.path(), now + 60).unwrap();
    let access = Keys::open(dir.path()).unwrap().access;
    assert_eq!(states(&access, now), [KeyState::Signs, KeyState::SignsFrom(now + 60)]);
    assert_eq!(access.public().len(), 2, "published");
    let before = login_token(&access, now);
    assert!(keys.access.verify(&before, now).is_ok(), "still the older one's signature");
    let after = login_token(&access, now + 60);
    assert!(keys.access.verify(&after, now + 60).is_err(), "the newer one's, which this process has not seen");
    assert_eq!(states(&access, now + 60), [KeyState::Verifies, KeyState::Signs]);
    assert!(access.verify(&after, now + 60).is_ok());
    assert!(access.verify(&before, now + LIFE).is_ok(), "taken until its end");

    retire(dir.path(), now + 61 + LIFE + LEEWAY, false).unwrap();
    let access = Keys::open(dir.path()).unwrap().access;
    let [(kid, state)] = <[_; 1]>::try_from(access.states(now + 60)).unwrap();
    assert!(kid != older.0 && state == KeyState::Signs);
    assert_eq!(access.verify(&before, now + LIFE).err(), Some(AccessRefused::Invalid), "a retired key's");
    assert!(access.verify(&after, now + 61).is_ok());
    rotate(dir.path(), now + 9_000).unwrap();
    assert_eq!(Keys::open(dir.path()).unwrap().access.public().len(), 2, "and so on");
}

#[test]
fn two_keys_there_are_at_most_and_none_that_is_needed_is_destroyed() {
    let ((dir, _), now) = (made(), unix_now());
    assert!(matches!(retire(dir.path(), now, true), Err(RotationError::OneKey)));
    rotate(dir.path(), now + 60).unwrap();
    assert!(matches!(rotate(dir.path(), now + 99), Err(RotationError::TwoKeys)));
    assert!(matches!(retire(dir.path(), now + 59, true), Err(RotationError::StillSigns(from)) if from == now + 60));
    let until = now + 60 + LIFE + LEEWAY;
    assert!(matches!(retire(dir.path(), until, false), Err(RotationError::StillGood(at)) if at == until));
    assert_eq!(Keys::open(dir.path()).unwrap().access.public().len(), 2);
    retire(dir.path(), now + 60, true).unwrap();
    assert_eq!(Keys::open(dir.path()).unwrap().access.public().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn processes_that_run_take_over_what_the_files_say() {
    let (dir, keys) = made();
    let (elsewhere, shutdown) = (Keys::open(dir.path()).unwrap(), Shutdown::new());
    for keys in [&keys, &elsewhere] {
        keys.follow_files(dir.path().to_owned(), shutdown.clone());
    }
    let now = unix_now();
    let old = login_token(&keys.access, now);
    assert!(elsewhere.access.verify(&old, now).is_ok());
    rotate(dir.path(), now).unwrap();
    until(|| keys.access.public().len() == 2 && elsewhere.access.public().len() == 2).await;
    let new = login_token(&keys.access, now);
    assert!(elsewhere.access.verify(&new, now).is_ok() && elsewhere.access.verify(&old, now).is_ok());
    retire(dir.path(), now, true).unwrap();
    until(|| elsewhere.access.public().len() == 1).await;
    assert!(elsewhere.access.verify(&old, now).is_err(), "not even from the cache of what was verified");
    assert!(elsewhere.access.verify(&new, now).is_ok());
    std::fs::write(dir.path().join(ACCESS_TOKEN), "no key").unwrap();
    tokio::time::sleep(LOOK_EVERY * 3).await;
    assert!(elsewhere.access.verify(&new, now).is_ok(), "a file that cannot be used changes nothing");
    shutdown.request();
}

/// The clock is paused, but files are read by threads: they get real time, a little at once.
async fn until(holds: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never");
        tokio::time::sleep(LOOK_EVERY).await;
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_next_key_that_does_not_say_when_it_signs_is_refused() {
    let (dir, _) = made();
    std::fs::write(dir.path().join(ACCESS_TOKEN_NEXT), pem(&[1; 32])).unwrap();
    assert!(Keys::open(dir.path()).unwrap_err().to_string().contains(ACCESS_TOKEN_NEXT));
    assert!(matches!(retire(dir.path(), unix_now(), true), Err(RotationError::Malformed)));
}
