//! The memory of claims and releases: bounded, a function of the history alone, and unharmed by any event.

use super::*;
use uuid::Uuid;

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

#[test]
fn the_oldest_releases_are_forgotten_when_there_are_too_many() {
    let mut reservations = Reservations::default();
    let most = MOST_REMEMBERED as u128;
    for n in 0..=most {
        reservations.release(order(n));
    }
    assert!(!reservations.was_released(order(0)));
    assert!((1..=most).all(|n| reservations.was_released(order(n))));
    assert_eq!(reservations.released.by_age.len(), MOST_REMEMBERED);
}

#[test]
fn a_release_is_remembered_once_and_from_its_first_time() {
    let mut reservations = Reservations::default();
    reservations.release(order(0));
    let once = reservations.clone();
    reservations.release(order(0));
    assert_eq!(reservations, once);
}

#[test]
fn what_is_forgotten_depends_on_the_history_alone() {
    let folded = || {
        (0..3_000_u128).fold(Reservations::default(), |mut reservations, n| {
            reservations.release(order(n * 7_919 % 2_503));
            reservations
        })
    };
    assert_eq!(folded(), folded());
    assert_eq!(folded().released.things.len(), MOST_REMEMBERED);
}

#[test]
fn an_event_about_a_claim_that_is_not_there_does_no_harm() {
    let mut reservations = Reservations::default();
    reservations.fulfil(order(1), FulfilmentId(Uuid::from_u128(1)), Quantity::new(5).unwrap());
    reservations.end(order(1));
    assert_eq!(reservations.claim(order(1)), None);
    assert_eq!(reservations.first_to_expire(), None);
}
