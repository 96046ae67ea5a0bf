//! Whoever is right is let in however many come at once, and a crowd of guessers gets no more than one who waits.

use super::*;
use crate::guessing::Patience;
use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;

const HOME: &str = "1.2.3.4";
const LONG: Duration = Duration::from_secs(60);

fn turns(most_waiting: usize, within: Duration) -> Turns<u32, &'static str> {
    Turns::new(Guesses::new(Patience::ACCOUNT, Patience::ADDRESS), most_waiting, within)
}

/// What becomes of these log-ins at once, from one address: how many were let in to try.
async fn tried(turns: &Turns<u32, &'static str>, accounts: impl Iterator<Item = u32>, ended: Ended) -> usize {
    let mut asking = JoinSet::new();
    for account in accounts {
        let turns = turns.clone();
        asking.spawn(async move {
            let turn = turns.turn(&account, &HOME).await?;
            yield_now().await;
            turn.end(ended);
            Ok::<_, NotNow>(())
        });
    }
    asking.join_all().await.into_iter().filter(Result::is_ok).count()
}

fn is_empty(turns: &Turns<u32, &'static str>) -> bool {
    let line = turns.line();
    let Guesses { pairs, accounts, addresses, known: _ } = &line.guesses;
    line.waiting.is_empty() && (pairs.under_way.len(), accounts.under_way.len(), addresses.under_way.len()) == (0, 0, 0)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_people_who_are_right_are_let_in_at_one_address_at_once() {
    let turns = turns(512, LONG);
    assert_eq!(tried(&turns, 0..200, Ended::Right).await, 200);
    assert!(is_empty(&turns));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_log_ins_of_one_account_are_let_in_at_once() {
    let turns = turns(512, LONG);
    assert_eq!(tried(&turns, (0..50).map(|_| 7), Ended::Right).await, 50);
    assert!(is_empty(&turns));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_guesses_at_once_as_many_are_tried_as_one_after_the_other() {
    let one_account = turns(1_024, LONG);
    assert_eq!(tried(&one_account, (0..1_000).map(|_| 7), Ended::Wrong).await, 6);
    let one_address = turns(1_024, LONG);
    assert_eq!(tried(&one_address, 0..1_000, Ended::Wrong).await, 31);
    assert!(is_empty(&one_account) && is_empty(&one_address));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_looked_at_counts_for_nothing() {
    let turns = turns(512, LONG);
    assert_eq!(tried(&turns, (0..100).map(|_| 7), Ended::Untried).await, 100);
    assert_eq!(tried(&turns, (0..50).map(|_| 7), Ended::Right).await, 50);
}

#[tokio::test]
async fn a_guess_whose_guesser_has_left_is_a_guess() {
    let turns = turns(512, LONG);
    for _ in 0..6 {
        drop(turns.turn(&7, &HOME).await.unwrap());
    }
    assert!(matches!(turns.turn(&7, &HOME).await, Err(NotNow::TooMany(_))));
}

#[tokio::test]
async fn so_many_wait_and_for_so_long() {
    let turns = turns(1, Duration::from_millis(20));
    let mut under_way = Vec::new();
    for _ in 0..6 {
        under_way.push(turns.turn(&7, &HOME).await.unwrap());
    }
    let (one, another) = tokio::join!(turns.turn(&7, &HOME), turns.turn(&7, &HOME));
    assert_eq!((one.err(), another.err()), (Some(NotNow::Undecided), Some(NotNow::Undecided)));
    assert!(turns.turn(&8, &HOME).await.is_ok(), "of another account nobody is under way");
    under_way.pop().unwrap().end(Ended::Right);
    assert!(turns.turn(&7, &HOME).await.is_ok(), "nobody stands in the line who has left it");
}

#[tokio::test]
async fn a_turn_that_comes_to_who_has_left_goes_to_the_next() {
    let turns = turns(512, LONG);
    let mut under_way = Vec::new();
    for _ in 0..6 {
        under_way.push(turns.turn(&7, &HOME).await.unwrap());
    }
    let mut waiting = JoinSet::new();
    let patient = turns.clone();
    let leaves = waiting.spawn({
        let turns = turns.clone();
        async move { turns.turn(&7, &HOME).await.map(|turn| turn.end(Ended::Right)) }
    });
    while turns.line().waiting.is_empty() {
        yield_now().await;
    }
    waiting.spawn(async move { patient.turn(&7, &HOME).await.map(|turn| turn.end(Ended::Right)) });
    while turns.line().waiting.len() < 2 {
        sleep(Duration::from_millis(1)).await;
    }
    // Told and gone before he hears of it: his turn counts for nothing.
    under_way.pop().unwrap().end(Ended::Untried);
    leaves.abort();
    let mut ends = Vec::new();
    while let Some(ended) = waiting.join_next().await {
        ends.push(ended.is_ok_and(|turn| turn.is_ok()));
    }
    ends.sort_unstable();
    assert_eq!(ends, [false, true]);
    under_way.into_iter().for_each(|turn| turn.end(Ended::Right));
    assert!(is_empty(&turns));
}
