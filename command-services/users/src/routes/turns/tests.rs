//! Whoever has a turn and dies was wrong, and whoever lives is heard.

use super::*;
use crate::guessing::Patience;
use std::future::{pending, ready};
use std::sync::atomic::{AtomicUsize, Ordering};

fn counters() -> (Turns<ClaimKey, IpAddr>, ClaimKey, IpAddr) {
    let guesses = Guesses::new(Patience::ACCOUNT, Patience::ADDRESS);
    (Turns::new(guesses, 8, Duration::ZERO), ClaimKey::of_mac(&[7; 32]), IpAddr::from([127, 0, 0, 1]))
}

/// As many as may be under way at once.
async fn all_taken(turns: &Turns<ClaimKey, IpAddr>, claim: &ClaimKey, address: IpAddr, held: &Held) -> Vec<Uuid> {
    let mut ids = Vec::new();
    while let Ok(turn) = turns.turn(claim, &address).await {
        ids.push(held.keep(turn));
    }
    ids
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_which_nothing_is_heard_any_more_was_wrong() {
    let (turns, claim, address) = counters();
    let held = Held::default();
    assert_eq!(all_taken(&turns, &claim, address, &held).await.len(), 6);
    sleep(HELD_FOR - Duration::from_secs(1)).await;
    assert_eq!(turns.turn(&claim, &address).await.unwrap_err(), NotNow::Undecided);
    sleep(Duration::from_secs(2)).await;
    let now = turns.turn(&claim, &address).await.unwrap_err();
    assert!(matches!(now, NotNow::TooMany(_)), "{now:?}");
    assert!(held.turns().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_turn_ends_as_it_is_told_and_once() {
    let (turns, claim, address) = counters();
    let held = Held::default();
    let ids = all_taken(&turns, &claim, address, &held).await;
    for (nth, id) in ids.iter().enumerate() {
        held.take(*id).unwrap().end(if nth == 5 { Ended::Right } else { Ended::Wrong });
        assert!(held.take(*id).is_none(), "it has ended");
    }
    assert_eq!(all_taken(&turns, &claim, address, &held).await.len(), 6, "who was right begins anew");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_has_not_come_is_told_again_until_it_is_known_to_have() {
    for lost in [None, Some(StatusCode::SERVICE_UNAVAILABLE)] {
        for heard in [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND] {
            let told = AtomicUsize::new(0);
            let tell = || ready(if told.fetch_add(1, Ordering::Relaxed) == 0 { lost } else { Some(heard) });
            assert!(is_told(tell).await);
            assert_eq!(told.load(Ordering::Relaxed), 2, "{lost:?}, {heard}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_held_until_its_end_cannot_come_any_more() {
    let (told, begun) = (AtomicUsize::new(0), tokio::time::Instant::now());
    let frozen = || {
        told.fetch_add(1, Ordering::Relaxed);
        pending()
    };
    assert!(!is_told(frozen).await);
    assert_eq!(told.load(Ordering::Relaxed), 3);
    let last = TURN_LASTS + begun.elapsed();
    assert!(last < HELD_FOR && HELD_FOR < last + Duration::from_secs(2), "{last:?}");
}
