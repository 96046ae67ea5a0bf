//! What stands in a mail.

use super::server::{PLENTY, Script, Server, mail};
use tillroll_notifications::channels::{Mail, Outcome};
use tillroll_notifications::message_id::read_message_id;
use tillroll_schemas::notification::Channel;

#[tokio::test]
async fn a_mail_goes_from_the_bounce_address_to_its_recipient_with_text_and_html() {
    let server = Server::start(Script::default()).await;
    assert_eq!(server.mailer().send(&mail(), PLENTY).await, Outcome::Sent);
    let [got] = server.mails().try_into().unwrap();
    assert_eq!(
        (got.from.as_str(), got.to.as_slice()),
        ("bounces@shop.example", &["anna@customers.example".to_owned()][..])
    );
    assert!(got.header("From").unwrap().ends_with("<shop@shop.example>"), "{:?}", got.header("From"));
    assert_eq!(got.header("To").unwrap(), "anna@customers.example");
    assert_eq!(got.header("Auto-Submitted").unwrap(), "auto-generated");
    assert!(got.header("Date").is_some());
    assert!(got.header("Content-Type").unwrap().starts_with("multipart/alternative"));
    assert!(got.data.is_ascii() && got.data.contains("text/plain") && got.data.contains("text/html"), "{}", got.data);
    assert!(got.data.contains("Hello,\r\n.\r\nit is on its way."), "a lonely dot is text: {}", got.data);
    tillroll_testkit::until("a goodbye", async || server.heard("QUIT")).await;
}

#[tokio::test]
async fn a_second_delivery_has_the_message_id_of_the_first() {
    let server = Server::start(Script::default()).await;
    let other_mailer = server.mailer();
    assert_eq!(server.mailer().send(&mail(), PLENTY).await, Outcome::Sent);
    assert_eq!(other_mailer.send(&mail(), PLENTY).await, Outcome::Sent);
    let ids: Vec<_> = server.mails().iter().map(|got| got.header("Message-ID").unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(read_message_id(&ids[0], "shop.example"), Some((mail().notification, Channel::Email)));
}

#[tokio::test]
async fn a_mail_that_can_be_switched_off_says_where() {
    let server = Server::start(Script::default()).await;
    let unsubscribe = Some("https://shop.example/preferences/delivery".to_owned());
    server.mailer().send(&Mail { unsubscribe, ..mail() }, PLENTY).await;
    server.mailer().send(&mail(), PLENTY).await;
    let [with, without] = server.mails().try_into().unwrap();
    assert_eq!(with.header("List-Unsubscribe").unwrap(), "<https://shop.example/preferences/delivery>");
    assert_eq!(without.header("List-Unsubscribe"), None);
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_a_word_to_the_server() {
    let server = Server::start(Script::default()).await;
    for to in ["", "anna", "anna@customers.example\r\nRCPT TO:<x@y.example>", "anna@customers.example, x@y.example"] {
        let outcome = server.mailer().send(&Mail { to: to.to_owned(), ..mail() }, PLENTY).await;
        assert_eq!(outcome, Outcome::Rejected("invalid_address".to_owned()), "{to:?}");
    }
    assert!(!server.heard("EHLO"));
}

#[tokio::test]
async fn a_subject_cannot_add_a_header() {
    let server = Server::start(Script::default()).await;
    let mut mail = mail();
    mail.written.subject = "Hello\r\nBcc: everybody@customers.example".to_owned();
    assert_eq!(server.mailer().send(&mail, PLENTY).await, Outcome::Sent);
    assert!(server.mails().iter().all(|got| got.header("Bcc").is_none()), "{:?}", server.mails());
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_it() {
    let server = Server::start(Script::default()).await;
    let mail = Mail { to: "ännä@customers.example".to_owned(), ..mail() };
    assert_eq!(server.mailer().send(&mail, PLENTY).await, Outcome::Rejected("no_smtputf8".to_owned()));
}

#[tokio::test]
async fn a_domain_beyond_ascii_is_one_that_every_server_takes() {
    let server = Server::start(Script::default()).await;
    let mail = Mail { to: "anna@müller.example".to_owned(), ..mail() };
    assert_eq!(server.mailer().send(&mail, PLENTY).await, Outcome::Sent);
    let [got] = server.mails().try_into().unwrap();
    assert_eq!(got.to, ["anna@xn--mller-kva.example"]);
    assert_eq!(got.header("To").unwrap(), "anna@xn--mller-kva.example");
    assert!(got.data.is_ascii(), "{}", got.data);
}
