//! TLS: required, opportunistic, implicit; certificates that nobody vouches for; passwords.

use super::server::{PLENTY, Script, Server, mail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use tillroll_notifications::channels::{Credentials, EmailConfig, EmailError, Mailer, Outcome, Secret, Tls};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A certificate that only its owner vouches for, as PEM, and what a server needs to use it.
fn self_signed(name: &str) -> (Vec<u8>, TlsAcceptor) {
    let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    (own.cert.pem().into_bytes(), TlsAcceptor::from(Arc::new(config)))
}

fn script(acceptor: &TlsAcceptor) -> Script {
    Script { starttls: Some(acceptor.clone()), ..Script::default() }
}

async fn sent(server: &Server, tls: Tls, trusted: Option<Vec<u8>>) -> Outcome {
    let mailer = Mailer::new(EmailConfig { tls, trusted, ..server.config() }).unwrap();
    mailer.send(&mail(), PLENTY).await
}

#[tokio::test]
async fn where_it_is_required_the_mail_goes_encrypted() {
    let (certificate, acceptor) = self_signed("localhost");
    let server = Server::start(script(&acceptor)).await;
    assert_eq!(sent(&server, Tls::Required, Some(certificate.clone())).await, Outcome::Sent);
    assert_eq!(sent(&server, Tls::Opportunistic, Some(certificate)).await, Outcome::Sent);
    assert!(server.mails().len() == 2 && server.mails().iter().all(|got| got.encrypted));
}

#[tokio::test]
async fn it_may_be_encrypted_from_the_first_byte() {
    let (certificate, acceptor) = self_signed("localhost");
    let server = Server::start(Script { implicit: true, ..script(&acceptor) }).await;
    assert_eq!(sent(&server, Tls::Implicit, Some(certificate)).await, Outcome::Sent);
    assert!(server.mails()[0].encrypted);
}

#[tokio::test]
async fn a_server_that_does_not_offer_it_gets_no_mail_where_it_is_required() {
    let server = Server::start(Script::default()).await;
    assert_eq!(sent(&server, Tls::Required, None).await, Outcome::Later("no_starttls".to_owned()));
    assert!(!server.heard("MAIL"));
    assert_eq!(sent(&server, Tls::Opportunistic, None).await, Outcome::Sent);
    assert!(!server.mails()[0].encrypted);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_or_of_another_name_gets_no_mail() {
    let (_, acceptor) = self_signed("localhost");
    let (other, other_acceptor) = self_signed("elsewhere.example");
    for tls in [Tls::Required, Tls::Opportunistic] {
        let server = Server::start(script(&acceptor)).await;
        assert!(matches!(sent(&server, tls, None).await, Outcome::Later(_)));
        let elsewhere = Server::start(script(&other_acceptor)).await;
        assert!(matches!(sent(&elsewhere, tls, Some(other.clone())).await, Outcome::Later(_)));
        assert!(!server.heard("MAIL") && !elsewhere.heard("MAIL"));
    }
}

#[tokio::test]
async fn a_password_is_said_over_an_encrypted_connection_and_a_wrong_one_is_no_refusal_of_the_mail() {
    let (certificate, acceptor) = self_signed("localhost");
    let auth = Some(STANDARD.encode("\0shop\0canary"));
    let server = Server::start(Script { auth, ..script(&acceptor) }).await;
    let with = |password: &str| {
        let credentials = Some(Credentials { user: "shop".to_owned(), password: Secret::new(password) });
        let trusted = Some(certificate.clone());
        Mailer::new(EmailConfig { tls: Tls::Required, trusted, credentials, ..server.config() }).unwrap()
    };
    assert_eq!(with("canary").send(&mail(), PLENTY).await, Outcome::Sent);
    assert_eq!(with("wrong").send(&mail(), PLENTY).await, Outcome::Later("5.7.8".to_owned()));
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_password_is_never_said_in_the_clear_nor_shown() {
    let server = Server::start(Script::default()).await;
    let credentials = Some(Credentials { user: "shop".to_owned(), password: Secret::new("canary") });
    for tls in [Tls::None, Tls::Opportunistic] {
        let config = EmailConfig { tls, credentials: credentials.clone(), ..server.config() };
        assert!(matches!(Mailer::new(config), Err(EmailError::PlainCredentials)));
    }
    let config = EmailConfig { tls: Tls::Required, credentials, ..server.config() };
    let shown = format!("{config:?} {:?} {:?}", Mailer::new(config.clone()).unwrap(), mail());
    assert!(!shown.contains("canary") && !shown.contains("anna"), "{shown}");
}
