//! What is true of a stock item whatever it is asked, in whatever order.

use super::*;
use proptest::prelude::*;
use tillroll_testkit::{assert_twice_adds_nothing, story};

fn some_command() -> impl Strategy<Value = StockItemCommand> {
    let by = 0..6_u128;
    let n = 1..8_i64;
    prop_oneof![
        (1..20_i64).prop_map(receive),
        (-9..9_i64).prop_map(adjust),
        n.clone().prop_map(write_off),
        (by.clone(), n.clone(), 0..4_i64).prop_map(|(by, n, until)| reserve(by, n, until)),
        (by.clone(), n.clone(), 0..4_i64).prop_map(|(by, n, until)| reserve(by, n, until)),
        (by.clone(), n.clone()).prop_map(|(by, n)| commit(by, n)),
        (by.clone(), n).prop_map(|(by, n)| fulfil(by, n)),
        by.prop_map(release),
        (0..4_i64).prop_map(expire),
    ]
}

fn some_history() -> impl Strategy<Value = Vec<StockItemCommand>> {
    prop::collection::vec(some_command(), 0..60)
}

/// Whether the stock item itself recognises the command when it is asked again. Of the others two with the same words
/// are two commands, and only their ids tell a second one from a repeat: that is the owner's part, and tested with him.
fn idempotent(command: &StockItemCommand) -> bool {
    match command {
        StockItemCommand::Receive(_)
        | StockItemCommand::Adjust(_)
        | StockItemCommand::WriteOff(_)
        | StockItemCommand::Fulfil(_)
        | StockItemCommand::Expire(_) => false,
        StockItemCommand::Reserve(_) | StockItemCommand::Commit(_) | StockItemCommand::Release(_) => true,
    }
}

fn after(commands: &[StockItemCommand]) -> State {
    commands.iter().fold(State::default(), |state, command| {
        match StockItem::decide(&state, command, Timestamp::UNIX_EPOCH) {
            Ok(Some(event)) => StockItem::evolve(state, &event),
            Ok(None) | Err(_) => state,
        }
    })
}

fn holds_together(state: &State) {
    let Levels { on_hand, reserved, committed } = state.levels;
    assert!(on_hand >= 0 && reserved >= 0 && committed >= 0 && state.levels.available() >= 0, "{:?}", state.levels);
    let (mut all_reserved, mut all_committed, mut expiries) = (0, 0, Vec::new());
    for (order, claim) in state.reservations.iter() {
        assert!(!state.reservations.was_released(order), "{order} was released and claims {claim:?}");
        match claim {
            Claim::Reserved { quantity, expires_at } => {
                all_reserved += quantity.get();
                expiries.push((expires_at, order));
            }
            Claim::Committed { left } => {
                assert!(left > 0, "{order} has nothing left");
                all_committed += left;
            }
        }
    }
    assert_eq!((reserved, committed), (all_reserved, all_committed));
    assert_eq!(state.reservations.first_to_expire(), expiries.into_iter().min());
}

proptest! {
    #[test]
    fn the_levels_are_what_the_claims_add_up_to_and_never_negative(history in some_history()) {
        for n in 0..=history.len() {
            holds_together(&after(&history[..n]));
        }
    }

    #[test]
    fn asking_for_a_claim_twice_adds_nothing(history in some_history(), command in some_command()) {
        prop_assume!(idempotent(&command));
        let once = after(&[&history[..], std::slice::from_ref(&command)].concat());
        let twice = StockItem::decide(&once, &command, Timestamp::UNIX_EPOCH);
        prop_assert!(!matches!(twice, Ok(Some(_))), "{twice:?}");
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(story in story(some_history())) {
        assert_twice_adds_nothing::<StockItem>("85123A", &story);
    }

    #[test]
    fn every_event_carries_the_levels_that_it_leads_to(history in some_history(), command in some_command()) {
        let state = after(&history);
        if let Ok(Some(event)) = StockItem::decide(&state, &command, Timestamp::UNIX_EPOCH) {
            prop_assert_eq!(StockItem::evolve(state, &event).levels, event.levels());
        }
    }

    #[test]
    fn a_deadline_that_fires_takes_one_reservation_away_until_none_has_it(history in some_history()) {
        let mut state = after(&history);
        while let Some(deadline) = StockItem::deadline(&state) {
            let command = StockItem::on_deadline(deadline).unwrap();
            let decided = StockItem::decide(&state, &command, Timestamp::UNIX_EPOCH);
            let Ok(Some(event)) = decided else { panic!("a deadline fired in vain: {decided:?}") };
            let waiting = state.reservations.iter().count();
            state = StockItem::evolve(state, &event);
            prop_assert_eq!(state.reservations.iter().count(), waiting - 1);
            prop_assert!(StockItem::deadline(&state).is_none_or(|next| next >= deadline));
        }
        prop_assert_eq!(state.levels.reserved, 0);
    }

    #[test]
    fn a_stock_item_that_everybody_releases_has_everything_available(history in some_history()) {
        let mut state = after(&history);
        for by in 0..6 {
            if let Ok(Some(event)) = StockItem::decide(&state, &release(by), Timestamp::UNIX_EPOCH) {
                state = StockItem::evolve(state, &event);
            }
        }
        prop_assert_eq!(state.levels.available(), state.levels.on_hand);
    }
}
