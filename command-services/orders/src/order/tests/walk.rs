//! Every step of the saga × everything that can go wrong with it; in the end nothing is held without an order.

use tillroll_log::Aggregate;
use tillroll_schemas::order::*;

use super::world::{self, World};
use super::*;
use crate::order::{Compensation, Life, SagaStep};

const BOWL: &str = "BOWL";

/// The steps of an order on account that stock items take. Those of money are walked with the payments' own code.
fn of_stock() -> [SagaStep; 4] {
    [Step::Reserve, Step::Commit, Step::Release, Step::Fulfil].map(SagaStep::of)
}

/// The story's order, whose step is under way: asked, and decided by nobody.
fn at_step(step: Step) -> World {
    let mut world = World::new(&[(BOWL, 5), ("MUG", 5)]);
    world.tell(place(vec![line("MUG", 2, 255), line(BOWL, 1, 100), service("POST", 300)])).unwrap();
    let pass = |world: &mut World| {
        for text in [BOWL, "MUG"] {
            assert!(world.stock_item_decides(&sku(text)) && world.answer_arrives(&sku(text), 1));
        }
    };
    match step {
        Step::Reserve => {}
        Step::Commit => pass(&mut world),
        Step::Release => {
            pass(&mut world);
            pass(&mut world);
            world.tell(CancelOrder { by: None, reason: None }).unwrap();
        }
        Step::Fulfil => {
            world.run();
            world.tell(RequestFulfilment { fulfilment_id: delivery(1), items: None }).unwrap();
        }
        Step::Authorise | Step::Capture | Step::Invoice | Step::Refund => panic!("{step:?} is no stock item's"),
    }
    assert_eq!(world.state.life.stock_wait().map(|(asked, _)| asked.step()), Some(step));
    world
}

/// Where an order ends whose step fails, once the failure is mended.
fn assert_ended(world: &World, step: SagaStep) {
    world.assert_clean_slate();
    match (step.compensation, step.step) {
        (Compensation::Release, _) | (Compensation::Stuck, Step::Release) => {
            assert!(matches!(world.state.life, Life::Cancelled(..)), "{step:?}");
        }
        (Compensation::Stuck, _) => assert!(matches!(world.state.life, Life::Fulfilled(_)), "{step:?}"),
    }
}

fn ended_well(world: &World) -> bool {
    matches!(world.state.life, Life::Confirmed(_) | Life::Fulfilled(_) | Life::Cancelled(..))
}

fn outcome_of(step: Step) -> StockOutcome {
    match step {
        Step::Reserve => StockOutcome::Reserved,
        Step::Commit => StockOutcome::Committed,
        Step::Release => StockOutcome::Released,
        Step::Fulfil => StockOutcome::Fulfilled { fulfilment_id: delivery(1) },
        Step::Authorise | Step::Capture | Step::Invoice | Step::Refund => panic!("{step:?} is no stock item's"),
    }
}

#[test]
fn a_step_that_is_refused_leaves_nothing_behind() {
    for step in of_stock() {
        let mut world = at_step(step.step);
        world.shelves.get_mut(&sku(BOWL)).unwrap().refuse = Some("dead_lettered");
        world.run();
        match step.compensation {
            Compensation::Release => {}
            Compensation::Stuck => {
                assert_eq!(world.state.life.stuck().unwrap().code, "dead_lettered");
                // An operator redrives the dead letter, and the stock item does it after all.
                world.shelves.get_mut(&sku(BOWL)).unwrap().held = world::Held::Nothing;
                world.tell(answers([answer(BOWL, outcome_of(step.step))])).unwrap();
            }
        }
        assert_ended(&world, step);
    }
}

#[test]
fn a_step_that_nobody_answers_is_given_up_and_leaves_nothing_behind() {
    for step in of_stock() {
        let mut world = at_step(step.step);
        world.run_but(Some(&sku(BOWL)));
        let mut patience = 0;
        while world.deadline_passes() {
            world.run_but(Some(&sku(BOWL)));
            patience += 1;
            assert!(patience <= 20, "{step:?} never ends");
        }
        assert!(Order::settled(&world.state) && world.state.life.stuck().is_some(), "{step:?}: nobody released it");
        world.run();
        assert_ended(&world, step);
    }
}

#[test]
fn a_step_that_is_answered_twice_is_passed_once() {
    for step in of_stock() {
        let mut world = at_step(step.step);
        for text in [BOWL, "MUG"] {
            assert!(world.stock_item_decides(&sku(text)) && world.answer_arrives(&sku(text), 2));
        }
        world.run();
        assert!(ended_well(&world));
        world.assert_clean_slate();
    }
}

#[test]
fn a_step_that_is_answered_after_its_deadline_goes_on_as_if_it_had_been_in_time() {
    for step in of_stock() {
        for late_by in 1..=4 {
            let mut world = at_step(step.step);
            world.run_but(Some(&sku(BOWL)));
            for _ in 0..late_by {
                assert!(world.deadline_passes());
            }
            world.run();
            assert!(ended_well(&world), "{step:?}");
            let off = matches!(world.state.life, Life::Cancelled(..));
            assert_eq!(off, step.step == Step::Release, "an answer in any of the waits is in time");
            world.assert_clean_slate();
        }
    }
}

#[test]
fn an_order_that_is_called_off_at_any_step_leaves_nothing_behind() {
    for step in [Step::Reserve, Step::Commit] {
        for decided in [false, true] {
            let mut world = at_step(step);
            if decided {
                world.stock_item_decides(&sku(BOWL));
            }
            world.tell(CancelOrder { by: None, reason: None }).unwrap();
            world.run();
            assert!(matches!(world.state.life, Life::Cancelled(..)));
            world.assert_clean_slate();
        }
    }
}

/// Every command of the order to itself is lost, and its deadlines alone carry it on.
#[test]
fn an_order_whose_own_next_steps_are_lost_ends_by_its_deadlines() {
    for lines in [vec![line("MUG", 2, 255), line(BOWL, 1, 100)], vec![service("POST", 300)]] {
        let mut world = World::new(&[(BOWL, 5), ("MUG", 5)]);
        let run = |world: &mut World| {
            for text in [BOWL, "MUG"] {
                while world.stock_item_decides(&sku(text)) && world.answer_arrives(&sku(text), 1) {}
            }
            world.own_is_lost()
        };
        world.tell(place(lines)).unwrap();
        while !Order::settled(&world.state) {
            run(&mut world);
            assert!(Order::settled(&world.state) || world.deadline_passes(), "waits for ever: {:?}", world.state);
        }
        assert!(matches!(world.state.life, Life::Confirmed(_)));
        world.tell(RequestFulfilment { fulfilment_id: delivery(1), items: None }).unwrap();
        while !Order::settled(&world.state) {
            run(&mut world);
            assert!(Order::settled(&world.state) || world.deadline_passes(), "waits for ever: {:?}", world.state);
        }
        assert!(matches!(world.state.life, Life::Fulfilled(_)));
    }
}

#[test]
fn every_step_stands_in_the_table_under_a_name_of_its_own() {
    for step in SagaStep::all() {
        assert_eq!(SagaStep::of(step.step), step);
        assert_eq!(SagaStep::all().iter().filter(|other| other.name == step.name).count(), 1);
    }
}
