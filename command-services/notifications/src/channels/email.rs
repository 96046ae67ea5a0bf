//! E-mail by SMTP (RFC 5321): one connection per mail, so that each refusal is known by the step that it belongs to.

mod conversation;
mod message;

pub use message::Mail;

use super::{Outcome, Secret};
use conversation::{Progress, converse};
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Conversations at the same time. Mail servers refuse more from one client, and there are many recipients to a server.
const AT_ONCE: usize = 16;

/// Whether the conversation is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Never: for a server on the same machine.
    None,
    /// If the server offers STARTTLS. Somebody in between can take the offer away.
    Opportunistic,
    /// By STARTTLS, or nothing is said.
    #[default]
    Required,
    /// From the first byte on (RFC 8314; port 465).
    Implicit,
}

/// Who one is for the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// The mail server, and how mails are headed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailConfig {
    /// Its name, as its certificate has it.
    pub host: String,
    /// Its port: 587 as a rule.
    pub port: u16,
    /// Whether the conversation is encrypted.
    pub tls: Tls,
    /// A certificate (PEM) that is trusted besides the system's.
    pub trusted: Option<Vec<u8>>,
    /// Who one is, if the server asks. They are said over an encrypted connection only.
    pub credentials: Option<Credentials>,
    /// Whom mails are from: `The Shop <shop@shop.example>`.
    pub from: String,
    /// Where mails come back to that cannot be delivered: the envelope's sender.
    pub bounces_to: String,
    /// The domain of Message-IDs, and the name that the server is greeted with.
    pub domain: String,
}

/// A configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmailError {
    /// An address in it is none.
    #[error("{field} is no e-mail address")]
    Address {
        /// Which.
        field: &'static str,
        /// What is wrong.
        #[source]
        source: lettre::address::AddressError,
    },
    /// The trusted certificate cannot be read, or encryption cannot be set up.
    #[error("encryption cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// A password would be sent in the clear.
    #[error("credentials need an encrypted connection: TLS must be required or implicit")]
    PlainCredentials,
}

/// Sends mails. Cheap to share, holds no connection.
#[derive(Debug)]
pub struct Mailer {
    server: Server,
    from: Mailbox,
    bounces_to: Address,
    domain: String,
    at_once: Semaphore,
}

/// What a conversation needs to know of the server.
struct Server {
    host: String,
    port: u16,
    tls: Tls,
    parameters: Option<TlsParameters>,
    credentials: Option<authentication::Credentials>,
    hello: ClientId,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, tls, .. } = self;
        f.debug_struct("Server").field("host", host).field("port", port).field("tls", tls).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Checks the configuration; no connection is made.
    pub fn new(config: EmailConfig) -> Result<Self, EmailError> {
        let EmailConfig { host, port, tls, trusted, credentials, from, bounces_to, domain } = config;
        let encrypted = matches!(tls, Tls::Required | Tls::Implicit);
        if credentials.is_some() && !encrypted {
            return Err(EmailError::PlainCredentials);
        }
        let parameters = match tls {
            Tls::None => None,
            Tls::Opportunistic | Tls::Required | Tls::Implicit => Some(parameters(&host, trusted.as_deref())?),
        };
        let credentials = credentials
            .map(|Credentials { user, password }| authentication::Credentials::new(user, password.reveal().to_owned()));
        let address = |field| move |source| EmailError::Address { field, source };
        Ok(Self {
            from: from.parse().map_err(address("from"))?,
            bounces_to: bounces_to.parse().map_err(address("bounces_to"))?,
            server: Server { host, port, tls, parameters, credentials, hello: ClientId::Domain(domain.clone()) },
            domain,
            at_once: Semaphore::new(AT_ONCE),
        })
    }

    /// The domain of its Message-IDs.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Sends a mail once, within this time.
    pub async fn send(&self, mail: &Mail, within: Duration) -> Outcome {
        let message = match message::build(mail, &self.from, &self.bounces_to, &self.domain) {
            Ok(message) => message,
            Err(unusable) => return Outcome::Rejected(unusable.code().to_owned()),
        };
        let mut progress = Progress::default();
        let mut connection = None;
        let conversation = async {
            let _turn = self.at_once.acquire().await;
            converse(&self.server, &message, &mut progress, &mut connection).await
        };
        let outcome = tokio::time::timeout(within, conversation).await;
        let outcome = outcome.unwrap_or_else(|_| progress.cut("timed_out"));
        // What became of the mail is known: nobody waits for the goodbye.
        if let Some(connection) = connection {
            tillroll_telemetry::spawn("smtp goodbye", conversation::part(connection));
        }
        outcome
    }
}

fn parameters(host: &str, trusted: Option<&[u8]>) -> Result<TlsParameters, EmailError> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(pem) = trusted {
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(EmailError::Tls)?);
    }
    parameters.build_rustls().map_err(EmailError::Tls)
}
