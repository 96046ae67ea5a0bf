//! The adapter against Stripe's own mock server, which checks every request against Stripe's OpenAPI description: what
//! we send is what Stripe takes, and what it answers is read. The mock keeps no state, so what follows from what is
//! tested against the sandbox; nor does it reflect metadata. It is found by `TILLROLL_STRIPE_MOCK` or on the PATH; without it this says so and ends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and ends")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tillroll_payments::provider::stripe::{Stripe, StripeConfig};
use tillroll_payments::provider::{Answer, Doubt, IdempotencyKey, Intent, NewIntent, NewRefund, Provider};
use tillroll_schemas::payment::IntentId;
use tillroll_schemas::{Currency, Money, PaymentId, RefundId};
use uuid::Uuid;

/// The mock, which ends with the test.
struct Mock(Child);

impl Drop for Mock {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The mock and the adapter that is pointed at it; nothing if there is no mock on this machine.
async fn mock() -> Option<(Mock, Stripe)> {
    #[expect(clippy::disallowed_methods, reason = "a setting of this test")]
    let program = std::env::var("TILLROLL_STRIPE_MOCK").unwrap_or_else(|_| "stripe-mock".to_owned());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let quiet = Stdio::null;
    let started =
        Command::new(&program).args(["-http-port", &port.to_string()]).stdout(quiet()).stderr(quiet()).spawn();
    let Ok(child) = started else {
        eprintln!(
            "SKIPPED: no {program}: `go install github.com/stripe/stripe-mock@v0.203.0`, or TILLROLL_STRIPE_MOCK"
        );
        return None;
    };
    let mock = Mock(child);
    let return_url = Some("https://shop.example/back".to_owned());
    let config = StripeConfig { return_url, ..StripeConfig::new(format!("http://127.0.0.1:{port}"), "sk_test_123") };
    let stripe = Stripe::new(&config).unwrap();
    for _ in 0..200 {
        match stripe.retrieve(&intent()).await {
            Answer::Unknown(Doubt::Unreachable) => tokio::time::sleep(Duration::from_millis(50)).await,
            _ => return Some((mock, stripe)),
        }
    }
    panic!("{program} does not listen")
}

fn intent() -> IntentId {
    IntentId("pi_123".to_owned())
}

fn key() -> IdempotencyKey {
    IdempotencyKey::new(format_args!("{}/1", Uuid::nil()))
}

fn amount() -> Money {
    Money { amount: 1_234, currency: Currency::GBP }
}

#[tokio::test]
async fn every_request_is_one_that_stripe_takes_and_every_answer_is_read() {
    let Some((_mock, stripe)) = mock().await else { return };
    let payment = PaymentId(Uuid::from_u128(7));
    let (method_token, reference) = ("pm_card_visa".to_owned(), "order 1".to_owned());
    let new = NewIntent { payment, amount: amount(), method_token, reference };
    let created = done(stripe.create(&key(), &new).await);
    assert_eq!(created.capturable.currency, amount().currency, "the mock reflects what it takes");
    done(stripe.confirm(&key(), &intent()).await);
    done(stripe.capture(&key(), &intent(), amount()).await);
    done(stripe.void(&key(), &intent()).await);
    done(stripe.retrieve(&intent()).await);
    let refund = RefundId(Uuid::from_u128(8));
    let new = NewRefund { payment, intent: intent(), refund, amount: amount() };
    let Answer::Done(refunded) = stripe.refund(&key(), &new).await else { panic!("a refund") };
    assert_eq!(refunded.amount.amount, 1_234, "the mock reflects what it takes");
    let refunds = stripe.refunds(&intent()).await;
    assert!(matches!(refunds, Answer::Done(_)), "{refunds:?}");
}

fn done(answer: Answer<Intent>) -> Intent {
    match answer {
        Answer::Done(intent) => intent,
        other => panic!("it is done: {other:?}"),
    }
}
