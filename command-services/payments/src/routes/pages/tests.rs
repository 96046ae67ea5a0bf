//! Whoever stands at the bank's door keeps nobody else from the bank.

use super::*;
use crate::provider::guarded::Circuit;
use crate::provider::stripe::tests::{gbp, shop};
use crate::provider::{Doubt, IdempotencyKey, NewIntent};
use crate::sandbox::{Fault, Misbehaviour, Operation};
use uuid::Uuid;

fn payment(nth: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(nth))
}

fn refused<T>(answer: Result<T, Problem>) -> u16 {
    answer.err().map_or(200, |problem| problem.status().as_u16())
}

#[test]
fn a_payments_page_is_asked_for_once_a_second() {
    let (mut asked, begun) = (Asked::default(), Instant::now());
    assert!(asked.may(payment(1), begun));
    assert!(!asked.may(payment(1), begun + PAUSE / 2));
    assert!(asked.may(payment(2), begun + PAUSE / 2), "another one's");
    assert!(asked.may(payment(1), begun + PAUSE), "what was refused does not count");
    assert_eq!(asked.0.len(), 2);
    assert!(asked.may(payment(3), begun + 3 * PAUSE));
    assert_eq!(asked.0.len(), 1, "what is over is forgotten");
}

#[tokio::test]
async fn pages_that_the_provider_does_not_tell_open_no_circuit_for_money() {
    let shop = shop().await;
    let money = Guarded::new(shop.stripe.clone(), Circuit { failures: 3, ..Circuit::default() });
    let create = || async {
        let (method_token, reference) = ("pm_card_visa".into(), "1".to_owned());
        let new = NewIntent { payment: payment(1), amount: gbp(1), method_token, reference };
        money.create(&IdempotencyKey::new(format_args!("key")), &new).await
    };
    let Answer::Done(Intent { id, .. }) = create().await else { panic!("it is made") };
    let pages = Pages::new(money.apart());
    let fault = Fault { on: Some(Operation::Retrieve), misbehaviour: Misbehaviour::TooMany, times: 3, payment: None };
    shop.sandbox.misbehave(fault);
    for nth in 0..6 {
        assert_eq!(refused(pages.look(payment(nth), &id).await), 503);
    }
    assert_eq!(pages.provider.retrieve(&id).await, Answer::Unknown(Doubt::CircuitOpen));
    assert!(matches!(create().await, Answer::Done(_)), "money is held as before");
    assert_eq!(refused(pages.look(payment(0), &id).await), 429);
}

#[tokio::test]
async fn a_page_is_looked_up_while_others_are_and_not_beyond_that() {
    let shop = shop().await;
    let pages = Pages::new(Guarded::new(shop.stripe.clone(), Circuit::default()));
    let all = pages.under_way.try_acquire_many(u32::try_from(AT_ONCE).unwrap()).unwrap();
    let (nobody, one) = (IntentId("pi_0".to_owned()), payment(1));
    let waits = tokio::time::timeout(Duration::from_millis(50), pages.look(one, &nobody));
    assert!(waits.await.is_err(), "it waits for its turn");
    drop(all);
    assert_eq!(refused(pages.look(payment(2), &nobody).await), 503, "it was asked for, and the provider knows none");
}
