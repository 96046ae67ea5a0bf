//! What earlier builds said of their orders, stock items and credit notes, today's code says of them too.

use crate::read;
use crate::record::LIVES;
use e2e::Outcome;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tillroll_inventory::stock_item::StockItem;
use tillroll_log::{Aggregate, Key};
use tillroll_orders::credit_note::CreditNote;
use tillroll_orders::order::{Life, Order};
use tillroll_schemas::order::Step;

/// The states of all aggregates of a topic.
fn folded<A: Aggregate>(log: u32) -> Outcome<BTreeMap<String, A::State>> {
    let mut states = BTreeMap::<String, A::State>::new();
    for (envelope, value) in read::events(log, A::TOPICS.events)? {
        let state = states.entry(envelope.key.to_string()).or_default();
        *state = A::evolve(std::mem::take(state), &read::event(&envelope, &value)?);
    }
    Ok(states)
}

fn assert_the_same<A: Aggregate>() -> Outcome
where
    A::Answer: Serialize,
{
    for log in read::logs()? {
        let mut states = folded::<A>(log)?;
        for kept in read::lines::<Value>(log, "states")?.iter().filter(|kept| kept["kind"] == A::TOPICS.name) {
            let id = kept["id"].as_str().ok_or("no id")?;
            let state = states.remove(id).ok_or_else(|| format!("{id} is not in log {log}"))?;
            let told = serde_json::to_value(A::answer(&Key::from(id), None, &state))?;
            assert_eq!(told, kept["state"], "{} {id} of log {log}", A::TOPICS.name);
        }
        assert!(states.is_empty(), "nothing is known of {:?} in log {log}", states.keys());
    }
    Ok(())
}

#[test]
fn orders_of_an_earlier_build_are_what_they_were() -> Outcome {
    assert_the_same::<Order>()
}

#[test]
fn stock_items_of_an_earlier_build_are_what_they_were() -> Outcome {
    assert_the_same::<StockItem>()
}

#[test]
fn credit_notes_of_an_earlier_build_are_what_they_were() -> Outcome {
    assert_the_same::<CreditNote>()
}

/// Of orders that an earlier build confirmed nothing new is due, and those that it left go on where they stood.
#[test]
fn orders_of_an_earlier_build_wait_for_what_they_waited_for() -> Outcome {
    let orders = folded::<Order>(LIVES)?;
    let mut waiting = BTreeMap::<&str, usize>::new();
    for state in orders.values() {
        let stuck = state.life.stuck().is_some();
        match &state.life {
            Life::Confirmed(_) | Life::Fulfilled(_) | Life::Cancelled(..) => {
                assert!(Order::settled(state) && Order::deadline(state).is_none(), "{state:?}");
            }
            Life::Delivering(..) if stuck => assert_eq!(Order::deadline(state), None),
            _ => {
                let saga = <Order as tillroll_log::Saga>::saga(state).ok_or("it waits for nothing")?;
                assert!(saga.answer_by.is_some() && !saga.waits_for.is_empty(), "{state:?}");
                *waiting.entry(saga.step).or_default() += 1;
            }
        }
    }
    assert_eq!(waiting, BTreeMap::from([("reserve", 1), ("release", 1)]), "{:?}", Step::ALL);
    Ok(())
}
