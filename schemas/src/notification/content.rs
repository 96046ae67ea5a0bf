//! What a message says: a template and exactly the data that it needs. Ids, amounts, codes, times and the shop's own
//! words only; links, and the secrets in them, are made when the message is sent.

use crate::order::Totals;
use crate::preference::Kind;
use crate::{Money, OrderId, Quantity, RefundId, Sku, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A template with its data: `{"template": "email_changed", "data": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", content = "data", rename_all = "snake_case")]
pub enum Content {
    /// Welcome, or a new address: prove that it is yours.
    VerifyEmail(VerifyEmail),
    /// Choose a new password.
    ResetPassword(ResetPassword),
    /// To the former address: the account has another now.
    EmailChanged(EmailChanged),
    /// The account has another password now.
    PasswordChanged(PasswordChanged),
    /// Nobody can log in to the account.
    AccountSuspended(AccountSuspended),
    /// The account is as it was.
    AccountReinstated(AccountReinstated),
    /// The order is good.
    OrderConfirmed(OrderConfirmed),
    /// The order is off.
    OrderCancelled(OrderCancelled),
    /// The payment did not go through.
    PaymentFailed(PaymentFailed),
    /// The payment waits for the customer.
    PaymentActionNeeded(PaymentActionNeeded),
    /// Goods are on their way.
    OrderShipped(OrderShipped),
    /// Money goes back.
    RefundIssued(RefundIssued),
    /// There is an invoice or a credit note.
    InvoiceIssued(InvoiceIssued),
}

impl Content {
    /// What it is about, as people choose.
    pub fn kind(&self) -> Kind {
        match self {
            Self::VerifyEmail(_)
            | Self::ResetPassword(_)
            | Self::EmailChanged(_)
            | Self::PasswordChanged(_)
            | Self::AccountSuspended(_)
            | Self::AccountReinstated(_) => Kind::Account,
            Self::OrderConfirmed(_)
            | Self::OrderCancelled(_)
            | Self::PaymentFailed(_)
            | Self::PaymentActionNeeded(_)
            | Self::RefundIssued(_)
            | Self::InvoiceIssued(_) => Kind::Order,
            Self::OrderShipped(_) => Kind::Delivery,
        }
    }

    /// When it is no use any more, if ever.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::VerifyEmail(data) => Some(data.expires_at),
            Self::ResetPassword(data) => Some(data.expires_at),
            Self::PaymentActionNeeded(data) => Some(data.action_by),
            Self::EmailChanged(_)
            | Self::PasswordChanged(_)
            | Self::AccountSuspended(_)
            | Self::AccountReinstated(_)
            | Self::OrderConfirmed(_)
            | Self::OrderCancelled(_)
            | Self::PaymentFailed(_)
            | Self::OrderShipped(_)
            | Self::RefundIssued(_)
            | Self::InvoiceIssued(_) => None,
        }
    }
}

/// For the address that is to be verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyEmail {
    /// Names the request; the secret in the link is derived from it when the mail is made.
    pub request_id: Uuid,
    /// Until when the link is good.
    pub expires_at: Timestamp,
}

/// For whoever forgot the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetPassword {
    /// Names the request; the secret in the link is derived from it when the mail is made.
    pub request_id: Uuid,
    /// Until when the link is good.
    pub expires_at: Timestamp,
}

/// For the former address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChanged {
    /// When the account got another.
    pub changed_at: Timestamp,
    /// Which change: the hold of the claim on the address that came. The mail goes to the address before it, however
    /// many came since.
    #[serde(default)]
    pub change: u32,
}

/// For whoever did not do it himself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// When the account got another.
    pub changed_at: Timestamp,
}

/// For whoever cannot log in any more. The reason is a word of staff to staff, and stands nowhere here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSuspended {
    /// Since when.
    pub suspended_at: Timestamp,
}

/// For whoever can log in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReinstated {
    /// Since when.
    pub reinstated_at: Timestamp,
}

/// A line of an order, as a customer reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageLine {
    /// What.
    pub sku: Sku,
    /// Its name, as it was agreed.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// For how much, tax excluded.
    pub line_total: Money,
}

/// What was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmed {
    /// Which order.
    pub order_id: OrderId,
    /// The first lines; 50 are enough for anybody.
    pub lines: Vec<MessageLine>,
    /// How many lines more the order has.
    #[serde(default)]
    pub further_lines: u32,
    /// The sums over all lines.
    pub totals: Totals,
}

/// Why there will be no delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    /// Which order.
    pub order_id: OrderId,
    /// The reason's code: `cancelled_by_customer`, `insufficient_stock`, …
    pub reason: String,
}

/// What could not be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// Which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
    /// The provider's code: `card_declined`, …
    pub code: String,
}

/// What the customer has to confirm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentActionNeeded {
    /// Which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
    /// Until when.
    pub action_by: Timestamp,
}

/// So many pieces, as a customer reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageItem {
    /// What.
    pub sku: Sku,
    /// Its name, as it was agreed.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
}

/// What has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipped {
    /// Of which order.
    pub order_id: OrderId,
    /// The first items; 50 are enough for anybody.
    pub items: Vec<MessageItem>,
    /// How many items more the delivery has.
    #[serde(default)]
    pub further_items: u32,
    /// Whether nothing is left to deliver.
    pub complete: bool,
}

/// What goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundIssued {
    /// Of which order.
    pub order_id: OrderId,
    /// Which refund.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
}

/// Which paper it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// An invoice.
    Invoice,
    /// A credit note.
    CreditNote,
}

/// The paper's number and sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceIssued {
    /// Of which order.
    pub order_id: OrderId,
    /// Invoice or credit note.
    pub paper: Paper,
    /// The series: `2026-11`.
    pub series: String,
    /// The number in its series.
    pub number: u64,
    /// The sum, tax included.
    pub gross: Money,
}
