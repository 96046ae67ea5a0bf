//! One SMTP conversation, step by step. What goes wrong before the mail's text is on its way has sent nothing; what goes
//! wrong after that, without an answer, may have. A refusal counts against the mail only from the recipient on: before,
//! it is about us, and every other mail would be refused as well.

use super::{Outcome, Server, Tls};
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailParameter};
use std::time::Duration;

/// How long the goodbye may take. The mail is sent already.
const QUIT_WITHIN: Duration = Duration::from_secs(2);

/// Permanent codes about our credentials and encryption, wherever they come (RFC 4954, section 6).
const ABOUT_US: [&str; 4] = ["530", "534", "535", "538"];

/// How far a conversation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// We introduce ourselves: connection, encryption, credentials, sender.
    #[default]
    Introducing,
    /// The server hears for whom it is, and that a text comes.
    Addressing,
    /// The text is on its way.
    Writing,
}

impl Progress {
    /// The conversation ended here without an answer.
    pub(super) fn cut(self, why: &str) -> Outcome {
        match self {
            Self::Introducing | Self::Addressing => Outcome::Later(why.to_owned()),
            Self::Writing => Outcome::Unknown,
        }
    }

    /// The conversation failed here.
    fn failed(self, error: &Error) -> Outcome {
        let code = error.status().map(|code| code.to_string());
        match (self, code) {
            (_, None) => self.cut(self.word_for(error)),
            (_, Some(code)) if ABOUT_US.contains(&code.as_str()) => Outcome::Later(code),
            (Self::Addressing | Self::Writing, Some(code)) if error.is_permanent() => Outcome::Rejected(code),
            (Self::Introducing | Self::Addressing | Self::Writing, Some(code)) => Outcome::Later(code),
        }
    }

    fn word_for(self, error: &Error) -> &'static str {
        match self {
            _ if error.is_timeout() => "timed_out",
            _ if error.is_tls() => "tls_failed",
            // The server offers nothing that we can use.
            _ if error.is_client() => "not_possible",
            Self::Introducing => "unreachable",
            Self::Addressing | Self::Writing => "disconnected",
        }
    }
}

/// Sends the message. `progress` says how far it came, also if the future is dropped.
pub(super) async fn converse(server: &Server, message: &Message, progress: &mut Progress) -> Outcome {
    let mut connection = match introduce(server).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(why)) => return Outcome::Later(why.to_owned()),
        Err(error) => return progress.failed(&error),
    };
    let outcome = match transact(&mut connection, message, progress).await {
        Ok(outcome) => outcome,
        Err(error) => progress.failed(&error),
    };
    // What became of the mail is known: however the goodbye ends.
    let _ = tokio::time::timeout(QUIT_WITHIN, connection.quit()).await;
    outcome
}

/// A connection that is encrypted and authenticated as it has to be, or why it cannot be.
async fn introduce(server: &Server) -> Result<Result<AsyncSmtpConnection, &'static str>, Error> {
    let Server { host, port, tls, parameters, credentials, hello } = server;
    let implicit = parameters.clone().filter(|_| *tls == Tls::Implicit);
    let at = (host.as_str(), *port);
    let mut connection = AsyncSmtpConnection::connect_tokio1(at, None, hello, implicit, None).await?;
    if let (Tls::Opportunistic | Tls::Required, Some(parameters)) = (tls, parameters) {
        if connection.can_starttls() {
            connection.starttls(parameters.clone(), hello).await?;
        } else if *tls == Tls::Required {
            return Ok(Err("no_starttls"));
        }
    }
    if let Some(credentials) = credentials {
        let mechanisms = [super::authentication::Mechanism::Plain, super::authentication::Mechanism::Login];
        connection.auth(&mechanisms, credentials).await?;
    }
    Ok(Ok(connection))
}

async fn transact(
    connection: &mut AsyncSmtpConnection,
    message: &Message,
    progress: &mut Progress,
) -> Result<Outcome, Error> {
    let envelope = message.envelope();
    let mut parameters = Vec::new();
    if envelope.to().iter().any(|address| !address.to_string().is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Ok(Outcome::Rejected("no_smtputf8".to_owned()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await?;
    *progress = Progress::Addressing;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
    }
    connection.command(Data).await?;
    *progress = Progress::Writing;
    connection.message(&message.formatted()).await?;
    Ok(Outcome::Sent)
}
