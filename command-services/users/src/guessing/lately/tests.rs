//! Whoever came last is known.

use super::*;

#[test]
fn of_too_many_those_who_came_last_are_remembered() {
    let mut lately = Lately::new(3);
    for who in [1, 2, 3, 1, 4] {
        lately.remember(who);
    }
    let known: Vec<_> = (1..=4).filter(|who| lately.has(who)).collect();
    assert_eq!((known, lately.by_number.len()), (vec![1, 3, 4], 3), "also he who came again");
}
