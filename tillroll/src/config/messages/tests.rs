//! What the environment may say of messages, and what it is told if it may not.

use super::*;
use crate::config::Variables;

fn config(environment: &[(&str, &str)]) -> Config {
    let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Config::from_variables(Variables::read(environment).unwrap()).unwrap()
}

fn problem(environment: &[(&str, &str)]) -> String {
    config(environment).messages().err().map(|error| error.to_string()).unwrap_or_default()
}

const PRODUCTION: (&str, &str) = ("TILLROLL_ENVIRONMENT", "production");
const SERVER: (&str, &str) = (SMTP_URL, "smtp://mail.shop.example");
const PAGES: (&str, &str) = (PUBLIC_URL, "https://shop.example");

#[test]
fn development_needs_nothing_and_keeps_mails_itself() {
    let messages = config(&[]).messages().unwrap();
    assert!(messages.smtp.is_none() && messages.sms.is_none() && messages.push.is_none());
    assert_eq!(
        (messages.domain.as_str(), messages.public_url.as_str()),
        ("localhost.localdomain", "http://127.0.0.1:8080")
    );
}

#[test]
fn production_refuses_to_start_without_a_mail_server_and_an_address_for_links() {
    assert!(problem(&[PRODUCTION, PAGES]).starts_with(SMTP_URL));
    assert!(problem(&[PRODUCTION, SERVER]).starts_with(PUBLIC_URL));
    assert!(problem(&[PRODUCTION, SERVER, (PUBLIC_URL, "http://shop.example")]).starts_with(PUBLIC_URL));
    assert_eq!(problem(&[PRODUCTION, SERVER, PAGES]), "");
}

#[test]
fn a_mail_server_is_spoken_to_under_encryption_unless_it_is_said_otherwise() {
    let place = |url| place_of(url).unwrap();
    assert_eq!(place("smtp://mail.example"), ("mail.example".to_owned(), 587, Tls::Required));
    assert_eq!(place("smtp://mail.example:2525"), ("mail.example".to_owned(), 2525, Tls::Required));
    assert_eq!(place("smtps://mail.example"), ("mail.example".to_owned(), 465, Tls::Implicit));
    assert_eq!(place("smtp://mail.example?tls=opportunistic"), ("mail.example".to_owned(), 587, Tls::Opportunistic));
    assert_eq!(place("smtp://127.0.0.1:1025?tls=none"), ("127.0.0.1".to_owned(), 1025, Tls::None));
    for wrong in
        ["mail.example", "http://mail.example", "smtp://mail.example?tls=maybe", "smtps://mail.example?tls=none"]
    {
        assert!(place_of(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_password_stands_in_no_url_and_in_no_message() {
    let refused = problem(&[(SMTP_URL, "smtp://shop:canary@mail.example")]);
    assert!(refused.contains("TILLROLL_SMTP_USER") && !refused.contains("canary"), "{refused}");
    let set = [SERVER, ("TILLROLL_SMTP_USER", "shop"), ("TILLROLL_SMTP_PASSWORD", "canary")];
    let server = config(&set).messages().unwrap().smtp.unwrap();
    let credentials = server.credentials.unwrap();
    assert_eq!(credentials.password.reveal(), "canary");
    assert!(!format!("{credentials:?}").contains("canary"));
    assert!(problem(&[SERVER, ("TILLROLL_SMTP_USER", "shop")]).starts_with("TILLROLL_SMTP_PASSWORD"));
    assert!(problem(&[SERVER, ("TILLROLL_SMTP_PASSWORD", "canary")]).starts_with("TILLROLL_SMTP_USER"));
}

#[test]
fn a_secret_may_stand_in_a_file_and_only_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
    let file = ("TILLROLL_PUSH_SECRET_FILE", path.to_str().unwrap());
    let url = ("TILLROLL_PUSH_URL", "https://push.example/messages");
    let push = config(&[url, file]).messages().unwrap().push.unwrap();
    assert_eq!(push.secret.reveal(), "0123456789abcdef0123456789abcdef");
    assert!(problem(&[url, file, ("TILLROLL_PUSH_SECRET", "x")]).starts_with("TILLROLL_PUSH_SECRET_FILE"));
    assert!(problem(&[url]).starts_with("TILLROLL_PUSH_SECRET"));
    assert!(problem(&[url, ("TILLROLL_PUSH_SECRET_FILE", "/nowhere")]).contains("/nowhere"));
}

#[test]
fn whom_mails_are_from_has_an_address() {
    assert_eq!(address_of("The Shop <shop@shop.example>"), Some("shop@shop.example"));
    assert_eq!(address_of("shop@shop.example"), Some("shop@shop.example"));
    assert!(problem(&[(MAIL_FROM, "The Shop")]).starts_with(MAIL_FROM));
    let messages = config(&[(MAIL_FROM, "The Shop <shop@shop.example>")]).messages().unwrap();
    assert_eq!((messages.bounces_to.as_str(), messages.domain.as_str()), ("shop@shop.example", "shop.example"));
}
