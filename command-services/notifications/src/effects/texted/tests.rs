//! So many in an hour to each, and no crowd fills the memory.

use super::*;
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn person(nth: usize) -> UserId {
    UserId(Uuid::from_u128(nth as u128))
}

#[test]
fn each_person_gets_so_many_in_an_hour() {
    let texted = Texted::default();
    let sent = |to, second| (0..50).filter(|_| texted.may(person(to), at(second))).count();
    assert_eq!((sent(1, 0), sent(2, 0), sent(1, 3_599), sent(1, 3_600)), (10, 10, 0, 10));
}

#[test]
fn what_was_not_taken_does_not_count() {
    let texted = Texted::default();
    for _ in 0..50 {
        assert!(texted.may(person(1), at(0)));
        texted.was_not_sent(person(1));
    }
}

#[test]
fn no_crowd_fills_the_memory() {
    let texted = Texted::default();
    for nth in 0..=MOST_PEOPLE {
        assert!(texted.may(person(nth), at(0)));
    }
    assert_eq!(texted.hour().sent.len(), 1);
}
