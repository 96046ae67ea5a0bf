//! People may mistype, guessers wait ever longer, and no crowd of them fills the memory.

use super::*;
use proptest::prelude::*;

const PATIENCE: Patience = Patience {
    free: 3,
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_secs(60),
    forgotten_after: Duration::from_secs(600),
    most_remembered: 4,
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn wait(seconds: u64) -> Result<(), TooManyAttempts> {
    Err(TooManyAttempts { retry_after: Duration::from_secs(seconds) })
}

/// Somebody who tries as soon as he may: how long he waited before each attempt.
fn waits(attempts: usize) -> Vec<u64> {
    let (mut tried, mut now) = (Attempts::new(PATIENCE), Instant::now());
    let mut waits = Vec::new();
    for _ in 0..attempts {
        let waited = tried.begin(&"ann", now).err().map_or(Duration::ZERO, |too_many| too_many.retry_after);
        if waited > Duration::ZERO {
            now += waited;
            assert_eq!(tried.begin(&"ann", now), Ok(()));
        }
        waits.push(waited.as_secs());
    }
    waits
}

#[test]
fn the_first_attempts_are_free_and_then_each_wait_is_twice_as_long_up_to_a_limit() {
    assert_eq!(waits(13), [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn many_attempts_at_once_are_many() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    let taken = (0..1_000).filter(|_| tried.begin(&"ann", now).is_ok()).count();
    assert_eq!(taken, 4, "the fourth is what the wait is for");
}

#[test]
fn an_attempt_that_is_turned_away_makes_the_wait_no_longer() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    for _ in 0..4 {
        tried.begin(&"ann", now).unwrap();
    }
    for _ in 0..100 {
        assert_eq!(tried.begin(&"ann", now), wait(1));
    }
    assert_eq!(tried.begin(&"ann", now + Duration::from_millis(1)), wait(1), "rounded up");
    assert_eq!(tried.begin(&"ann", now + seconds(1)), Ok(()));
}

#[test]
fn who_succeeds_begins_anew() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    for _ in 0..3 {
        tried.begin(&"ann", now).unwrap();
    }
    tried.succeeded(&"ann");
    for _ in 0..4 {
        assert_eq!(tried.begin(&"ann", now), Ok(()));
    }
}

#[test]
fn what_one_does_does_not_keep_another_waiting() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    while tried.begin(&"ann", now).is_ok() {}
    assert_eq!(tried.begin(&"bob", now), Ok(()));
}

#[test]
fn who_has_not_tried_for_long_begins_anew() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    while tried.begin(&"ann", now).is_ok() {}
    let later = now + seconds(600);
    assert_eq!((0..9).filter(|_| tried.begin(&"ann", later).is_ok()).count(), 4);
}

#[test]
fn of_too_many_the_one_who_tried_longest_ago_is_forgotten() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    while tried.begin(&0, now).is_ok() {}
    for who in 1..=3 {
        tried.begin(&who, now + seconds(1)).unwrap();
    }
    assert_eq!((tried.remembers(), tried.may(&0, now)), (4, wait(1)));
    tried.begin(&4, now + seconds(1)).unwrap();
    assert_eq!((tried.remembers(), tried.may(&0, now)), (4, Ok(())));
}

#[test]
fn an_address_waits_whichever_accounts_it_tries() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 5, ..PATIENCE });
    let now = Instant::now();
    let taken = (0..100).filter(|account| guesses.begin(account, &"1.2.3.4", now).is_ok()).count();
    assert_eq!(taken, 6);
    assert_eq!(guesses.begin(&1_000, &"5.6.7.8", now), Ok(()));
}

#[test]
fn a_log_in_of_his_own_buys_a_guesser_nothing() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 5, ..PATIENCE });
    let (now, mut guessed) = (Instant::now(), 0);
    for _ in 0..100 {
        guessed += usize::from(guesses.begin(&"victim", &"1.2.3.4", now).is_ok());
        if guesses.begin(&"own", &"1.2.3.4", now).is_ok() {
            guesses.succeeded(&"own");
        }
    }
    assert!(guessed <= 4, "{guessed}");
}

/// Otherwise a wall of attempts from one address would lock an account for everybody.
#[test]
fn an_address_that_has_to_wait_costs_the_account_nothing() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 0, ..PATIENCE });
    let now = Instant::now();
    guesses.begin(&"victim", &"1.2.3.4", now).unwrap();
    for _ in 0..100 {
        assert_eq!(guesses.begin(&"victim", &"1.2.3.4", now), wait(1));
    }
    assert_eq!(guesses.begin(&"victim", &"5.6.7.8", now), Ok(()));
}

proptest! {
    #[test]
    fn no_crowd_fills_the_memory(story in prop::collection::vec((0..50_u32, 0..100_u64, any::<bool>()), 0..200)) {
        let (mut tried, mut now) = (Attempts::new(PATIENCE), Instant::now());
        for (who, pause, succeeds) in story {
            now += seconds(pause);
            let begun = tried.begin(&who, now);
            prop_assert!(begun.is_ok() || begun.unwrap_err().retry_after <= PATIENCE.longest_wait);
            if succeeds && begun.is_ok() {
                tried.succeeded(&who);
            }
            prop_assert!(tried.remembers() <= PATIENCE.most_remembered);
            prop_assert_eq!(tried.by_age.len(), tried.tried.len());
            prop_assert_eq!(tried.numbers.len(), tried.tried.len());
        }
    }
}
