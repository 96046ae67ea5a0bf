//! Whatever happens in whatever order, an order ends, its sums hold, and nothing is held without it.

use proptest::prelude::*;
use std::collections::BTreeMap;
use tillroll_log::Aggregate;
use tillroll_schemas::order::*;

use super::world::World;
use super::*;
use crate::order::Life;

const SKUS: [&str; 3] = ["A", "B", "C"];

/// What may happen next.
#[derive(Clone, Debug)]
enum Happens {
    Decides(usize),
    Answers(usize, usize),
    GoesOn,
    Loses,
    Deadline,
    Cancelled,
    FulfilmentAsked(u128, Option<(usize, i64)>),
    RefusesNext(usize, &'static str),
    Lapses(usize),
}

fn happens() -> impl Strategy<Value = Happens> {
    let which = 0..SKUS.len();
    prop_oneof![
        8 => which.clone().prop_map(Happens::Decides),
        8 => (which.clone(), 1..3usize).prop_map(|(which, times)| Happens::Answers(which, times)),
        4 => Just(Happens::GoesOn),
        1 => Just(Happens::Loses),
        2 => Just(Happens::Deadline),
        1 => Just(Happens::Cancelled),
        2 => (1..4u128, prop::option::of((which.clone(), 1..3i64))).prop_map(|(n, item)| Happens::FulfilmentAsked(n, item)),
        1 => (which.clone(), prop::sample::select(vec!["insufficient_stock", "dead_lettered"]))
            .prop_map(|(which, code)| Happens::RefusesNext(which, code)),
        1 => which.prop_map(Happens::Lapses),
    ]
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (0..SKUS.len() + 1, 1..4i64, 0..1_000i64).prop_map(|(which, pieces, pence)| match SKUS.get(which) {
        Some(text) => line(text, pieces, pence),
        None => service("POST", pence),
    });
    prop::collection::vec(line, 1..6)
}

fn happen(world: &mut World, what: &Happens) {
    let named = |which: &usize| sku(SKUS[*which]);
    match what {
        Happens::Decides(which) => drop(world.stock_item_decides(&named(which))),
        Happens::Answers(which, times) => drop(world.answer_arrives(&named(which), *times)),
        Happens::GoesOn => drop(world.own_arrives()),
        Happens::Loses => drop(world.own_is_lost()),
        Happens::Deadline => drop(world.deadline_passes()),
        Happens::Cancelled => twice(world, CancelOrder { by: None, reason: None }.into()),
        Happens::FulfilmentAsked(number, item) => {
            let items = item.as_ref().map(|(which, pieces)| vec![claim(SKUS[*which], *pieces)]);
            twice(world, RequestFulfilment { fulfilment_id: delivery(*number), items }.into());
        }
        Happens::RefusesNext(which, code) => world.shelves.get_mut(&named(which)).unwrap().refuse = Some(code),
        Happens::Lapses(which) => world.shelves.get_mut(&named(which)).unwrap().lapse(),
    }
}

/// A command that was executed adds nothing when it comes again.
fn twice(world: &mut World, command: OrderCommand) {
    if matches!(world.tell(command.clone()), Ok(Some(_))) {
        assert_eq!(world.tell(command), Ok(None));
    }
}

fn assert_invariants(world: &World) {
    let state = &world.state;
    assert_eq!(fold(&world.events), *state, "the state is the fold of the events");
    assert_eq!(state.version, world.events.len() as u64);
    let deadline = Order::deadline(state);
    assert!(Order::settled(state) || deadline.is_some(), "what is not settled waits for something, and not for ever");
    let decided = matches!(state.life, Life::Confirmed(_) | Life::Fulfilled(_) | Life::Cancelled(..));
    assert!(!Order::settled(state) || decided || state.life.stuck().is_some(), "it is told too early: {state:?}");
    if let Some(deadline) = deadline {
        let fired = Order::decide(state, &Order::on_deadline(deadline).unwrap(), deadline).unwrap();
        let after = Order::evolve(state.clone(), &fired.unwrap());
        assert!(Order::deadline(&after).is_none_or(|next| next > deadline), "a deadline that fired is gone");
    }
    assert_no_more_left_than_was_ordered(world);
    assert_credits_match_sales(world);
}

fn assert_no_more_left_than_was_ordered(world: &World) {
    let mut ordered: BTreeMap<Sku, i64> = BTreeMap::new();
    for line in world.state.life.order().iter().flat_map(|order| &order.lines) {
        *ordered.entry(line.sku.clone()).or_default() += line.quantity.get();
    }
    for event in &world.events {
        if let OrderEvent::Fulfilled(out) = event {
            for item in &out.items {
                *ordered.get_mut(&item.sku).unwrap() -= item.quantity.get();
            }
        }
    }
    assert!(ordered.values().all(|left| *left >= 0));
    let complete = world.events.iter().any(|event| matches!(event, OrderEvent::Fulfilled(f) if f.complete));
    assert_eq!(complete, ordered.values().all(|left| *left == 0));
}

fn assert_credits_match_sales(world: &World) {
    let sold = world.events.iter().any(|event| matches!(event, OrderEvent::Confirmed(_)));
    for event in &world.events {
        if let OrderEvent::Cancelled(off) = event {
            assert_eq!(off.credit.is_some(), sold, "what was sold is credited, nothing else is");
        }
    }
}

/// All quiet: everybody answers, nobody refuses any more, and what was lost is made up for by deadlines.
fn settle(world: &mut World) {
    for shelf in world.shelves.values_mut() {
        shelf.refuse = None;
    }
    world.run();
    while world.deadline_passes() {
        world.run();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_order_ends_and_nothing_is_held_without_it(
        lines in lines(),
        on_hand in prop::array::uniform3(2..12i64),
        story in prop::collection::vec(happens(), 0..60),
    ) {
        let mut world = World::new(&[(SKUS[0], on_hand[0]), (SKUS[1], on_hand[1]), (SKUS[2], on_hand[2])]);
        world.tell(place(lines)).unwrap();
        prop_assert_eq!(world.tell(place(vec![line("A", 1, 1)])), Ok(None));
        for what in &story {
            happen(&mut world, what);
            assert_invariants(&world);
        }
        settle(&mut world);
        assert_invariants(&world);
        prop_assert!(Order::settled(&world.state), "{:?}", world.state);
        match world.state.life.stuck() {
            // What a stock item refused for good, an operator has to look at.
            Some(reason) => prop_assert!(story.iter().any(|what| matches!(what, Happens::RefusesNext(..))), "{reason:?}"),
            None => world.assert_clean_slate(),
        }
        let late = matches!(world.state.life, Life::Cancelled(..) | Life::Fulfilled(_));
        prop_assert!(!late || !world.deadline_passes());
    }

    #[test]
    fn a_fold_takes_every_event_in_every_order(events in prop::collection::vec(0..14usize, 0..30)) {
        let all = everything();
        let stuck = Stuck { step: Step::Release, reason: reason("x", "y"), answers: vec![], payment_answer: None, invoice_answer: None, owed: None };
        let kinds: [OrderEvent; 14] = [
            placed(), reserved(), committed(), confirmed(), compensating(&["MUG"]), cancelled(), stuck.into(),
            requested(1, &all), fulfilled(1, &all, true), fulfilled(2, &[claim("MUG", 9)], false),
            StockAnswered { answers: vec![answer("MUG", StockOutcome::Reserved)] }.into(),
            StockAnswered { answers: vec![answer("MUG", StockOutcome::Released)] }.into(),
            StepOverdue { step: Step::Commit, attempt: 9, answer_by: at(9) }.into(),
            placed_service(),
        ];
        let story: Vec<OrderEvent> = events.iter().map(|which| kinds[*which].clone()).collect();
        let state = fold(&story);
        prop_assert_eq!(state.version, story.len() as u64);
        prop_assert!(!Order::settled(&state) || Order::deadline(&state).is_none());
    }
}
