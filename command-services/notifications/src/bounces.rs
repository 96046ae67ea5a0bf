//! Mails that came back: reads delivery status notifications (RFC 3464, RFC 3461) for the notification that they are
//! about. Of the recipient, whom they name, nothing is kept.

use crate::message_id::read_message_id;
use mail_parser::{HeaderValue, Message, MessageParser, MessagePart, MimeHeaders};
use tillroll_schemas::NotificationId;
use tillroll_schemas::notification::{Channel, RecordBounce};

/// So many groups of fields are read. Our mails have one recipient, and anybody may send a report of any number.
const MOST_GROUPS: usize = 64;
/// The status where a report names none that is one: a failure, nothing more is known (RFC 3463).
const UNDEFINED: &str = "5.0.0";

/// A mail that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Of which notification.
    pub notification: NotificationId,
    /// Why (RFC 3463): `5.1.1`.
    pub status: String,
}

impl Bounce {
    /// The command that records it at its notification.
    pub fn command(&self) -> RecordBounce {
        RecordBounce { channel: Channel::Email, status: self.status.clone() }
    }
}

/// What a mail to the bounce address says; nothing if it is no report of a failed delivery, or not of a mail whose
/// Message-ID is of this domain. Reports of delays and of success are none.
pub fn read_bounce(mail: &[u8], domain: &str) -> Option<Bounce> {
    let message = MessageParser::default().parse(mail)?;
    let report = message.parts.iter().find(|part| is_of_type(part, "message", "delivery-status"))?;
    let fields = fields(report.contents());
    let failed = fields.iter().find(|of| of.header_raw("Action").is_some_and(|it| is_word(it, "failed")))?;
    let status = failed.header_raw("Status").and_then(status_of).unwrap_or(UNDEFINED).to_owned();
    let notification = notification_of(&message, &fields, domain)?;
    Some(Bounce { notification, status })
}

/// The groups of fields of a report: one about the message, then one about each recipient (RFC 3464, section 2.1).
fn fields(report: &[u8]) -> Vec<Message<'static>> {
    let text = String::from_utf8_lossy(report).replace("\r\n", "\n");
    let groups = text.split("\n\n").map(str::trim).filter(|group| !group.is_empty());
    let read = |group: &str| MessageParser::default().parse(&format!("{group}\n\n")).map(Message::into_owned);
    groups.take(MOST_GROUPS).filter_map(read).collect()
}

/// Of which notification the mail was: by its own headers, which most reports give back, or by what the report says.
fn notification_of(message: &Message<'_>, fields: &[Message<'_>], domain: &str) -> Option<NotificationId> {
    let returned = message.parts.iter().filter_map(returned_id);
    let said =
        fields.iter().flat_map(|of| [of.header_raw("Original-Message-ID"), of.header_raw("X-Original-Message-ID")]);
    let said = said.flatten().map(str::to_owned);
    let thread = ids(message.in_reply_to()).into_iter().chain(ids(message.references()));
    let mut ours = returned.chain(said).chain(thread).filter_map(|id| read_message_id(&id, domain));
    ours.find(|(_, channel)| *channel == Channel::Email).map(|(notification, _)| notification)
}

/// The Message-ID of the mail that is given back, whole or by its headers alone.
fn returned_id(part: &MessagePart<'_>) -> Option<String> {
    if let Some(whole) = part.message() {
        return whole.message_id().map(str::to_owned);
    }
    let headers = is_of_type(part, "text", "rfc822-headers") || is_of_type(part, "message", "global-headers");
    let headers = headers.then(|| MessageParser::default().parse(part.contents()))??;
    headers.message_id().map(str::to_owned)
}

fn ids(header: &HeaderValue<'_>) -> Vec<String> {
    let one = header.as_text().map(str::to_owned);
    let many = header.as_text_list().unwrap_or_default().iter().map(ToString::to_string);
    one.into_iter().chain(many).collect()
}

fn is_of_type(part: &MessagePart<'_>, c_type: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|of| {
        of.ctype().eq_ignore_ascii_case(c_type) && of.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case(subtype))
    })
}

/// The first word of a field, comments aside.
fn is_word(field: &str, word: &str) -> bool {
    let first = field.split(|c: char| c.is_whitespace() || c == ';' || c == '(').find(|part| !part.is_empty());
    first.is_some_and(|first| first.eq_ignore_ascii_case(word))
}

/// A status of RFC 3463 that says "failed": `5.1.1`, or `4.4.7` for one that failed for too long.
fn status_of(field: &str) -> Option<&str> {
    let status = field.split(|c: char| c.is_whitespace() || c == '(').find(|part| !part.is_empty())?;
    let parts: Vec<&str> = status.split('.').collect();
    let digits = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let [class, subject, detail] = parts.as_slice() else { return None };
    (matches!(*class, "4" | "5") && digits(subject) && digits(detail)).then_some(status)
}

#[cfg(test)]
mod tests;
