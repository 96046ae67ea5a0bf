//! The circuit: closed, open, half-open, closed again; refusals do not open it.

use super::*;
use crate::provider::IntentStatus;
use crate::provider::stripe::tests::{gbp, shop};
use crate::sandbox::{Fault, Misbehaviour};
use tillroll_schemas::PaymentId;
use uuid::Uuid;

const CIRCUIT: Circuit =
    Circuit { failures: 3, first_pause: Duration::from_secs(2), longest_pause: Duration::from_secs(2) };

fn key() -> IdempotencyKey {
    IdempotencyKey::new(format_args!("key"))
}

fn new(card: &str) -> NewIntent {
    let payment = PaymentId(Uuid::from_u128(7));
    NewIntent { payment, amount: gbp(1), method_token: card.into(), reference: "1".to_owned() }
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_and_asked_again_after_a_while() {
    let shop = shop().await;
    let guarded = Guarded::new(shop.stripe.clone(), CIRCUIT);
    let ask = || async { guarded.create(&key(), &new("pm_card_visa")).await };
    shop.sandbox.misbehave(Fault { on: None, misbehaviour: Misbehaviour::ErrorBefore, times: 4, payment: None });
    for _ in 0..3 {
        assert_eq!(ask().await, Answer::Unknown(Doubt::ServerFault));
    }
    // Open: nothing is sent, so the fourth fault is still to come.
    for _ in 0..5 {
        assert_eq!(ask().await, Answer::Unknown(Doubt::CircuitOpen));
    }
    // Half open: the probe fails, and it is open again.
    tokio::time::sleep(CIRCUIT.longest_pause + Duration::from_millis(50)).await;
    assert_eq!(ask().await, Answer::Unknown(Doubt::ServerFault));
    assert_eq!(ask().await, Answer::Unknown(Doubt::CircuitOpen));
    // A probe that succeeds closes it.
    tokio::time::sleep(CIRCUIT.longest_pause + Duration::from_millis(50)).await;
    for _ in 0..5 {
        let Answer::Done(intent) = ask().await else { panic!("it answers") };
        assert_eq!(intent.status, IntentStatus::RequiresConfirmation);
    }
}

#[tokio::test]
async fn refusals_are_answers() {
    let shop = shop().await;
    let guarded = Guarded::new(shop.stripe.clone(), CIRCUIT);
    for _ in 0..10 {
        let answer = guarded.create(&key(), &new("pm_card_nonsense")).await;
        assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
    }
}

#[tokio::test]
async fn what_says_something_of_one_call_opens_the_circuit_for_nobody() {
    let shop = shop().await;
    let guarded = Guarded::new(shop.stripe.clone(), CIRCUIT);
    assert!(matches!(guarded.create(&key(), &new("pm_card_visa")).await, Answer::Done(_)));
    for _ in 0..10 {
        // Another amount under the same key.
        let other = NewIntent { amount: gbp(2), ..new("pm_card_visa") };
        assert_eq!(guarded.create(&key(), &other).await, Answer::Unknown(Doubt::Busy));
    }
    let other_key = IdempotencyKey::new(format_args!("another"));
    assert!(matches!(guarded.create(&other_key, &new("pm_card_visa")).await, Answer::Done(_)));
}

#[tokio::test]
async fn a_circuit_without_a_pause_has_one() {
    let none = Circuit { failures: 1, first_pause: Duration::ZERO, longest_pause: Duration::ZERO };
    let shop = shop().await;
    shop.sandbox.misbehave(Fault { on: None, misbehaviour: Misbehaviour::TooMany, times: 1, payment: None });
    let guarded = Guarded::new(shop.stripe, none);
    assert_eq!(guarded.create(&key(), &new("pm_card_visa")).await, Answer::Unknown(Doubt::TooMany));
    assert_eq!(guarded.create(&key(), &new("pm_card_visa")).await, Answer::Unknown(Doubt::CircuitOpen));
}
