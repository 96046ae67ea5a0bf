//! Whatever is asked in whatever order, and whatever becomes of calls and answers on their way: money is conserved, and
//! nothing is held that nobody knows of.

use super::world::{Card, Provider, World};
use super::*;
use proptest::prelude::*;
use tillroll_log::through_store;
use tillroll_schemas::payment::PaymentOutcome;
use tillroll_testkit::{assert_twice_adds_nothing, story};

#[derive(Clone, Debug)]
enum Happens {
    Requested,
    Captured(i64),
    Voided,
    Refunded(u128, i64),
    CallArrives(usize, bool),
    CallIsLost(usize),
    WebhookIsSent,
    IsHeard(usize, bool),
    Deadline,
    CustomerActs(bool),
    Lapses,
    OperatorRetries,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        2 => Just(Happens::Requested),
        2 => prop::sample::select(vec![1_i64, 4_000, 10_000, 10_001]).prop_map(Happens::Captured),
        1 => Just(Happens::Voided),
        2 => (1..4_u128, prop::sample::select(vec![1_i64, 3_000, 4_000, 10_000]))
            .prop_map(|(n, amount)| Happens::Refunded(n, amount)),
        8 => (any::<usize>(), prop::bool::weighted(0.2)).prop_map(|(n, again)| Happens::CallArrives(n, again)),
        1 => any::<usize>().prop_map(Happens::CallIsLost),
        2 => Just(Happens::WebhookIsSent),
        8 => (any::<usize>(), prop::bool::weighted(0.2)).prop_map(|(n, again)| Happens::IsHeard(n, again)),
        3 => Just(Happens::Deadline),
        2 => any::<bool>().prop_map(Happens::CustomerActs),
        1 => Just(Happens::Lapses),
        1 => Just(Happens::OperatorRetries),
    ]
}

fn card() -> impl Strategy<Value = Card> {
    prop_oneof![
        4 => Just(Card::Good),
        1 => Just(Card::Unknown),
        1 => Just(Card::Declined),
        3 => Just(Card::WantsAction),
        1 => Just(Card::HoldsLess),
        1 => Just(Card::CannotBeCaptured),
        1 => Just(Card::CannotBeRefunded),
    ]
}

fn happen(world: &mut World, what: &Happens) {
    match what {
        Happens::Requested => world.order_asks(request()),
        Happens::Captured(amount) => world.order_asks(capture(*amount)),
        Happens::Voided => world.order_asks(void()),
        Happens::Refunded(n, amount) => world.order_asks(refund(*n, *amount)),
        Happens::CallArrives(which, again) => world.call_arrives(*which, *again),
        Happens::CallIsLost(which) => world.call_is_lost(*which),
        Happens::WebhookIsSent => world.webhook_is_sent(),
        Happens::IsHeard(which, again) => world.is_heard(*which, *again),
        Happens::Deadline => world.deadline_passes(),
        Happens::CustomerActs(passes) => world.provider.customer_acts(*passes),
        Happens::Lapses => world.provider.lapses(),
        Happens::OperatorRetries => world.operator_retries(),
    }
}

fn holds_together(world: &World) {
    let (state, provider) = (&world.state, &world.provider);
    let folded = world.events.iter().fold(PaymentState::default(), Payment::evolve);
    assert_eq!(folded, *state, "the state is the fold of the events");
    assert_eq!(through_store(state).expect("it can be stored").1, *state);
    assert!(provider.received <= 10_000 && provider.refunded() <= provider.received, "{provider:?}");
    match &state.life {
        Life::NotRequested | Life::Creating(..) | Life::Declined(..) | Life::Voided(_) => {
            assert_eq!((provider.held, provider.received), (0, 0), "{state:?}");
        }
        Life::Authorised(payment) => assert!(provider.held <= payment.request.amount.amount),
        Life::Captured(taken) => {
            assert_eq!((provider.held, provider.received), (0, taken.captured.amount));
            assert!(taken.refunded().amount <= taken.captured.amount && taken.left().amount >= 0, "{taken:?}");
            assert!(taken.refunded().amount <= provider.refunded(), "no refund is told that was not given");
        }
        Life::Confirming(..) | Life::ActionRequired(..) | Life::Capturing(..) | Life::Voiding(..) => {}
    }
    let waits: Vec<_> = state.life.waits().collect();
    assert!(waits.iter().all(|(_, wait)| wait.repeat_at().is_some() != wait.stuck().is_some()));
    let numbers: Vec<u32> = world.events.iter().filter_map(|event| Some(event.call()?.1.nth)).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "calls are numbered: {numbers:?}");
}

fn some_command() -> impl Strategy<Value = PaymentCommand> {
    let report = prop_oneof![
        Just(Report::Created),
        Just(Report::RequiresAction),
        Just(Report::NotActed),
        Just(authorised()),
        Just(declined("do_not_honor")),
        Just(Report::Captured { amount: gbp(4_000) }),
        Just(Report::CaptureRefused { code: "refused".to_owned() }),
        Just(Report::Cancelled),
        Just(Report::CancelRefused { code: "refused".to_owned() }),
        (1..3_u128).prop_map(|n| Report::Refunded { refund_id: refund_id(n) }),
        (1..3_u128).prop_map(|n| Report::RefundRefused { refund_id: refund_id(n), code: "refused".to_owned() }),
    ];
    prop_oneof![
        3 => Just(request().into()),
        3 => Just(capture(4_000).into()),
        1 => Just(void().into()),
        3 => (1..3_u128).prop_map(|n| refund(n, 1_000).into()),
        8 => report.prop_map(|report| reported(report).into()),
        1 => Just(RetryCall { reason: None }.into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_at_every_moment(card in card(), history in prop::collection::vec(happens(), 0..60)) {
        let mut world = World::new(card);
        for what in &history {
            happen(&mut world, what);
            holds_together(&world);
        }
    }

    #[test]
    fn once_nothing_is_lost_any_more_all_is_answered_and_a_void_holds_nothing(
        card in card(),
        history in prop::collection::vec(happens(), 0..60),
    ) {
        let mut world = World::new(card);
        history.iter().for_each(|what| happen(&mut world, what));
        world.comes_to_rest();
        holds_together(&world);
        prop_assert_eq!(world.unanswered(), Vec::<&PaymentCommand>::new(), "{:?}", world.told);
        if matches!(world.state.life, Life::Authorised(_)) {
            world.order_asks(void());
            world.comes_to_rest();
        }
        prop_assert_eq!(world.provider.held, 0, "{:?}", world.state);
        if world.told.contains(&PaymentOutcome::Voided) {
            prop_assert_eq!(world.provider.received, 0);
        }
    }

    #[test]
    fn what_was_told_as_authorised_was_held(card in card(), history in prop::collection::vec(happens(), 0..60)) {
        let mut world = World::new(card);
        for what in &history {
            let told = world.told.len();
            happen(&mut world, what);
            if world.told[told..].contains(&PaymentOutcome::Authorised) {
                let Provider { held, received, lapsed, .. } = &world.provider;
                let is_there = *held == 10_000 || *received > 0 || *lapsed;
                prop_assert!(is_there, "{:?} {:?}", world.provider, world.state);
            }
        }
    }

    #[test]
    fn a_command_that_is_applied_twice_adds_nothing(
        story in story(prop::collection::vec(some_command(), 0..40)),
    ) {
        assert_twice_adds_nothing::<Payment>(&payment_of(ORDER).to_string(), &story);
    }
}
