//! A command that is applied twice adds nothing: those that an order recognises by itself on its state alone, and every
//! one with the order's owner, who knows them by their ids.

use proptest::prelude::*;
use tillroll_log::Aggregate;
use tillroll_schemas::order::*;
use tillroll_testkit::{Step as Happens, Way, assert_twice_adds_nothing, story};

use super::*;

const KEY: &str = "00000000-0000-0000-0000-000000000001";

/// An order's whole life, a delivery in two parts included, as far as it goes by commands.
fn life() -> Vec<OrderCommand> {
    let said = |outcome: fn(u128) -> StockOutcome, which: u128| {
        ["MUG", "BOWL"].map(|text| OrderCommand::from(answers([answer(text, outcome(which))])))
    };
    let [first, rest] = [Some(vec![claim("MUG", 1)]), None];
    let request = |which, items| RequestFulfilment { fulfilment_id: delivery(which), items };
    let left = |which| StockOutcome::Fulfilled { fulfilment_id: delivery(which) };
    let mut life = vec![place(vec![line("MUG", 2, 255), line("BOWL", 1, 100), service("POST", 300)]).into()];
    life.extend(said(|_| StockOutcome::Reserved, 0));
    life.extend(said(|_| StockOutcome::Committed, 0));
    life.extend([Continue {}.into(), request(1, first).into()]);
    life.push(answers([answer("MUG", left(1))]).into());
    life.push(request(2, rest).into());
    life.extend(said(|which| StockOutcome::Fulfilled { fulfilment_id: delivery(which) }, 2));
    life
}

fn some_outcome() -> impl Strategy<Value = StockOutcome> {
    let code = || prop::sample::select(vec!["insufficient_stock", "dead_lettered"]).prop_map(str::to_owned);
    let id = || (1..4_u128).prop_map(delivery);
    prop_oneof![
        Just(StockOutcome::Reserved),
        code().prop_map(|code| StockOutcome::ReservationRefused { code }),
        Just(StockOutcome::Committed),
        code().prop_map(|code| StockOutcome::CommitRefused { code }),
        Just(StockOutcome::Released),
        code().prop_map(|code| StockOutcome::ReleaseRefused { code }),
        id().prop_map(|fulfilment_id| StockOutcome::Fulfilled { fulfilment_id }),
        (id(), code()).prop_map(|(fulfilment_id, code)| StockOutcome::FulfilmentRefused { fulfilment_id, code }),
    ]
}

fn some_command() -> impl Strategy<Value = OrderCommand> {
    let item = (prop::sample::select(vec!["MUG", "BOWL", "POST"]), 1..3_i64);
    prop_oneof![
        1 => Just(place(vec![service("POST", 300)]).into()),
        8 => (prop::sample::select(vec!["MUG", "BOWL"]), some_outcome())
            .prop_map(|(text, outcome)| answers([answer(text, outcome)]).into()),
        2 => Just(Continue {}.into()),
        1 => Just(CancelOrder { by: None, reason: None }.into()),
        2 => (1..4_u128, prop::option::of(item)).prop_map(|(which, item)| {
            let items = item.map(|(text, pieces)| vec![claim(text, pieces)]);
            RequestFulfilment { fulfilment_id: delivery(which), items }.into()
        }),
        1 => (0..30_i64).prop_map(|seconds| {
            DeadlinePassed { deadline: Timestamp::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds) }.into()
        }),
    ]
}

/// A life from some point on, with anything between.
fn some_commands() -> impl Strategy<Value = Vec<OrderCommand>> {
    let between = prop::collection::vec(prop::option::weighted(0.3, some_command()), life().len());
    (between, prop::bool::weighted(0.2)).prop_map(|(between, service_first)| {
        let service = service_first.then(|| place(vec![service("POST", 300)]).into());
        let rest = life().into_iter().zip(between).flat_map(|(command, between)| between.into_iter().chain([command]));
        service.into_iter().chain(rest).collect()
    })
}

/// Whether the order itself recognises the command when it is asked again. `Continue` says only "the next step": two
/// of them are two steps unless they have the same id.
fn idempotent(command: &OrderCommand) -> bool {
    match command {
        OrderCommand::Continue(Continue {}) => false,
        // After one of them the order is not stuck any more, and says so.
        OrderCommand::RetryStep(_) | OrderCommand::CompensateStuck(_) | OrderCommand::CompleteStep(_) => false,
        OrderCommand::Place(_)
        | OrderCommand::RecordStockAnswers(_)
        | OrderCommand::RecordPaymentAnswer(_)
        | OrderCommand::RecordInvoiceAnswer(_)
        | OrderCommand::RequestRefund(_)
        | OrderCommand::Cancel(_)
        | OrderCommand::RequestFulfilment(_)
        | OrderCommand::DeadlinePassed(_) => true,
    }
}

/// What would otherwise hold because no story gets anywhere.
#[test]
fn a_life_that_nothing_disturbs_goes_to_its_end() {
    let story: Vec<_> = life().into_iter().map(|command| Happens::New(Way::Topic, command)).collect();
    let events = assert_twice_adds_nothing::<Order>(KEY, &story);
    assert_eq!(events.len(), life().len(), "each of the commands is an event: {events:?}");
    assert!(
        events.last().is_some_and(|last| last.contains("order.fulfilled.v1") && last.contains("\"complete\":true"))
    );
}

proptest! {
    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(story in story(some_commands())) {
        assert_twice_adds_nothing::<Order>(KEY, &story);
    }

    #[test]
    fn a_command_that_an_order_recognises_adds_nothing_whenever_it_is_asked_again(commands in some_commands()) {
        let (mut state, mut applied) = (OrderState::default(), Vec::new());
        let mut now = Timestamp::UNIX_EPOCH;
        for command in commands {
            if let OrderCommand::DeadlinePassed(DeadlinePassed { deadline }) = command {
                now = now.max(deadline);
            }
            if let Ok(Some(event)) = Order::decide(&state, &command, now) {
                state = Order::evolve(state, &event);
                applied.extend(Some(command).filter(idempotent));
            }
            for again in &applied {
                prop_assert_eq!(Order::decide(&state, again, now), Ok(None), "{:?}", again);
            }
        }
    }
}
