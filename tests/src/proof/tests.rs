//! A small shop's log that keeps every promise, and what is said when somebody tampers with it.

use super::{Answered, Asked, Roll, Shown, Verdict, Written, of_the_log, of_the_rows, rows};
use serde_json::{Value, json};

const ORDER: &str = "6f1c2a52-6c7e-5d0b-9b5e-2f1d7a0c4e11";
const CLAIM: &str = "83d9feeb-f065-4ed5-8100-a4605e71e8fe";

/// Writes records as an owner does.
#[derive(Default)]
struct Pen(Roll);

impl Pen {
    fn write(&mut self, topic: &str, key: Option<&str>, headers: &[(&str, String)], value: &Value) {
        let offset = self.0.of(topic).count().try_into().unwrap();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect();
        let (key, value) = (key.map(|key| key.as_bytes().to_vec()), Some(value.to_string().into_bytes()));
        self.0.records.push(Written {
            topic: topic.to_owned(),
            partition: 0,
            offset,
            recorded_ms: offset,
            key,
            headers,
            value,
        });
    }

    fn claim(&mut self, topic: &str) {
        let body = json!({"claim": CLAIM, "previous": null, "log": CLAIM, "instance": "a", "url": "b", "build": "c",
            "partitions": 1});
        self.write(topic, None, &[("ce_type", "log.claim.v1".into()), ("ce_id", CLAIM.into())], &body);
    }

    fn entry(&mut self, topic: &str, key: &str, kind: &str, version: Option<u64>, command: &str, body: &Value) {
        let ordinal = self.0.of(topic).count() - 1;
        let mut headers = vec![
            ("ce_type", kind.to_owned()),
            ("claim", CLAIM.to_owned()),
            ("ordinal", ordinal.to_string()),
            ("ce_commandid", command.to_owned()),
        ];
        headers.extend(version.map(|version| ("ce_sequence", version.to_string())));
        self.write(topic, Some(key), &headers, body);
    }

    fn stock(&mut self, version: u64, kind: &str, command: &str, mut body: Value, levels: [i64; 3]) {
        body["levels"] = json!({"on_hand": levels[0], "reserved": levels[1], "committed": levels[2]});
        self.entry("stock-item.events.v1", "S", &format!("stock-item.{kind}.v1"), Some(version), command, &body);
    }

    fn order(&mut self, version: u64, kind: &str, body: &Value) {
        let command = format!("order-{version}");
        self.entry("order.events.v1", ORDER, &format!("order.{kind}.v1"), Some(version), &command, body);
    }
}

/// Ten pieces come in, two are ordered and delivered; one command cannot be read.
fn good() -> Roll {
    let mut pen = Pen::default();
    let gbp = |amount: i64| json!({"amount": amount, "currency": "GBP"});
    let of_order = |quantity: i64| json!({"order_id": ORDER, "quantity": quantity});
    pen.claim("stock-item.events.v1");
    pen.stock(1, "received", "s1", json!({"quantity": 10, "note": "n"}), [10, 0, 0]);
    pen.stock(2, "reserved", "s2", of_order(2), [10, 2, 0]);
    pen.stock(3, "committed", "s3", of_order(2), [10, 0, 2]);
    pen.stock(4, "fulfilled", "s4", of_order(2), [8, 0, 0]);
    let dead = json!({"outcome": "dead_lettered", "reason": "why", "commands": []});
    pen.entry("stock-item.events.v1", "", "log.settled.v1", None, "s5", &dead);
    pen.claim("order.events.v1");
    let totals = json!({"net": gbp(6), "tax": gbp(0), "gross": gbp(6)});
    pen.order(1, "placed", &json!({"reference": "R", "totals": totals}));
    let sale = json!({"dated": "2010-12-01T08:26:00Z", "lines": [{"sku": "S", "quantity": 2, "amount": gbp(6)}]});
    pen.order(2, "confirmed", &json!({"sale": sale}));
    pen.order(3, "fulfilled", &json!({"complete": true}));
    pen.write("stock-item.commands.v1", None, &[("ce_id", "s2".into())], &json!({}));
    pen.write("stock-item.commands.v1", None, &[], &json!({}));
    let reason = [("reason", "why".to_owned())];
    pen.write("dead-letter.stock-item.commands.v1", Some("stock-item.commands.v1/0@1"), &reason, &json!({}));
    pen.0
}

fn told() -> Vec<Answered> {
    let stock = |note: &str, delta, status| Answered {
        asked: Asked::Stock { sku: "S".into(), delta, note: note.into() },
        status: Some(status),
        position: None,
        between: (0, i64::MAX),
    };
    let order = Answered {
        asked: Asked::Order("R".into()),
        status: Some(201),
        position: Some("order.events.v1/0@1".into()),
        between: (0, i64::MAX),
    };
    vec![stock("n", 10, 200), stock("too many", -11, 409), order]
}

/// The promises that are broken.
fn broken(roll: &Roll, told: &[Answered]) -> Vec<u8> {
    let verdicts = of_the_log(roll, told);
    verdicts.iter().filter(|verdict| !verdict.breaches.is_empty()).map(|verdict| verdict.number).collect()
}

/// The good log, after somebody was at the record of that command.
fn tampered(command: &str, change: impl Fn(&mut Written)) -> Roll {
    let mut roll = good();
    let of_command = |record: &&mut Written| record.header("ce_commandid") == Some(command);
    roll.records.iter_mut().filter(of_command).for_each(change);
    roll
}

fn body(record: &mut Written, change: impl Fn(&mut Value)) {
    let mut value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    change(&mut value);
    record.value = Some(value.to_string().into_bytes());
}

#[test]
fn a_log_that_keeps_every_promise_is_not_complained_about() {
    for verdict in of_the_log(&good(), &told()) {
        assert_eq!(verdict.breaches, Vec::<String>::new(), "{verdict}");
    }
}

#[test]
fn an_answer_without_its_event_is_noticed() {
    let lost = tampered("s1", |record| body(record, |body| body["note"] = "another".into()));
    assert_eq!(broken(&lost, &told()), [1]);
    let mut elsewhere = told();
    elsewhere[2].position = Some("order.events.v1/0@99".into());
    assert_eq!(broken(&good(), &elsewhere), [1]);
}

#[test]
fn a_refusal_that_was_carried_out_or_was_never_true_is_noticed() {
    let mut untrue = told();
    untrue[1].asked = Asked::Stock { sku: "S".into(), delta: -1, note: "none".into() };
    assert_eq!(broken(&good(), &untrue), Vec::<u8>::new(), "before the first piece came in there was none");
    let last = good().records.iter().map(|record| record.recorded_ms).max().unwrap_or_default();
    untrue[1].between = (last + 1, last + 2);
    assert_eq!(broken(&good(), &untrue), [2], "there were pieces all the time");
    let mut done = told();
    done[2].status = Some(409);
    assert_eq!(broken(&good(), &done), [2]);
}

#[test]
fn a_command_with_two_effects_is_noticed() {
    let twice = tampered("s3", |record| *record = record.clone().with("ce_commandid", "s2"));
    assert_eq!(broken(&twice, &told()), [3]);
}

#[test]
fn a_version_that_is_missing_or_elsewhere_is_noticed() {
    let missing = tampered("order-3", |record| *record = record.clone().with("ce_sequence", "4"));
    assert_eq!(broken(&missing, &told()), [4]);
    let mut elsewhere = good();
    let mut strays: Vec<Written> = elsewhere.of("order.events.v1").cloned().collect();
    strays.iter_mut().for_each(|record| record.partition = 1);
    elsewhere.records.extend(strays);
    assert!(broken(&elsewhere, &[]).contains(&4));
}

#[test]
fn levels_that_do_not_add_up_are_noticed() {
    let wrong = tampered("s4", |record| body(record, |body| body["levels"]["on_hand"] = 9.into()));
    assert_eq!(broken(&wrong, &told()), [5]);
    let oversold = tampered("s1", |record| {
        body(record, |body| (body["quantity"], body["levels"]["on_hand"]) = (1.into(), 1.into()));
    });
    assert!(broken(&oversold, &told()).contains(&5));
}

#[test]
fn an_order_that_has_not_ended_or_is_stuck_without_a_reason_is_noticed() {
    let mut cut = good();
    cut.records.retain(|record| !matches!(record.header("ce_commandid"), Some("order-2" | "order-3")));
    assert_eq!(broken(&cut, &told()), [7]);
    let stuck = tampered("order-3", |record| *record = record.clone().with("ce_type", "order.stuck.v1"));
    assert_eq!(broken(&stuck, &told()), [7]);
}

#[test]
fn a_claim_that_does_not_end_or_ends_twice_is_noticed() {
    let of_another = |body: &mut Value| body["order_id"] = "another".into();
    let open = tampered("s4", |record| body(record, of_another));
    assert!(broken(&open, &told()).contains(&8));
    let mut unfulfilled = good();
    unfulfilled.records.retain(|record| record.header("ce_commandid") != Some("s4"));
    assert!(broken(&unfulfilled, &told()).contains(&8));
}

#[test]
fn a_bad_command_without_a_letter_and_a_command_without_an_end_are_noticed() {
    let mut lost = good();
    lost.records.retain(|record| !record.topic.starts_with("dead-letter."));
    assert_eq!(broken(&lost, &told()), [13]);
    let mut waiting = good();
    let again = waiting.of("stock-item.commands.v1").next().unwrap().clone().with("ce_id", "s99");
    waiting.records.push(Written { offset: 2, ..again });
    assert_eq!(broken(&waiting, &told()), [13]);
}

#[test]
fn what_only_one_of_two_arbiters_admits_is_noticed() {
    // An ordinal that this module reads otherwise than the shipped arbiter would: the claim is no UUID.
    let mut split = good();
    for record in &mut split.records {
        *record = record.clone().with("claim", "mine");
        if record.header("ce_type") == Some("log.claim.v1") {
            body(record, |body| body["claim"] = "mine".into());
        }
    }
    assert!(broken(&split, &[]).contains(&16));
}

#[test]
fn a_row_that_is_not_in_the_log_or_says_something_else_is_noticed() {
    let roll = good();
    let shown = rows::folded(&roll.admitted());
    let breaches = |shown: &Shown| of_the_rows(&roll, shown).breaches.len();
    assert_eq!((shown.0.len(), breaches(&shown)), (7, 0), "{shown:?}");
    for key in shown.0.keys() {
        let (mut missing, mut other) = (shown.clone(), shown.clone());
        missing.0.remove(key);
        other.0.insert(key.clone(), "something else".into());
        assert_eq!((breaches(&missing), breaches(&other)), (1, 1), "{key:?}");
    }
}

#[test]
fn a_verdict_is_one_line() {
    assert_eq!(Verdict::new(4, "a promise", Vec::new()).to_string(), " 4  holds   a promise");
    let broken = Verdict::new(4, "a promise", vec!["this".into(), "that".into()]);
    assert_eq!(broken.to_string(), " 4  BROKEN  a promise: 2 breaches, the first: this");
}
