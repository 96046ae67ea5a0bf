//! How an order is paid and invoiced, and what of that happened to it.

use super::{Customer, StockAnswer, StockClaim, Told};
use crate::invoice_series::{Document, InvoiceLine, Series};
use crate::payment::{MethodToken, PaymentOutcome};
use crate::{Money, PaymentId, RefundId, Sealed, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// By which means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// On the customer's account: no payment is asked for.
    OnAccount,
    /// By card, at a provider.
    Card,
}

/// How an order is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum PaymentTerms {
    /// On the customer's account: it is invoiced, and no payment is asked for.
    OnAccount,
    /// By card.
    Card {
        /// The order's payment; each order has one.
        payment_id: PaymentId,
        /// The provider's name for the customer's card.
        token: MethodToken,
    },
}

impl PaymentTerms {
    /// By which means.
    pub fn method(&self) -> PaymentMethod {
        match self {
            Self::OnAccount => PaymentMethod::OnAccount,
            Self::Card { .. } => PaymentMethod::Card,
        }
    }

    /// The payment, if there is to be one.
    pub fn payment_id(&self) -> Option<PaymentId> {
        match self {
            Self::OnAccount => None,
            Self::Card { payment_id, .. } => Some(*payment_id),
        }
    }
}

/// So much of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Of which.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Money,
}

/// What an invoice or a credit note of an order says. Its id is made of the order's by whoever asks for its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// The date that it bears, and so its series.
    pub dated: Timestamp,
    /// To whom, if he has an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// To whom, as the shop's staff name him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// To whom by name and address, as the order has it: a [`Buyer`](crate::Buyer), sealed under a fiscal key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Sealed>,
    /// What for; positive on a credit note, too.
    pub lines: Vec<InvoiceLine>,
}

/// A document of the order, as it is asked for once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What of the order: its invoice, the credit note of its cancellation, or that of a refund.
    #[serde(flatten)]
    pub kind: DocumentKind,
    /// What it says.
    pub paper: Paper,
}

/// Which of an order's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DocumentKind {
    /// The invoice.
    Invoice,
    /// The credit note when it was cancelled.
    Cancellation,
    /// The credit note of a refund or a return.
    Refund {
        /// Which.
        refund_id: RefundId,
    },
}

/// How an order's money is let go or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
pub enum Undo {
    /// What is held, or may come to be held, is let go.
    Void {
        /// Of which payment.
        payment_id: PaymentId,
    },
    /// What was taken is given back.
    Refund {
        /// Of which payment.
        payment_id: PaymentId,
        /// Which refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
    },
}

/// The last reservation stands; the money is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRequested {
    /// The answers that completed the reservations.
    pub answers: Vec<StockAnswer>,
    /// Which payment.
    pub payment_id: PaymentId,
    /// Whose, if he has an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// How much is to be held.
    pub amount: Money,
    /// The provider's name for the customer's card.
    pub method_token: MethodToken,
    /// The shop's own number of the order, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What is not authorised by then the payment gives up, unless the customer has to act.
    pub authorise_by: Timestamp,
    /// When the customer has to have acted; long enough before the reservations lapse.
    pub action_by: Timestamp,
    /// When the order's wait for an answer is over.
    pub answer_by: Timestamp,
}

/// The customer has to authenticate himself at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentActionRequired {
    /// By then.
    pub action_by: Timestamp,
    /// When the order's wait for what comes of it is over.
    pub answer_by: Timestamp,
    /// Who is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Box<Told>>,
}

/// The money is held; commits are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAuthorised {
    /// What has to be committed.
    pub claims: Vec<StockClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// The money was taken; the invoice is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCaptured {
    /// How much.
    pub amount: Money,
    /// What is invoiced.
    pub invoice: Paper,
    /// When the wait for its number is over.
    pub answer_by: Timestamp,
}

/// What the payment said while the order is being undone and others have not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAnswered {
    /// What.
    #[serde(flatten)]
    pub outcome: PaymentOutcome,
}

/// The money has to be undone in another way than was asked for, or once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoRequested {
    /// Why: what the payment said.
    pub because: PaymentOutcome,
    /// What is asked now.
    #[serde(flatten)]
    pub undo: Undo,
    /// When the wait for an answer is over.
    pub answer_by: Timestamp,
}

/// A document of the order has its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoiced {
    /// Which.
    #[serde(flatten)]
    pub document: Document,
    /// In which series.
    pub series: Series,
    /// Its number there.
    pub number: u32,
    /// Who is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Box<Told>>,
}
