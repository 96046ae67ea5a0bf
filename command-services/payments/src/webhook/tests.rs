//! Whose a webhook is, and what it says.

use super::*;
use serde_json::json;
use tillroll_schemas::RefundId;
use tillroll_schemas::payment::{IntentId, Report};

const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;
const AT: u64 = 1_492_774_577;

fn secret(text: &str) -> WebhookSecret {
    WebhookSecret::new(text).unwrap()
}

fn check(header: &str, now: u64) -> Result<(), SignatureError> {
    verify(header, BODY, &[secret("whsec_test")], now)
}

/// The tag, made without this module: `printf '%s' '1492774577.{"id":"evt_1","object":"event"}' |
/// openssl dgst -sha256 -hmac whsec_test`.
const TAG: &str = "da4a28bb1e8ecf97feff14bd141aa183c9cbe6a13dcfb1a2ace8dc472e62593b";

#[test]
fn a_signature_that_openssl_makes_fits() {
    assert_eq!(check(&format!("t={AT},v1={TAG}"), AT), Ok(()));
    assert_eq!(secret("whsec_test").sign(AT, BODY), format!("t={AT},v1={TAG}"));
}

#[test]
fn other_schemes_and_further_signatures_do_not_matter() {
    let zeros = "0".repeat(64);
    assert_eq!(check(&format!("t={AT},v1={zeros},v1={TAG},v0={zeros}"), AT), Ok(()));
    assert_eq!(check(&format!("t={AT}, v0={TAG}"), AT), Err(SignatureError::Malformed), "v0 is for tests of Stripe's");
    assert_eq!(check(&format!("t={AT},v1={zeros}"), AT), Err(SignatureError::Mismatch));
}

#[test]
fn any_bit_that_differs_is_noticed() {
    let header = format!("t={AT},v1={TAG}");
    for place in 0..BODY.len() {
        let mut body = BODY.to_vec();
        body[place] ^= 1;
        assert_eq!(verify(&header, &body, &[secret("whsec_test")], AT), Err(SignatureError::Mismatch));
    }
    assert_eq!(verify(&header, BODY, &[secret("whsec_tesu")], AT), Err(SignatureError::Mismatch));
    assert_eq!(check(&format!("t={},v1={TAG}", AT + 1), AT), Err(SignatureError::Mismatch), "the time is signed, too");
    assert_eq!(check(&format!("t={AT},v1={}", &TAG[..62]), AT), Err(SignatureError::Malformed), "cut short");
    assert_eq!(verify(&header, BODY, &[], AT), Err(SignatureError::Mismatch));
}

#[test]
fn a_signature_holds_for_five_minutes_both_ways() {
    let header = format!("t={AT},v1={TAG}");
    for now in [AT - 300, AT, AT + 300] {
        assert_eq!(check(&header, now), Ok(()));
    }
    for now in [AT - 301, AT + 301, 0, u64::MAX] {
        assert_eq!(check(&header, now), Err(SignatureError::OutOfTolerance));
    }
}

#[test]
fn a_secret_is_replaced_while_both_are_good() {
    let header = secret("whsec_new").sign(AT, BODY);
    assert_eq!(verify(&header, BODY, &[secret("whsec_old"), secret("whsec_new")], AT), Ok(()));
}

#[test]
fn what_is_no_signature_is_malformed() {
    let times = format!("t={AT},t={AT},v1={TAG}");
    for bad in ["", "x", "t=,v1=", "v1=00", &format!("t={AT}"), &format!("t={AT},v1=0g"), &times, "t=-1,v1=00"] {
        assert_eq!(check(bad, AT), Err(SignatureError::Malformed), "{bad}");
    }
}

/// Anybody may send one: what it costs must not grow with the header.
#[test]
fn a_header_of_thousands_of_signatures_is_refused_before_any_is_made() {
    let zeros = "0".repeat(64);
    for tag in ["", "00", zeros.as_str()] {
        let header = format!("t={AT},v1={TAG}{}", format!(",v1={tag}").repeat(8_000));
        let expected = if tag.len() == 64 { Err(SignatureError::Malformed) } else { Ok(()) };
        assert_eq!(check(&header, AT), expected, "{} digits", tag.len());
        let header = format!("t={AT}{}", format!(",v1={tag}").repeat(8_000));
        assert_eq!(check(&header, AT), Err(SignatureError::Malformed), "{} digits", tag.len());
    }
    let eight = format!("t={AT}{},v1={TAG}", format!(",v1={zeros}").repeat(7));
    assert_eq!(check(&eight, AT), Ok(()));
}

#[test]
fn a_secret_is_never_shown() {
    assert_eq!(format!("{:?}", secret("whsec_test")), "WebhookSecret(secret)");
    assert!(WebhookSecret::new("").is_none());
}

fn told(kind: &str, object: serde_json::Value) -> Option<Notice> {
    let body = json!({"id": "evt_1", "type": kind, "data": {"object": object}}).to_string();
    notice(body.as_bytes()).unwrap()
}

const PAYMENT: &str = "6f1c2a52-6c7e-5d0b-9b5e-2f1d7a0c4e11";

fn intent(status: &str) -> serde_json::Value {
    json!({"id": "pi_1", "status": status, "currency": "gbp", "amount_capturable": 500, "amount_received": 400,
        "metadata": {"payment_id": PAYMENT},
        "last_payment_error": {"code": "card_declined", "decline_code": "lost_card"}})
}

#[test]
fn a_webhook_says_how_its_intent_stands() {
    let gbp = |amount| tillroll_schemas::Money { amount, currency: tillroll_schemas::Currency::GBP };
    let expected = [
        ("requires_confirmation", Some(Report::Created)),
        ("requires_action", Some(Report::RequiresAction)),
        ("requires_payment_method", Some(Report::Declined { code: "lost_card".to_owned() })),
        ("processing", None),
        ("requires_capture", Some(Report::Authorised { amount: gbp(500) })),
        ("succeeded", Some(Report::Captured { amount: gbp(400) })),
        ("canceled", Some(Report::Cancelled)),
    ];
    for (status, report) in expected {
        let command = told("payment_intent.whatever", intent(status)).map(|notice| {
            assert_eq!(notice.payment.to_string(), PAYMENT);
            notice.command
        });
        let expected = report.map(|report| RecordReport { intent: Some(IntentId("pi_1".to_owned())), report }.into());
        assert_eq!(command, expected, "{status}");
    }
}

#[test]
fn a_webhook_says_how_its_refund_stands() {
    let refund = |status: &str| {
        json!({"id": "re_1", "status": status, "amount": 5, "currency": "gbp", "payment_intent": "pi_1",
            "failure_reason": "lost_or_stolen_card",
            "metadata": {"payment_id": PAYMENT, "refund_id": PAYMENT}})
    };
    let refund_id: RefundId = PAYMENT.parse().unwrap();
    let failed = Report::RefundRefused { refund_id, code: "lost_or_stolen_card".to_owned() };
    for (kind, status, report) in [
        ("refund.created", "succeeded", Report::Refunded { refund_id }),
        ("refund.updated", "pending", Report::Refunded { refund_id }),
        ("refund.failed", "failed", failed.clone()),
        ("charge.refund.updated", "canceled", failed),
    ] {
        let expected = RecordReport { intent: Some(IntentId("pi_1".to_owned())), report };
        assert_eq!(told(kind, refund(status)).map(|notice| notice.command), Some(expected.into()), "{kind}");
    }
}

#[test]
fn what_is_not_ours_says_nothing() {
    assert_eq!(told("customer.created", json!({"id": "cus_1"})), None);
    let mut strangers = intent("canceled");
    strangers["metadata"] = json!({});
    assert_eq!(told("payment_intent.canceled", strangers), None);
    assert!(notice(b"not json").is_err());
    let mut of_another_shop = intent("a status of next year");
    of_another_shop["metadata"] = json!({"order": 7});
    assert_eq!(told("payment_intent.canceled", of_another_shop), None);
    assert_eq!(told("payment_intent.canceled", json!({"id": 1, "metadata": null})), None);
    let ours = json!({"id": "evt_1", "type": "payment_intent.x", "data": {"object": intent("a status of next year")}});
    assert!(matches!(notice(ours.to_string().as_bytes()), Err(Unreadable::Json(_))));
}

/// It is answered with an error, so that the provider comes again and somebody hears of it.
#[test]
fn what_is_said_of_ours_and_not_known_here_is_not_taken_for_nothing() {
    let said = |kind: &str, object: &serde_json::Value| {
        notice(json!({"id": "evt_1", "type": kind, "data": {"object": object}}).to_string().as_bytes())
    };
    let mut refund = json!({"id": "re_1", "status": "failed", "amount": 5, "currency": "gbp", "payment_intent": "pi_1",
        "metadata": {"payment_id": PAYMENT, "refund_id": PAYMENT}});
    assert!(said("refund.failed", &refund).unwrap().is_some());
    for (field, unknown) in
        [("status", json!("a status of next year")), ("status", json!(null)), ("currency", json!("xx"))]
    {
        let known = refund[field].take();
        refund[field] = unknown;
        assert!(matches!(said("refund.failed", &refund), Err(Unreadable::Unknown)), "{refund}");
        refund[field] = known;
    }
    let mut paid = intent("succeeded");
    paid["currency"] = json!("xx");
    assert!(matches!(said("payment_intent.succeeded", &paid), Err(Unreadable::Unknown)));
}

#[test]
fn an_event_in_another_version_of_the_api_is_not_read() {
    let event = |version: &str, object: serde_json::Value| {
        json!({"id": "evt_1", "type": "payment_intent.x", "api_version": version, "data": {"object": object}})
            .to_string()
    };
    assert!(notice(event(API_VERSION, intent("canceled")).as_bytes()).unwrap().is_some());
    let other = notice(event("2099-01-01", intent("canceled")).as_bytes());
    assert!(matches!(other, Err(Unreadable::Version(version)) if version == "2099-01-01"));
    let strangers = json!({"id": "pi_1"});
    assert!(notice(event("2099-01-01", strangers).as_bytes()).unwrap().is_none());
}

#[test]
fn the_same_event_is_the_same_command() {
    let id = |event: &str| {
        let body = json!({"id": event, "type": "payment_intent.x", "data": {"object": intent("canceled")}}).to_string();
        notice(body.as_bytes()).unwrap().map(|notice| notice.command_id)
    };
    assert_eq!(id("evt_1"), id("evt_1"));
    assert_ne!(id("evt_1"), id("evt_2"));
}
