//! Waits for a provider that does not answer: longer each time, and not for ever; what may hold money is never given up.

use super::super::wait::REPEATS;
use super::*;
use tillroll_schemas::payment::{Ask, Declined, Stuck};

/// How long the wait is that the event begins, in milliseconds.
fn wait_ms(decided: Decided, from: Timestamp) -> i64 {
    let (_, Ask { repeat_at, .. }) = decided.happened().call().expect("a call");
    (repeat_at - from).num_milliseconds()
}

#[test]
fn a_call_without_an_answer_is_made_again_later_and_later() {
    let mut taking = held().and(capture(10_000));
    let mut last = 0;
    for attempt in 1..=REPEATS {
        let fired = Payment::deadline(&taking.state).expect("a deadline");
        let wait = wait_ms(taking.when_nothing_comes(), fired);
        let least = (10_000 << attempt).min(600_000);
        assert!((least..least + least / 4).contains(&wait), "attempt {attempt}: {wait}");
        assert!(wait > last || least == 600_000);
        (last, taking) = (wait, taking.and_nothing_comes(1));
    }
    assert!(matches!(taking.when_nothing_comes().happened(), PaymentEvent::Stuck(_)));
}

#[test]
fn the_longest_wait_is_what_the_waits_add_up_to() {
    assert_eq!(longest_wait().as_secs(), (10 + 20 + 40 + 80 + 160 + 320 + 600 + 600) * 5 / 4);
}

#[test]
fn payments_that_failed_together_come_back_apart_and_each_at_its_own_time_again() {
    let wait = |order: u128| {
        let request =
            RequestPayment { order_id: OrderId(Uuid::from_u128(order)), answer_by: second(10_000), ..request() };
        let event = given(&[]).when(request).happened();
        event.call().expect("a call").1.repeat_at
    };
    let waits: std::collections::BTreeSet<Timestamp> = (0..100).map(wait).collect();
    assert!(waits.len() > 50, "{}", waits.len());
    assert_eq!(wait(7), wait(7));
}

#[test]
fn an_intent_that_cannot_be_made_in_time_is_declined() {
    let mut payment = creating();
    while let PaymentEvent::CallRepeated(_) = payment.when_nothing_comes().happened() {
        payment = payment.and_nothing_comes(1);
    }
    assert_eq!(Payment::deadline(&payment.state), Some(second(120)));
    payment.when_nothing_comes().then(Declined { order_id: ORDER, code: "provider_unavailable".to_owned() });
    payment.and_nothing_comes(1).when(reported(Report::Created)).then_nothing();
}

#[test]
fn a_confirmation_whose_outcome_stays_unknown_is_voided_and_then_declined() {
    let mut payment = confirming();
    while let PaymentEvent::CallRepeated(repeated) = payment.when_nothing_comes().happened() {
        assert_eq!(repeated.call, Call::Confirm { intent: intent() });
        payment = payment.and_nothing_comes(1);
    }
    assert_eq!(Payment::deadline(&payment.state), Some(second(120)));
    let voiding = payment.when_nothing_comes().then_asks(Call::Void { intent: intent() });
    let declined = Declined { order_id: ORDER, code: "provider_unavailable".to_owned() };
    voiding.when(reported(Report::Cancelled)).then(declined);
}

fn stuck(call: Call) -> Stuck {
    let detail = "the outcome of 8 attempts is not known".to_owned();
    Stuck { call, code: "provider_unavailable".to_owned(), detail }
}

#[test]
fn what_should_take_free_or_return_money_gets_stuck_and_goes_on_when_the_provider_says_more() {
    let taking = held().and(capture(9)).and_nothing_comes(REPEATS);
    taking.when_nothing_comes().then(stuck(Call::Capture { intent: intent(), amount: gbp(9) }));
    let voiding = held().and(void()).and_nothing_comes(REPEATS);
    voiding.when_nothing_comes().then(stuck(Call::Void { intent: intent() }));
    let returning = captured(9).and(refund(1, 5)).and_nothing_comes(REPEATS);
    let call = Call::Refund { intent: intent(), refund_id: refund_id(1), amount: gbp(5) };
    returning.when_nothing_comes().then(stuck(call));

    let stuck = taking.and_nothing_comes(1);
    assert_eq!(Payment::deadline(&stuck.state), None);
    assert_eq!(stuck.body().status, Status::Stuck);
    assert_eq!(stuck.and(reported(Report::Captured { amount: gbp(9) })).body().status, Status::Captured);
}

#[test]
fn an_operator_has_it_tried_again_under_a_new_round() {
    let call = Call::Refund { intent: intent(), refund_id: refund_id(1), amount: gbp(5) };
    let stuck = captured(9).and(refund(1, 5)).and_nothing_comes(REPEATS + 1);
    let (again, ask) = stuck.when(RetryCall { reason: None }).happened().call().expect("a call");
    assert_eq!((again, ask.attempt, ask.round), (call, 0, 1));
    let tried = stuck.and(RetryCall { reason: None });
    assert!(Payment::deadline(&tried.state).is_some());
    tried.when(RetryCall { reason: None }).then_refused(PaymentRejection::NotStuck);
    held().when(RetryCall { reason: None }).then_refused(PaymentRejection::NotStuck);
}

#[test]
fn every_call_has_a_number_of_its_own() {
    let repeated = held().and(capture(9)).and_nothing_comes(2);
    let asks = repeated.state.life.waits().map(|(_, wait)| wait.ask().nth).collect::<Vec<_>>();
    assert_eq!((asks, repeated.state.calls), (vec![5], 5));
}

#[test]
fn refunds_wait_each_for_itself() {
    let both = captured(10_000).and(refund(1, 5)).and(refund(2, 6));
    let first = both.and_nothing_comes(REPEATS + 1);
    let waits = |given: &Given| given.state.life.waits().filter(|(_, wait)| wait.stuck().is_some()).count();
    let left = first.and_nothing_comes(REPEATS + 1);
    assert_eq!(waits(&left), 2);
}

#[test]
fn a_deadline_is_never_one_that_fired() {
    let late = second(1_000_000);
    let mut payment = held().and(void());
    for _ in 0..REPEATS {
        let fired = Payment::deadline(&payment.state).expect("a deadline");
        // Another owner's clock may be behind.
        let event = Payment::decide(&payment.state, &WaitOver { deadline: fired }.into(), second(-100_000));
        payment.state = Payment::evolve(payment.state, &event.unwrap().unwrap());
        assert!(Payment::deadline(&payment.state).is_some_and(|next| next > fired && next < late));
    }
}

#[test]
fn an_operator_sees_what_a_payment_waits_for() {
    assert_eq!(Payment::saga(&PaymentState::default()), None);
    assert_eq!(Payment::saga(&held().state), None);
    let waiting = Payment::saga(&confirming().state).expect("a saga");
    assert_eq!((waiting.step, waiting.attempt, waiting.stuck), ("confirm", Some(0), None));
    let acting = Payment::saga(&confirming().and(reported(Report::RequiresAction)).state).expect("a saga");
    assert_eq!((acting.step, acting.waits_for), ("authenticate", vec!["customer".to_owned()]));
    let stuck = Payment::saga(&held().and(void()).and_nothing_comes(REPEATS + 1).state).expect("a saga");
    assert_eq!((stuck.step, stuck.answer_by, stuck.attempt), ("void", None, None));
    assert_eq!(stuck.stuck.map(|stuck| stuck.code).as_deref(), Some("provider_unavailable"));
}
