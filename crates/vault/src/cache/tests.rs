//! The cache of keys: bounded in number and time, and never behind a forgetting.

use super::{Caching, Held, KeyCache};
use crate::KeyName;
use crate::person_key::PersonKey;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(3600);

fn name(number: u128) -> KeyName {
    KeyName::personal(Uuid::from_u128(number))
}

fn key(number: u128) -> Held {
    Held::Key(Arc::new(PersonKey::new(name(number), &[1; 32])))
}

fn cache(entries: usize, longest: Duration) -> KeyCache {
    KeyCache::new(Caching { entries, longest })
}

#[test]
fn it_never_holds_more_than_its_bound() {
    let cache = cache(8, LONG);
    for number in 0..1000 {
        cache.put(name(number), key(number), cache.now());
    }
    let held = (0..1000).filter(|number| cache.get(&name(*number)).is_some()).count();
    assert!((1..=8).contains(&held), "{held}");
}

#[test]
fn a_key_is_read_again_after_its_time_and_a_tombstone_is_not() {
    let cache = cache(8, Duration::ZERO);
    cache.put(name(1), key(1), cache.now());
    cache.put(name(2), Held::Erased, cache.now());
    assert!(cache.get(&name(1)).is_none());
    assert!(matches!(cache.get(&name(2)), Some(Held::Erased)));
}

#[test]
fn what_was_forgotten_while_it_was_read_is_not_kept() {
    let cache = cache(8, LONG);
    let asked = cache.now();
    cache.forget_one(&name(1));
    cache.put(name(1), key(1), asked);
    assert!(cache.get(&name(1)).is_none());
    cache.put(name(1), key(1), cache.now());
    assert!(matches!(cache.get(&name(1)), Some(Held::Key(_))));
    cache.forget_one(&name(1));
    assert!(cache.get(&name(1)).is_none());
}

#[test]
fn forgetting_some_leaves_the_others() {
    let cache = cache(8, LONG);
    cache.put(name(1), key(1), cache.now());
    cache.put(name(2), key(2), cache.now());
    cache.forget(|held| *held == name(1));
    assert!(cache.get(&name(1)).is_none() && cache.get(&name(2)).is_some());
}

#[test]
fn a_key_takes_less_than_a_kibibyte() {
    let bytes = size_of::<PersonKey>() + 2 * size_of::<(KeyName, Held, std::time::Instant)>();
    assert!(bytes <= 1024, "{bytes} bytes");
}
