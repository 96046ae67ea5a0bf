//! The bounded cache: never more than its capacity, and what is used stays.

use super::BoundedCache;

#[test]
fn it_never_holds_more_than_its_capacity_and_keeps_what_is_used() {
    let cache = BoundedCache::new(8);
    cache.put("used", 0);
    for n in 1..100 {
        cache.put(&n.to_string(), n);
        assert_eq!(cache.get("used"), Some(0), "after {n}");
        assert!(cache.len() <= 8);
    }
    assert_eq!(cache.get("1"), None);
    assert_eq!(cache.get("99"), Some(99));
    cache.remove("used");
    assert_eq!(cache.get("used"), None);
}
