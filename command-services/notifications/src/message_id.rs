//! One Message-ID per notification and channel, made of nothing but its id: a second delivery has the same, so that a
//! mailbox can drop it, and a mail that comes back names its notification (RFC 5322, section 3.6.4).

use tillroll_schemas::NotificationId;
use tillroll_schemas::notification::Channel;

/// `<6f1c2a52-….email@shop.example>`; for other channels than e-mail it serves as the idempotency key.
pub fn message_id(notification: NotificationId, channel: Channel, domain: &str) -> String {
    format!("<{notification}.{}@{domain}>", channel.as_str())
}

/// The notification and channel of a Message-ID of this domain, with or without its angle brackets; nothing if it is
/// not one of ours.
pub fn read_message_id(text: &str, domain: &str) -> Option<(NotificationId, Channel)> {
    let (read, at) = read_under_any_domain(text)?;
    at.eq_ignore_ascii_case(domain).then_some(read)
}

/// The same whatever its domain, and this: the shop may have sent mails under another one before. Only whoever compares
/// the id with those that there are may rely on it.
pub fn read_under_any_domain(text: &str) -> Option<((NotificationId, Channel), &str)> {
    let text = text.trim();
    let text = text.strip_prefix('<').unwrap_or(text);
    let text = text.strip_suffix('>').unwrap_or(text);
    let (local, at) = text.rsplit_once('@')?;
    let (id, channel) = local.split_once('.')?;
    let channel = Channel::ALL.into_iter().find(|known| known.as_str() == channel)?;
    Some(((id.parse().ok()?, channel), at))
}

#[cfg(test)]
mod tests;
