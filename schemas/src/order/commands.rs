//! What an order can be asked for: by customers through the shop, by stock items, by its own timers, by operators.

use super::{Customer, Line, PaymentTerms, StockAnswer, StockClaim};
use crate::invoice_series::RecordInvoiceAnswer;
use crate::payment::RecordPaymentAnswer;
use crate::{FulfilmentId, Money, RefundId, Sealed, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Places an order whose lines were priced by the handler from the catalogue's replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceOrder {
    /// The shop's own number.
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
    /// Whether it is made of his cart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_cart: bool,
    /// How it is paid.
    pub payment: PaymentTerms,
    /// When, if it was not now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    /// 1 to 10,000 lines.
    pub lines: Vec<Line>,
    /// Where it is sent, for whoever has the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Sealed>,
    /// Who pays, as it stands on the documents, sealed under the fiscal key of the year in which he ordered: a
    /// [`Buyer`](crate::Buyer). Orders of earlier builds, and those of nobody with an account, have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Sealed>,
}

/// Stock items answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordStockAnswers {
    /// Who, and what.
    pub answers: Vec<StockAnswer>,
}

/// Carries the saga over a step that waits for nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continue {}

/// Calls it off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelOrder {
    /// Whose order it has to be, if a customer asks: another's is none of his.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFulfilment {
    /// Which delivery.
    pub fulfilment_id: FulfilmentId,
    /// What; everything that is left if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<StockClaim>>,
}

/// Gives money back, for pieces or as such.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRefund {
    /// Which.
    pub refund_id: RefundId,
    /// What goes back.
    #[serde(flatten)]
    pub what: Returning,
    /// For people; no personal data.
    pub reason: String,
}

/// What goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returning {
    /// So much money, with tax.
    Amount(Money),
    /// What these pieces cost; they stay where they are.
    Lines(Vec<StockClaim>),
    /// The same for pieces that came back.
    Returned {
        /// Which.
        lines: Vec<StockClaim>,
        /// Whether they go back on the shelf.
        restock: bool,
    },
}

/// An operator's command to an order that is stuck: ask again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryStep {
    /// Why now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An operator's command to an order that is stuck: give the delivery up, and the order with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompensateStuck {
    /// Why.
    pub reason: String,
}

/// An operator's command to an order that is stuck: he has seen to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteStep {
    /// What he did, and why.
    pub reason: String,
}

/// The timer's command: the wait is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlinePassed {
    /// The deadline that fired.
    pub deadline: Timestamp,
}

tillroll_log::bodies! {
    /// What can be asked of an order.
    pub enum OrderCommand {
        Place(PlaceOrder) = "order.place",
        RecordStockAnswers(RecordStockAnswers) = "order.record-stock-answers",
        RecordPaymentAnswer(RecordPaymentAnswer) = "order.record-payment-answer",
        RecordInvoiceAnswer(RecordInvoiceAnswer) = "order.record-invoice-answer",
        Continue(Continue) = "order.continue",
        Cancel(CancelOrder) = "order.cancel",
        RequestFulfilment(RequestFulfilment) = "order.request-fulfilment",
        RequestRefund(RequestRefund) = "order.request-refund",
        DeadlinePassed(DeadlinePassed) = "order.deadline-passed",
        RetryStep(RetryStep) = "order.retry-step",
        CompensateStuck(CompensateStuck) = "order.compensate-stuck",
        CompleteStep(CompleteStep) = "order.complete-step",
    }
}
