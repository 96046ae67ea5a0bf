//! `order`: an order and the sagas that bring it about. Key: the order id.

mod commands;
mod old;
mod operating;
mod paying;
mod reversing;
mod sale;
mod stock;
mod told;

pub use commands::*;
pub use operating::*;
pub use paying::*;
pub use reversing::*;
pub use sale::*;
pub use stock::*;
pub use told::*;

use crate::invoice_series::InvoiceOutcome;
use crate::payment::PaymentOutcome;
use crate::{FulfilmentId, Money, Quantity, Sealed, Sku, TaxRate, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// One line with everything frozen that could change later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What.
    pub sku: Sku,
    /// Its name then.
    pub name: String,
    /// Its category then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How many.
    pub quantity: Quantity,
    /// The agreed price per piece, tax excluded.
    pub unit_price: Money,
    /// `quantity × unit_price`.
    pub line_total: Money,
    /// Basis points, then.
    #[serde(default)]
    pub tax_rate: TaxRate,
    /// Whether stock is kept of it.
    pub tracked: bool,
    /// The version of the product that the price and the name were taken from.
    pub product_version: u64,
}

/// The sums over the lines; tax per rate, half up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
}

/// The buyer, as the shop's staff name him.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The shop's own number for him; no personal data.
    pub reference: String,
}

/// Why an order ended or stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, snake case.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// The enum and the list of what it holds from one place: a step that is not in the list does not exist.
macro_rules! listed {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident,)+ }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every one, in the order of the saga.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }
    };
}

listed! {
    /// A step of the saga that waits for stock items, for the payment or for a document's number.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Step {
        /// Waiting for reservations.
        Reserve,
        /// Waiting for money to be held.
        Authorise,
        /// Waiting for commits.
        Commit,
        /// Waiting for money to be taken.
        Capture,
        /// Waiting for the number of an invoice or a credit note.
        Invoice,
        /// Waiting for releases, and for the money to be let go or given back.
        Release,
        /// Waiting for pieces to leave.
        Fulfil,
        /// Waiting for money to go back.
        Refund,
    }
}

/// The customer ordered; reservations are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The shop's own number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Whose, if he has an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Whether it was made of his cart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_cart: bool,
    /// How it is paid.
    pub payment: PaymentTerms,
    /// When it was ordered (business time).
    pub placed_at: Timestamp,
    /// As ordered, in that order; a SKU may be on several.
    pub lines: Vec<Line>,
    /// The sums.
    pub totals: Totals,
    /// What has to be reserved: one claim per tracked SKU, in order of SKU.
    pub claims: Vec<StockClaim>,
    /// When the reservations lapse.
    pub reservations_expire_at: Timestamp,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
    /// Where it is sent, for whoever has the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Sealed>,
    /// Who pays, as it stands on the documents, sealed under the fiscal key of the year in which he ordered: a
    /// [`Buyer`](crate::Buyer). Orders of earlier builds, and those of nobody with an account, have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Sealed>,
}

/// Some stock items answered; others are still awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAnswered {
    /// Who, and what.
    pub answers: Vec<StockAnswer>,
}

/// The last reservation stands; commits are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReserved {
    /// The answers that completed it.
    pub answers: Vec<StockAnswer>,
    /// What has to be committed.
    pub claims: Vec<StockClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// The last commit stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCommitted {
    /// The answers that completed it.
    pub answers: Vec<StockAnswer>,
}

/// The order is good: it counts as sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// What counts.
    pub sale: Sale,
    /// What is to be taken now, if it is paid by card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Charge>,
    /// What is to be invoiced now, if it is paid on account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<Paper>,
    /// Whose cart was bought, if it was made of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<UserId>,
    /// When the wait for what is asked for is over, if anything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<Timestamp>,
    /// Who is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Box<Told>>,
}

/// An answer did not come in time; the wait goes on, longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOverdue {
    /// Which wait.
    pub step: Step,
    /// How many times now (from 1).
    pub attempt: u32,
    /// When the wait is over.
    pub answer_by: Timestamp,
}

/// The order cannot be; what it holds is asked back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompensationStarted {
    /// Why.
    pub reason: Reason,
    /// The answers that caused it, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<StockAnswer>,
    /// The payment's answer that caused it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_answer: Option<PaymentOutcome>,
    /// Whose claims have to be released.
    pub releases: Vec<Sku>,
    /// How the money is let go or given back, if any may be held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// What is credited, if it was invoiced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_note: Option<Paper>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// The order is off and holds nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    /// Why.
    pub reason: Reason,
    /// The answers that completed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<StockAnswer>,
    /// The payment's answer that completed it, or caused it where nothing had to be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_answer: Option<PaymentOutcome>,
    /// The series' answer that completed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_answer: Option<InvoiceOutcome>,
    /// What was sold and is not any more (only if it had been confirmed), dated by the cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Sale>,
    /// What was given back, if it had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// Whose cart is his again, if it was made of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<UserId>,
    /// Who is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Box<Told>>,
}

/// The saga cannot go on by itself. A late answer still carries it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// Which wait.
    pub step: Step,
    /// Why.
    pub reason: Reason,
    /// The answers that caused it, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<StockAnswer>,
    /// The payment's answer that caused it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_answer: Option<PaymentOutcome>,
    /// The series' answer that caused it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice_answer: Option<InvoiceOutcome>,
    /// All that is owed of an order that is off, if the payment's answer changes that: money of it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Money>,
}

/// Pieces are to leave the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilmentRequested {
    /// Which delivery.
    pub fulfilment_id: FulfilmentId,
    /// What is delivered, services included, in order of SKU.
    pub items: Vec<StockClaim>,
    /// Of these, what stock is kept of.
    pub claims: Vec<StockClaim>,
    /// When the wait for answers is over.
    pub answer_by: Timestamp,
}

/// A delivery is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilled {
    /// Which delivery.
    pub fulfilment_id: FulfilmentId,
    /// What was delivered.
    pub items: Vec<StockClaim>,
    /// The answers that completed it.
    pub answers: Vec<StockAnswer>,
    /// Whether nothing is left to deliver: the order is fulfilled.
    pub complete: bool,
    /// Stock items that let go of what they keep for it then: what is left of these was paid back and does not leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<Sku>,
    /// Who is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Box<Told>>,
}

tillroll_log::bodies! {
    /// What happened to an order.
    pub enum OrderEvent {
        Placed(Placed) = "order.placed.v2" <- "order.placed.v1"(old::PlacedV1),
        StockAnswered(StockAnswered) = "order.stock-answered.v1",
        StockReserved(StockReserved) = "order.stock-reserved.v1",
        StockCommitted(StockCommitted) = "order.stock-committed.v1",
        Confirmed(Confirmed) = "order.confirmed.v1",
        StepOverdue(StepOverdue) = "order.step-overdue.v1",
        CompensationStarted(CompensationStarted) = "order.compensation-started.v1",
        Cancelled(Cancelled) = "order.cancelled.v1",
        Stuck(Stuck) = "order.stuck.v1",
        StepRetried(StepRetried) = "order.step-retried.v1",
        StepCompleted(StepCompleted) = "order.step-completed.v1",
        FulfilmentRequested(FulfilmentRequested) = "order.fulfilment-requested.v1",
        Fulfilled(Fulfilled) = "order.fulfilled.v1",
        PaymentRequested(PaymentRequested) = "order.payment-requested.v1",
        PaymentActionRequired(PaymentActionRequired) = "order.payment-action-required.v1",
        PaymentAuthorised(PaymentAuthorised) = "order.payment-authorised.v1",
        PaymentCaptured(PaymentCaptured) = "order.payment-captured.v1",
        PaymentAnswered(PaymentAnswered) = "order.payment-answered.v1",
        UndoRequested(UndoRequested) = "order.undo-requested.v1",
        Invoiced(Invoiced) = "order.invoiced.v1",
        RefundRequested(RefundRequested) = "order.refund-requested.v1",
        Refunded(Refunded) = "order.refunded.v1",
        RefundRefused(RefundRefused) = "order.refund-refused.v1",
    }
}
