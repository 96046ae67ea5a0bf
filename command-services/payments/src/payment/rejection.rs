//! Why a payment says no. Some of it is no answer to an order: `in_progress` means that the answer is still to come.

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentRejection {
    /// The same was asked before and has no outcome yet: the answer to that one is the answer.
    InProgress,
    /// The order voided it before.
    Voided,
    /// It was declined before.
    Declined,
    /// Another order, or another amount, has this payment.
    AnotherRequest,
    /// Nothing is held that could be taken.
    NotAuthorised,
    /// More than is held.
    ExceedsAuthorised,
    /// Another amount was taken, or is being taken.
    AlreadyCaptured,
    /// Money is being taken: whether it can be voided is not known.
    Capturing,
    /// Money was taken: refund it.
    Captured,
    /// No money was taken.
    NotCaptured,
    /// All refunds together would be more than was taken.
    ExceedsCaptured,
    /// Another refund has this id.
    AnotherRefund,
    /// This refund was refused before; another one has another id.
    RefundRefused,
    /// An amount is above 0.
    InvalidAmount,
    /// Not the currency of the payment.
    CurrencyMismatch,
    /// It is not stuck.
    NotStuck,
    /// A void is never given up.
    MayBeHeld,
    /// There is no such payment.
    NotFound,
}

impl PaymentRejection {
    /// Every one of them.
    pub const ALL: [Self; 18] = [
        Self::InProgress,
        Self::Voided,
        Self::Declined,
        Self::AnotherRequest,
        Self::NotAuthorised,
        Self::ExceedsAuthorised,
        Self::AlreadyCaptured,
        Self::Capturing,
        Self::Captured,
        Self::NotCaptured,
        Self::ExceedsCaptured,
        Self::AnotherRefund,
        Self::RefundRefused,
        Self::InvalidAmount,
        Self::CurrencyMismatch,
        Self::NotStuck,
        Self::MayBeHeld,
        Self::NotFound,
    ];
}

impl tillroll_log::Rejection for PaymentRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Voided => "voided",
            Self::Declined => "declined",
            Self::AnotherRequest => "another_request",
            Self::NotAuthorised => "not_authorised",
            Self::ExceedsAuthorised => "exceeds_authorised",
            Self::AlreadyCaptured => "already_captured",
            Self::Capturing => "capturing",
            Self::Captured => "captured",
            Self::NotCaptured => "not_captured",
            Self::ExceedsCaptured => "exceeds_captured",
            Self::AnotherRefund => "another_refund",
            Self::RefundRefused => "refund_refused",
            Self::InvalidAmount => "invalid_amount",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::NotStuck => "not_stuck",
            Self::MayBeHeld => "may_be_held",
            Self::NotFound => "not_found",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::InProgress => "the same was asked before; its outcome is not known yet",
            Self::Voided => "the payment was voided before",
            Self::Declined => "the payment was declined before",
            Self::AnotherRequest => "the payment is for another order or another amount",
            Self::NotAuthorised => "no money is held",
            Self::ExceedsAuthorised => "less money is held",
            Self::AlreadyCaptured => "another amount was captured or is being captured",
            Self::Capturing => "the money is being captured; void or refund it when that is known",
            Self::Captured => "the money was captured: refund it",
            Self::NotCaptured => "no money was captured",
            Self::ExceedsCaptured => "the refunds would exceed what was captured",
            Self::AnotherRefund => "a refund of another amount has this id",
            Self::RefundRefused => "this refund was refused before; a new one needs a new id",
            Self::InvalidAmount => "an amount is above 0",
            Self::CurrencyMismatch => "the payment is in another currency",
            Self::NotStuck => "the payment is not stuck",
            Self::MayBeHeld => "money may be held, which is never given up: retry, or complete it when nothing is",
            Self::NotFound => "there is no such payment",
        }
        .to_owned()
    }
}
