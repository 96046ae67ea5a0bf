//! The registry of templates: what each is about and where it has a text. The texts themselves are files of
//! `templates/<template>.<channel>.<language>.(txt|html)`, compiled in; [`Texts`] writes messages with them.

mod files;
mod filters;
mod texts;

pub use texts::{TextError, Texts, Written};

use tillroll_schemas::notification::{Channel, Content};

/// A template by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Template {
    /// Prove that an address is yours.
    VerifyEmail,
    /// Choose a new password.
    ResetPassword,
    /// The account has another address now.
    EmailChanged,
    /// The account has another password now.
    PasswordChanged,
    /// Nobody can log in to the account.
    AccountSuspended,
    /// The account is as it was.
    AccountReinstated,
    /// The order is good.
    OrderConfirmed,
    /// The order is off.
    OrderCancelled,
    /// The payment did not go through.
    PaymentFailed,
    /// The payment waits for the customer.
    PaymentActionNeeded,
    /// Goods are on their way.
    OrderShipped,
    /// Money goes back.
    RefundIssued,
    /// There is an invoice or a credit note.
    InvoiceIssued,
}

/// The languages that every template is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
}

impl Language {
    /// Every one of them.
    pub const ALL: [Self; 1] = [Self::English];

    /// The language of a BCP 47 tag (`en-GB`); English for what nothing is written in.
    pub fn of_tag(_tag: &str) -> Self {
        Self::English
    }

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }
}

impl Template {
    /// Every one of them.
    pub const ALL: [Self; 13] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::EmailChanged,
        Self::PasswordChanged,
        Self::AccountSuspended,
        Self::AccountReinstated,
        Self::OrderConfirmed,
        Self::OrderCancelled,
        Self::PaymentFailed,
        Self::PaymentActionNeeded,
        Self::OrderShipped,
        Self::RefundIssued,
        Self::InvoiceIssued,
    ];

    /// The template of this content.
    pub fn of(content: &Content) -> Self {
        match content {
            Content::VerifyEmail(_) => Self::VerifyEmail,
            Content::ResetPassword(_) => Self::ResetPassword,
            Content::EmailChanged(_) => Self::EmailChanged,
            Content::PasswordChanged(_) => Self::PasswordChanged,
            Content::AccountSuspended(_) => Self::AccountSuspended,
            Content::AccountReinstated(_) => Self::AccountReinstated,
            Content::OrderConfirmed(_) => Self::OrderConfirmed,
            Content::OrderCancelled(_) => Self::OrderCancelled,
            Content::PaymentFailed(_) => Self::PaymentFailed,
            Content::PaymentActionNeeded(_) => Self::PaymentActionNeeded,
            Content::OrderShipped(_) => Self::OrderShipped,
            Content::RefundIssued(_) => Self::RefundIssued,
            Content::InvoiceIssued(_) => Self::InvoiceIssued,
        }
    }

    /// Its name in events and in the names of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::EmailChanged => "email_changed",
            Self::PasswordChanged => "password_changed",
            Self::AccountSuspended => "account_suspended",
            Self::AccountReinstated => "account_reinstated",
            Self::OrderConfirmed => "order_confirmed",
            Self::OrderCancelled => "order_cancelled",
            Self::PaymentFailed => "payment_failed",
            Self::PaymentActionNeeded => "payment_action_needed",
            Self::OrderShipped => "order_shipped",
            Self::RefundIssued => "refund_issued",
            Self::InvoiceIssued => "invoice_issued",
        }
    }

    /// The channels that it has a text for.
    pub fn channels(self) -> &'static [Channel] {
        match self {
            // A link that proves who one is goes to one address only.
            Self::VerifyEmail
            | Self::ResetPassword
            | Self::EmailChanged
            | Self::PasswordChanged
            | Self::AccountSuspended
            | Self::AccountReinstated
            | Self::InvoiceIssued => &[Channel::Email],
            Self::OrderConfirmed | Self::PaymentFailed | Self::RefundIssued => &[Channel::Email, Channel::Push],
            Self::OrderCancelled | Self::PaymentActionNeeded | Self::OrderShipped => {
                &[Channel::Email, Channel::Sms, Channel::Push]
            }
        }
    }
}

#[cfg(test)]
mod tests;
