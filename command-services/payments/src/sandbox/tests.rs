//! What the sandbox tells, twice if it is told to; and that it forgets nothing that it has answered.

use super::*;
use serde_json::json;

fn created(card: &str) -> (Sandbox, String) {
    created_at(Sandbox::new(), card)
}

fn created_at(sandbox: Sandbox, card: &str) -> (Sandbox, String) {
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
fn a_refund_that_bounces_is_taken_on_and_has_failed_for_whoever_looks() {
    let (sandbox, intent) = created("pm_card_refundFail");
    sandbox.ledger().confirm(&intent, &Default::default(), "");
    sandbox.ledger().capture(&intent, &Default::default(), "");
    let fields = [("payment_intent".to_owned(), intent.clone())].into_iter().collect();
    let (status, refund) = sandbox.ledger().refund(&fields);
    assert_eq!((status, &refund["status"]), (200, &json!("succeeded")));
    let (_, seen) = sandbox.ledger().refunds_of(&fields);
    assert_eq!((&seen["data"][0]["id"], &seen["data"][0]["status"]), (&refund["id"], &json!("failed")));
    assert_eq!(sandbox.holdings()[0].refunded, 0, "the money is here");
    let due = std::iter::from_fn(|| sandbox.ledger().outbox.take_due());
    let told: Vec<_> = due.map(|letter| letter.event["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told.last().map(String::as_str), Some("refund.created"), "the bank is slower than the answer");
    let all = sandbox.take_webhooks();
    let last = all.last().map(|event| (event["type"].as_str(), event["data"]["object"]["status"].as_str()));
    assert_eq!(last, Some((Some("charge.refund.updated"), Some("failed"))));
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

/// A sandbox that holds 500 and has written it down.
fn held_in(file: &Path) -> (Sandbox, String) {
    let (sandbox, intent) = created_at(Sandbox::open(file).unwrap(), "pm_card_visa");
    sandbox.ledger().confirm(&intent, &Default::default(), "");
    sandbox.ledger().remember("key".to_owned(), "question".to_owned(), (500, json!({"done": true})));
    sandbox.ledger().keep().unwrap();
    (sandbox, intent)
}

#[test]
fn what_was_answered_is_known_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sandbox/ledger.jsonl");
    let (sandbox, intent) = held_in(&file);
    let before = sandbox.holdings();
    drop(sandbox);
    let again = Sandbox::open(&file).unwrap();
    assert_eq!((again.holdings(), again.holdings()[0].held), (before, 500));
    let kept = again.ledger().answered("key").cloned();
    assert_eq!(kept, Some(("question".to_owned(), (500, json!({"done": true})))));
    assert_eq!(kinds(&again).len(), 2, "what was not delivered is delivered yet");
    let (again, other) = created_at(again, "pm_card_visa");
    assert_ne!(intent, other);
    again.ledger().keep().unwrap();
    drop(again);
    let delivered = Sandbox::open(&file).unwrap();
    for letter in 1..=3 {
        delivered.ledger().delivered(letter);
    }
    delivered.ledger().keep().unwrap();
    drop(delivered);
    assert_eq!(kinds(&Sandbox::open(&file).unwrap()), Vec::<String>::new());
}

#[test]
fn a_line_that_a_kill_has_cut_off_was_never_answered() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ledger.jsonl");
    drop(held_in(&file));
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, [&whole[..], b"{\"last\": 99, \"int"].concat()).unwrap();
    assert_eq!(Sandbox::open(&file).unwrap().holdings()[0].held, 500);
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}

#[test]
fn one_process_at_a_time_keeps_a_ledger_and_a_new_one_names_its_intents_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("1"), directory.path().join("2"));
    let (sandbox, intent) = held_in(&first);
    assert!(Sandbox::open(&first).is_err());
    drop(sandbox);
    assert_ne!(held_in(&second).1, intent);
}

#[test]
fn a_list_goes_page_by_page_the_newest_first() {
    let (sandbox, first) = created("pm_card_visa");
    let (sandbox, second) = created_at(sandbox, "pm_card_visa");
    let page = |after: Option<&str>| {
        let after = after.map(|after| ("starting_after".to_owned(), after.to_owned()));
        let asked = [("limit".to_owned(), "1".to_owned())].into_iter().chain(after).collect();
        let (_, list) = sandbox.ledger().list(&asked, "");
        (list["data"][0]["id"].as_str().map(str::to_owned), list["has_more"].as_bool())
    };
    assert_eq!(page(None), (Some(second.clone()), Some(true)));
    assert_eq!(page(Some(&second)), (Some(first.clone()), Some(false)));
    assert_eq!(page(Some(&first)), (None, Some(false)));
}
