//! The ways out: e-mail by SMTP, text and push messages by a webhook. Each is asked once and says what became of it; it
//! never tries again by itself, for the notification does.

mod email;
mod secret;
mod webhook;

pub use email::{Credentials, EmailConfig, EmailError, Mail, Mailer, Tls};
pub use secret::Secret;
pub use webhook::{SIGNATURE, Webhook, WebhookConfig, WebhookError, WebhookMessage};

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side took the message.
    Sent,
    /// It refuses this message for good, with this code.
    Rejected(String),
    /// It has not taken the message and may later; its code, or what was the matter.
    Later(String),
    /// Nobody knows: the connection ended, or time ran out, when the message may have been taken.
    Unknown,
}
