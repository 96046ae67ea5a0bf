//! A provider who does not answer.

use super::*;
use tillroll_payments::provider::stripe::StripeConfig;

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_named_with_his_address() {
    let nobody = Stripe::new(&StripeConfig::new("http://127.0.0.1:1", "sk_test")).unwrap();
    let asked = every(&nobody, |after| {
        let nobody = nobody.clone();
        async move { nobody.every_intent(after.as_deref()).await }
    });
    let why = asked.await.unwrap_err().to_string();
    assert!(why.starts_with("the payment provider at http://127.0.0.1:1 does not answer: "), "{why}");
}
