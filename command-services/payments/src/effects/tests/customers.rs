//! What customers and the provider do by themselves: another card after a decline, an authentication that nobody tells
//! of, an authorisation that is cancelled.

use super::*;

/// Whoever has an intent's secret tries it with another card.
async fn tries_another_card(till: &Till) -> u16 {
    let intent = till.shop.sandbox.holdings().remove(0).intent;
    let url = format!("{}/v1/payment_intents/{intent}/confirm", till.shop.url);
    till.shop.posts(&url, "payment_method=pm_card_visa").await
}

#[tokio::test]
async fn a_declined_intent_cannot_be_paid_with_another_card() {
    for (card, passes) in [("pm_card_visa_chargeDeclined", None), ("pm_card_threeDSecure2Required", Some(false))] {
        let mut till = Till::new().await;
        till.asks(request(card)).await;
        if passes.is_some() {
            let page = format!("{}/sandbox/authenticate/{}", till.shop.url, till.shop.sandbox.holdings()[0].intent);
            till.shop.posts(&page, "outcome=fail").await;
            for command in webhooks(&till) {
                till.asks(command).await;
            }
        }
        assert!(matches!(till.state.life, Life::Declined(..)), "{card}: {:?}", till.state);
        // No webhook of it reaches us.
        assert_eq!((tries_another_card(&till).await, till.holds()), (400, (0, 0, 0)), "{card}");
    }
}

#[tokio::test]
async fn a_declined_intent_that_is_still_open_can_be_paid_with_another_card() {
    let mut till = Till::new().await;
    till.goes_wrong(Some(Operation::Cancel), Misbehaviour::ErrorBefore, 1);
    till.asks(request("pm_card_visa_chargeDeclined")).await;
    assert!(matches!(till.state.life, Life::Voiding(..)), "it is not told as declined: {:?}", till.state);
    assert_eq!((tries_another_card(&till).await, till.holds()), (200, (10_000, 0, 0)));
    till.asks_and_waits(Payment::on_deadline(Payment::deadline(&till.state).unwrap()).unwrap()).await;
    assert!(matches!(&till.state.life, Life::Declined(_, _, code) if code == "generic_decline"), "{:?}", till.state);
    assert_eq!(till.holds(), (0, 0, 0), "what was paid meanwhile is let go");
}

#[tokio::test]
async fn an_authorisation_that_is_cancelled_at_the_provider_is_declined_and_holds_nothing() {
    let mut till = Till::new().await;
    till.asks(request("pm_card_visa")).await;
    let intent = till.shop.sandbox.holdings().remove(0).intent;
    let url = format!("{}/v1/payment_intents/{intent}/cancel", till.shop.url);
    assert_eq!(till.shop.posts(&url, "").await, 200);
    till.asks(capture()).await;
    let lapsed = |life: &Life| matches!(life, Life::Declined(_, _, code) if code == "authorisation_cancelled");
    assert!(lapsed(&till.state.life), "{:?}", till.state);

    let mut till = Till::new().await;
    till.asks(request("pm_card_visa")).await;
    let intent = till.shop.sandbox.holdings().remove(0).intent;
    let url = format!("{}/v1/payment_intents/{intent}/cancel", till.shop.url);
    till.shop.posts(&url, "").await;
    for command in webhooks(&till) {
        till.asks(command).await;
    }
    assert!(lapsed(&till.state.life), "by its webhook alone: {:?}", till.state);
}

#[tokio::test]
async fn one_who_acted_in_time_and_whose_webhook_is_lost_has_paid() {
    let mut till = Till::new().await;
    till.asks(request("pm_card_threeDSecure2Required")).await;
    assert!(matches!(till.state.life, Life::ActionRequired(..)), "{:?}", till.state);
    let page = format!("{}/sandbox/authenticate/{}", till.shop.url, till.shop.sandbox.holdings()[0].intent);
    till.shop.posts(&page, "outcome=pass").await;
    // The first look goes wrong, too.
    till.goes_wrong(Some(Operation::Retrieve), Misbehaviour::ErrorBefore, 1);
    till.asks_and_waits(Payment::on_deadline(Payment::deadline(&till.state).unwrap()).unwrap()).await;
    assert!(matches!(till.state.life, Life::Authorised(_)), "{:?}", till.state);
    assert_eq!(till.holds(), (10_000, 0, 0));
}
