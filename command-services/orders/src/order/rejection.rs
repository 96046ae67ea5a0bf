//! Why an order says no.

use tillroll_log::Rejection;
use tillroll_schemas::{Money, Sku};

use crate::pricing::LinesRefused;

/// The business "no" of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRejection {
    /// There is no such order.
    NotFound,
    /// Its lines cannot be summed.
    Lines(LinesRefused),
    /// It cannot be cancelled or delivered: (a part of) it has left.
    AlreadyFulfilled,
    /// Pieces are leaving now.
    FulfilmentInProgress,
    /// More is to leave, to be credited or to come back than is left.
    QuantityExceedsOrder(Vec<Excess>),
    /// A delivery of nothing.
    NothingToFulfil,
    /// It was or is being cancelled.
    OrderCancelled,
    /// It does not count as sold yet.
    NotConfirmed,
    /// It is not stuck, so there is nothing for an operator to do.
    NotStuck,
    /// A stock item has not said whether its pieces have left.
    FulfilmentUnanswered,
    /// Its money is being taken, or its invoice is on its way.
    PaymentPending,
    /// Money is going back, or its credit note is on its way.
    RefundInProgress,
    /// Money went back for parts of it: the rest goes back the same way. Or for all of it: nothing of it leaves any more.
    AlreadyRefunded,
    /// More is to go back than was taken and is left.
    ExceedsCaptured(Money),
    /// What would be written of it, once the money is back, no record can hold.
    TooLarge,
    /// A refund of nothing.
    NothingToRefund,
    /// What is stuck cannot be given up, only retried or seen to.
    CannotBeGivenUp,
}

/// A SKU of which more was named than is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Which.
    pub sku: Sku,
    /// How many are left.
    pub left: i64,
}

impl From<LinesRefused> for OrderRejection {
    fn from(refused: LinesRefused) -> Self {
        Self::Lines(refused)
    }
}

impl Rejection for OrderRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Lines(refused) => refused.code(),
            Self::AlreadyFulfilled => "already_fulfilled",
            Self::FulfilmentInProgress => "fulfilment_in_progress",
            Self::QuantityExceedsOrder(_) => "quantity_exceeds_order",
            Self::NothingToFulfil => "nothing_to_fulfil",
            Self::OrderCancelled => "order_cancelled",
            Self::NotConfirmed => "not_confirmed",
            Self::NotStuck => "not_stuck",
            Self::FulfilmentUnanswered => "fulfilment_unanswered",
            Self::PaymentPending => "payment_pending",
            Self::RefundInProgress => "refund_in_progress",
            Self::AlreadyRefunded => "already_refunded",
            Self::ExceedsCaptured(_) => "exceeds_captured",
            Self::TooLarge => "body_too_large",
            Self::NothingToRefund => "nothing_to_refund",
            Self::CannotBeGivenUp => "cannot_be_given_up",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound => "there is no such order".to_owned(),
            Self::Lines(refused) => refused.detail(),
            Self::AlreadyFulfilled => "the order, or a part of it, was fulfilled already".to_owned(),
            Self::FulfilmentInProgress => "a fulfilment of this order has not ended yet".to_owned(),
            Self::QuantityExceedsOrder(excess) => exceeds(excess),
            Self::NothingToFulfil => "the fulfilment names no item".to_owned(),
            Self::OrderCancelled => "the order was cancelled".to_owned(),
            Self::NotConfirmed => "the order is not confirmed yet".to_owned(),
            Self::NotStuck => "the order is not stuck".to_owned(),
            Self::FulfilmentUnanswered => {
                "a stock item has not said whether its pieces have left: retry the step first".to_owned()
            }
            Self::PaymentPending => "the order's payment or its invoice is still under way".to_owned(),
            Self::RefundInProgress => "a refund of this order has not ended yet".to_owned(),
            Self::AlreadyRefunded => {
                "money went back for this order already: it can be cancelled once all of it has, and leaves no more"
                    .to_owned()
            }
            Self::ExceedsCaptured(left) => {
                format!("only {} {} in minor units are left to go back", left.amount, left.currency)
            }
            Self::TooLarge => {
                "with the lines that it credits the refund is larger than can be kept: split it".to_owned()
            }
            Self::NothingToRefund => "the refund is of nothing".to_owned(),
            Self::CannotBeGivenUp => "this step can only be retried or completed".to_owned(),
        }
    }
}

fn exceeds(excess: &[Excess]) -> String {
    match excess {
        [Excess { sku, left }] => format!("only {left} of {sku} are left"),
        many => format!("more of {} was named than is left", super::wait::named(many.iter().map(|e| &e.sku))),
    }
}
