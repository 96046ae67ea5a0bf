//! One SMTP conversation, step by step. What goes wrong before the mail's text is on its way has sent nothing; what goes
//! wrong after that, without an answer, may have. A refusal counts against the mail only if it is about the mailbox or the
//! mail: one about us is given for every other mail as well, at whatever step, and passes when that is mended.

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

/// Permanent codes that are about the mailbox where nothing says it better (RFC 5321, section 4.2.3). Others than these are
/// said of the recipient when the client is meant: many servers answer for it only there.
const OF_THE_MAILBOX: [&str; 3] = ["550", "551", "553"];

/// The status at the beginning of the server's text (RFC 2034, RFC 3463): `5.1.1`. Nothing else of the text is kept, for
/// it may name the address.
fn enhanced_status(error: &Error) -> Option<String> {
    let text = std::error::Error::source(error)?.to_string();
    let word = text.split_whitespace().next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let digits = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let [class, subject, detail] = parts.as_slice() else { return None };
    (matches!(*class, "4" | "5") && digits(subject) && digits(detail)).then(|| word.to_owned())
}

/// Whether a permanent status is about us, our way or the server, and not about the mailbox (5.1, 5.2) or the mail (5.6).
fn is_about_us(status: &str) -> bool {
    let subject = status.split('.').nth(1).unwrap_or_default();
    // The sender's own address is one of 5.1 too, and a mail that is too large one of 5.3.
    let of_the_sender = ["5.1.7", "5.1.8"].contains(&status);
    of_the_sender || !(["1", "2", "6"].contains(&subject) || status == "5.3.4")
}

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
        let Some(code) = error.status().map(|code| code.to_string()) else { return self.cut(self.word_for(error)) };
        let enhanced = enhanced_status(error);
        let of_the_mail = match (&enhanced, self) {
            _ if ABOUT_US.contains(&code.as_str()) || self == Self::Introducing => false,
            // Who has read it all refuses what he has read.
            (_, Self::Writing) => true,
            (Some(status), _) => !is_about_us(status),
            (None, _) => OF_THE_MAILBOX.contains(&code.as_str()),
        };
        let told = enhanced.unwrap_or(code);
        match error.is_permanent() && of_the_mail {
            true => Outcome::Rejected(told),
            false => Outcome::Later(told),
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

/// Sends the message. `progress` says how far it came, also if the future is dropped; a connection on which the mail was
/// answered for stands in `open`, to be parted from.
pub(super) async fn converse(
    server: &Server,
    message: &Message,
    progress: &mut Progress,
    open: &mut Option<AsyncSmtpConnection>,
) -> Outcome {
    let mut connection = match introduce(server).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(why)) => return Outcome::Later(why.to_owned()),
        Err(error) => return progress.failed(&error),
    };
    let outcome = match transact(&mut connection, message, progress).await {
        Ok(outcome) => outcome,
        Err(error) => progress.failed(&error),
    };
    *open = Some(connection);
    outcome
}

/// Says goodbye, however that ends.
pub(super) async fn part(mut connection: AsyncSmtpConnection) {
    let _ = tokio::time::timeout(QUIT_WITHIN, connection.quit()).await;
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
