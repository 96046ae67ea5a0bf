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

fn wait(seconds: u64) -> Result<(), NotNow> {
    Err(TooManyAttempts { retry_after: Duration::from_secs(seconds) }.into())
}

/// One attempt that fails, if it is taken.
fn fails<K: Clone + Eq + Hash>(tried: &mut Attempts<K>, who: &K, now: Instant) -> Result<(), NotNow> {
    tried.begin(who, now)?;
    tried.end(who, Ended::Wrong, now);
    Ok(())
}

/// Somebody who tries as soon as he may: how long he waited before each attempt.
fn waits(attempts: usize) -> Vec<u64> {
    let (mut tried, mut now) = (Attempts::new(PATIENCE), Instant::now());
    let mut waits = Vec::new();
    for _ in 0..attempts {
        let waited = match fails(&mut tried, &"ann", now) {
            Ok(()) => Duration::ZERO,
            Err(NotNow::TooMany(too_many)) => too_many.retry_after,
            Err(NotNow::Undecided) => panic!("nobody else is under way"),
        };
        if waited > Duration::ZERO {
            now += waited;
            assert_eq!(fails(&mut tried, &"ann", now), Ok(()));
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
fn a_thousand_register_from_one_address_and_then_one_in_a_minute() {
    let (mut tried, mut now) = (Attempts::new(Patience::NEWCOMERS), Instant::now());
    assert!((0..=1_000).all(|_| tried.count(&"a school", now).is_ok()));
    for waited in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(tried.count(&"a school", now), wait(waited));
        assert_eq!(tried.count(&"another", now), Ok(()));
        now += seconds(waited);
        assert_eq!(tried.count(&"a school", now), Ok(()));
    }
    now += seconds(60 * 60);
    assert!((0..=1_000).all(|_| tried.count(&"a school", now).is_ok()), "forgotten after an hour");
}

#[test]
fn many_attempts_at_once_are_many() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    let taken = (0..1_000).filter(|_| tried.begin(&"ann", now).is_ok()).count();
    assert_eq!(taken, 4, "the fourth is what the wait is for");
    assert_eq!(tried.begin(&"ann", now), Err(NotNow::Undecided), "all of them may be right");
    for _ in 0..3 {
        tried.end(&"ann", Ended::Wrong, now);
        assert_eq!(tried.begin(&"ann", now), Err(NotNow::Undecided));
    }
    tried.end(&"ann", Ended::Wrong, now);
    assert_eq!(tried.begin(&"ann", now), wait(1));
}

#[test]
fn after_a_wait_one_is_under_way_at_a_time() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    while fails(&mut tried, &"ann", now).is_ok() {}
    let later = now + seconds(1);
    assert_eq!((tried.begin(&"ann", later), tried.begin(&"ann", later)), (Ok(()), Err(NotNow::Undecided)));
    tried.end(&"ann", Ended::Right, later);
    assert_eq!((0..9).filter(|_| tried.begin(&"ann", later).is_ok()).count(), 4, "he begins anew");
}

#[test]
fn an_attempt_that_is_turned_away_makes_the_wait_no_longer() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    for _ in 0..4 {
        fails(&mut tried, &"ann", now).unwrap();
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
        fails(&mut tried, &"ann", now).unwrap();
    }
    tried.begin(&"ann", now).unwrap();
    tried.end(&"ann", Ended::Right, now);
    for _ in 0..4 {
        assert_eq!(fails(&mut tried, &"ann", now), Ok(()));
    }
}

#[test]
fn what_one_does_does_not_keep_another_waiting() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    while fails(&mut tried, &"ann", now).is_ok() {}
    assert_eq!(tried.begin(&"bob", now), Ok(()));
}

#[test]
fn who_has_not_tried_for_long_begins_anew() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    while fails(&mut tried, &"ann", now).is_ok() {}
    let later = now + seconds(600);
    assert_eq!((0..9).filter(|_| fails(&mut tried, &"ann", later).is_ok()).count(), 4);
}

#[test]
fn of_too_many_the_one_who_tried_longest_ago_is_forgotten() {
    let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
    while fails(&mut tried, &0, now).is_ok() {}
    for who in 1..=3 {
        fails(&mut tried, &who, now + seconds(1)).unwrap();
    }
    assert_eq!((tried.remembers(), tried.may(&0, now)), (4, wait(1)));
    fails(&mut tried, &4, now + seconds(1)).unwrap();
    assert_eq!((tried.remembers(), tried.may(&0, now)), (4, Ok(())));
}

#[test]
fn an_address_waits_whichever_accounts_it_tries() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 5, ..PATIENCE });
    let now = Instant::now();
    let taken = (0..100).filter(|account| guesses.count(account, &"1.2.3.4", now).is_ok()).count();
    assert_eq!(taken, 6);
    assert_eq!(guesses.begin(&1_000, &"5.6.7.8", now), Ok(()));
}

#[test]
fn a_log_in_of_his_own_buys_a_guesser_nothing() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 5, ..PATIENCE });
    let (now, mut guessed) = (Instant::now(), 0);
    for _ in 0..100 {
        guessed += usize::from(guesses.count(&"victim", &"1.2.3.4", now).is_ok());
        if guesses.begin(&"own", &"1.2.3.4", now).is_ok() {
            guesses.end(&"own", &"1.2.3.4", Ended::Right, now);
        }
    }
    assert!(guessed <= 4, "{guessed}");
}

/// A school, an office, a carrier's network: all of them have one address.
#[test]
fn a_thousand_people_who_know_their_passwords_never_wait_at_one_address() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 5, ..PATIENCE });
    let now = Instant::now();
    for person in 0..1_000 {
        guesses.begin(&person, &"1.2.3.4", now + seconds(person)).unwrap();
        guesses.end(&person, &"1.2.3.4", Ended::Right, now + seconds(person));
    }
    assert_eq!((guesses.addresses.remembers(), guesses.accounts.remembers()), (0, 0));
    assert_eq!((guesses.addresses.under_way.len(), guesses.pairs.under_way.len()), (0, 0));
}

/// Guesses from so many places that everybody has to wait for this account as long as anybody ever does, and one more
/// that is under way at the moment in which the next is taken.
fn is_besieged(guesses: &mut Guesses<&'static str, &'static str>, mut now: Instant) -> Instant {
    let longest = Patience::ACCOUNT_FROM_ANYWHERE.longest_wait;
    for thief in 0.. {
        let thief: &'static str = format!("thief {thief}").leak();
        match guesses.count(&"victim", &thief, now) {
            Ok(()) => {}
            Err(NotNow::TooMany(too_many)) if too_many.retry_after == longest => break,
            Err(NotNow::TooMany(too_many)) => now += too_many.retry_after,
            Err(NotNow::Undecided) => panic!("nobody is under way"),
        }
    }
    guesses.begin(&"victim", &"one more thief", now + longest).unwrap();
    now + longest
}

#[test]
fn whoever_guesses_does_not_keep_an_owner_out_of_where_he_has_logged_in_lately() {
    let mut guesses = Guesses::new(PATIENCE, PATIENCE);
    let now = Instant::now();
    guesses.begin(&"victim", &"home", now).unwrap();
    guesses.end(&"victim", &"home", Ended::Right, now);
    let besieged = is_besieged(&mut guesses, now + seconds(1));
    assert_eq!(guesses.begin(&"victim", &"elsewhere", besieged), Err(NotNow::Undecided));
    assert_eq!(guesses.begin(&"victim", &"home", besieged), Ok(()), "while a thief is under way");
    guesses.end(&"victim", &"one more thief", Ended::Wrong, besieged);
    assert_eq!(guesses.begin(&"victim", &"elsewhere", besieged), wait(30));
    assert_eq!(guesses.begin(&"victim", &"home", besieged), Ok(()), "when he has failed, too");
    guesses.end(&"victim", &"home", Ended::Right, besieged);
    guesses.end(&"victim", &"home", Ended::Right, besieged);
    assert_eq!(guesses.accounts.under_way.len(), 0);
}

#[test]
fn nor_out_of_where_he_has_logged_in_by_another_name() {
    let mut guesses = Guesses::new(PATIENCE, PATIENCE);
    guesses.remember("victim", "home");
    let besieged = is_besieged(&mut guesses, Instant::now());
    assert_eq!(guesses.begin(&"victim", &"elsewhere", besieged), Err(NotNow::Undecided));
    assert_eq!(guesses.begin(&"victim", &"home", besieged), Ok(()));
}

#[test]
fn where_its_owner_has_logged_in_nobody_guesses_more_than_elsewhere() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 50, ..PATIENCE });
    let now = Instant::now();
    guesses.begin(&"victim", &"home", now).unwrap();
    guesses.end(&"victim", &"home", Ended::Right, now);
    let guessed = (0..100).filter(|_| guesses.count(&"victim", &"home", now).is_ok()).count();
    assert_eq!(guessed, 4);
}

/// Otherwise a wall of attempts from one address would lock an account for everybody.
#[test]
fn an_address_that_has_to_wait_costs_the_account_nothing() {
    let mut guesses = Guesses::new(PATIENCE, Patience { free: 0, ..PATIENCE });
    let now = Instant::now();
    guesses.count(&"victim", &"1.2.3.4", now).unwrap();
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
            match tried.begin(&who, now) {
                Ok(()) => tried.end(&who, if succeeds { Ended::Right } else { Ended::Wrong }, now),
                Err(NotNow::TooMany(wait)) => prop_assert!(wait.retry_after <= PATIENCE.longest_wait),
                Err(NotNow::Undecided) => prop_assert!(false, "nobody is under way"),
            }
            prop_assert!(tried.remembers() <= PATIENCE.most_remembered);
            prop_assert_eq!(tried.by_age.len(), tried.tried.len());
            prop_assert_eq!(tried.numbers.len(), tried.tried.len());
            prop_assert!(tried.under_way.is_empty());
        }
    }

    /// However attempts overlap, as many fail before the first wait as would one after the other.
    #[test]
    fn whoever_guesses_at_once_gains_nothing(begins in prop::collection::vec(any::<bool>(), 0..100)) {
        let (mut tried, now) = (Attempts::new(PATIENCE), Instant::now());
        let (mut under_way, mut guessed) = (0, 0);
        for begin in begins {
            if begin && tried.begin(&"ann", now).is_ok() {
                (under_way, guessed) = (under_way + 1, guessed + 1);
            } else if under_way > 0 {
                under_way -= 1;
                tried.end(&"ann", Ended::Wrong, now);
            }
        }
        prop_assert!(guessed <= 4, "{guessed}");
    }
}
