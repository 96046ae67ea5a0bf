//! Whoever has a turn and dies was wrong.

use super::*;
use crate::guessing::Patience;

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
