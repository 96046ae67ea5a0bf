//! What the sandbox would send, and that it sends it twice if it is told to.

use super::*;
use serde_json::json;

fn created(card: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let pairs = [("amount", "500"), ("currency", "gbp"), ("capture_method", "manual"), ("payment_method", card)];
    let fields = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    let (status, intent) = sandbox.ledger().create(&fields, "http://sandbox");
    assert_eq!(status, 200, "{intent}");
    (sandbox, intent["id"].as_str().unwrap().to_owned())
}

fn kinds(sandbox: &Sandbox) -> Vec<String> {
    sandbox.take_webhooks().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_change_is_told() {
    let (sandbox, intent) = created("pm_card_visa");
    sandbox.ledger().confirm(&intent, &Default::default(), "");
    sandbox.ledger().capture(&intent, &Default::default(), "");
    let fields = [("payment_intent".to_owned(), intent.clone())].into_iter().collect();
    let (_, refund) = sandbox.ledger().refund(&fields);
    assert_eq!(refund["amount"], json!(500), "all that is left");
    let told = ["payment_intent.created", "payment_intent.amount_capturable_updated", "payment_intent.succeeded"];
    assert_eq!(kinds(&sandbox), [&told[..], &["refund.created"]].concat());
    assert_eq!(kinds(&sandbox), Vec::<String>::new());
}

#[test]
fn what_is_told_twice_is_the_same_event() {
    let (sandbox, _) = created("pm_sandbox_told_twice");
    let webhooks = sandbox.take_webhooks();
    assert_eq!((webhooks.len(), &webhooks[0]), (2, &webhooks[1]));
}

#[test]
fn nothing_is_done_twice() {
    let (sandbox, intent) = created("pm_card_visa");
    for (status, held) in [(200, 500), (400, 500)] {
        assert_eq!(sandbox.ledger().confirm(&intent, &Default::default(), "").0, status);
        assert_eq!(sandbox.holdings()[0].held, held);
    }
    for status in [200, 400] {
        assert_eq!(sandbox.ledger().cancel(&intent, "").0, status);
        assert_eq!(sandbox.holdings()[0].held, 0);
    }
    assert_eq!(sandbox.ledger().capture(&intent, &Default::default(), "").0, 400);
}
