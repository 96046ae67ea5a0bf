//! What is signed, what a status means, and what of it is never shown.

use super::*;

fn config(url: &str) -> WebhookConfig {
    WebhookConfig { url: url.to_owned(), secret: Secret::new("canary".repeat(6)), allow_plain: false }
}

#[test]
fn a_status_is_a_yes_a_no_for_good_or_a_later() {
    let later = |code: &str| Outcome::Later(code.to_owned());
    let cases = [
        (200, Outcome::Sent),
        (202, Outcome::Sent),
        (400, Outcome::Rejected("400".to_owned())),
        (401, later("401")),
        (410, Outcome::Rejected("410".to_owned())),
        (422, Outcome::Rejected("422".to_owned())),
        (429, later("429")),
        (302, later("302")),
        (500, later("500")),
        (503, later("503")),
    ];
    for (status, outcome) in cases {
        assert_eq!(judged(StatusCode::from_u16(status).unwrap()), outcome, "{status}");
    }
}

#[test]
fn the_signature_is_the_mac_of_time_and_body() {
    let secret = Secret::new("0123456789abcdef0123456789abcdef");
    let webhook = Webhook::new(&WebhookConfig { secret, ..config("https://sms.example/") }).unwrap();
    // printf '1700000000.{}' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    let expected = "417adf36b901772f658597a76d329694e335e65fc0849d7715c3ca33406309b5";
    assert_eq!(webhook.signature(1_700_000_000, b"{}"), format!("t=1700000000,v1={expected}"));
    assert_ne!(webhook.signature(1_700_000_001, b"{}").split_once(",v1=").unwrap().1, expected);
}

#[test]
fn a_webhook_needs_https_a_host_and_a_long_secret() {
    assert!(matches!(Webhook::new(&config("http://sms.example/")), Err(WebhookError::Plain)));
    assert!(matches!(Webhook::new(&config("sms.example")), Err(WebhookError::Url)));
    assert!(matches!(Webhook::new(&config("/messages")), Err(WebhookError::Url)));
    assert!(matches!(Webhook::new(&config("ftp://sms.example/")), Err(WebhookError::Url)));
    let short = WebhookConfig { secret: Secret::new("short"), ..config("https://sms.example/") };
    assert!(matches!(Webhook::new(&short), Err(WebhookError::ShortSecret)));
    let plain = WebhookConfig { allow_plain: true, ..config("http://127.0.0.1:1/") };
    assert!(Webhook::new(&plain).is_ok());
}

#[test]
fn secrets_and_addresses_are_never_shown() {
    let config = config("https://sms.example/");
    let message = WebhookMessage {
        notification: NotificationId(uuid::Uuid::nil()),
        channel: Channel::Sms,
        to: "canary".to_owned(),
        title: "canary".to_owned(),
        text: "canary".to_owned(),
    };
    let shown = format!("{config:?} {:?} {message:?}", Webhook::new(&config).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
}
