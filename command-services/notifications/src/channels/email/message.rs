//! A mail as it goes over the wire: headers, text and HTML side by side, all of it ASCII.

use crate::message_id::message_id;
use crate::templates::Written;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::borrow::Cow;
use std::fmt;
use tillroll_schemas::NotificationId;
use tillroll_schemas::notification::Channel;

/// One mail to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Of which notification: the Message-ID is made of it.
    pub notification: NotificationId,
    /// The address.
    pub to: String,
    /// What it says.
    pub written: Written,
    /// Where such mails are switched off, if they can be.
    pub unsubscribe: Option<String>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("notification", &self.notification).finish_non_exhaustive()
    }
}

/// Why a mail cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// The address is none.
    Address,
    /// The mail has no form.
    Mail,
}

impl Unusable {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Address => "invalid_address",
            Self::Mail => "invalid_mail",
        }
    }
}

/// The mail and its envelope.
pub(super) fn build(mail: &Mail, from: &Mailbox, bounces_to: &Address, domain: &str) -> Result<Message, Unusable> {
    let to: Address = with_ascii_domain(&mail.to).parse().map_err(|_| Unusable::Address)?;
    let envelope = Envelope::new(Some(bounces_to.clone()), vec![to.clone()]).map_err(|_| Unusable::Address)?;
    let mut message = Message::builder()
        .envelope(envelope)
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.written.subject.clone())
        .message_id(Some(message_id(mail.notification, Channel::Email, domain)))
        .header(AutoSubmitted);
    if let Some(url) = &mail.unsubscribe {
        message = message.header(ListUnsubscribe(url.clone()));
    }
    let text = mail.written.text.clone();
    let built = match mail.written.html.clone() {
        Some(html) => message.multipart(MultiPart::alternative_plain_html(text, html)),
        None => message.singlepart(SinglePart::plain(text)),
    };
    built.map_err(|_| Unusable::Mail)
}

/// A domain beyond ASCII goes as its A-label (RFC 5891), which every server takes; only a name before the @ beyond ASCII
/// needs SMTPUTF8.
fn with_ascii_domain(address: &str) -> Cow<'_, str> {
    match address.rsplit_once('@') {
        Some((name, domain)) if !domain.is_ascii() => {
            idna::domain_to_ascii(domain).map_or(address.into(), |domain| format!("{name}@{domain}").into())
        }
        Some(_) | None => address.into(),
    }
}

type ParseError = Box<dyn std::error::Error + Send + Sync>;

/// No person wrote this, so no vacation programme need answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, ParseError> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Where mails like this are switched off (RFC 2369).
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, ParseError> {
        Ok(Self(text.trim_matches(['<', '>']).to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}
