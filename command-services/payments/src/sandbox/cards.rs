//! Test cards: Stripe's own names where Stripe has one for it, `pm_sandbox_…` otherwise.

/// What a card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Card {
    /// Pays.
    Good,
    /// Is declined, with this decline code.
    Declined(&'static str),
    /// Wants the customer to authenticate himself.
    WantsAuthentication,
    /// Pays, but only a part is held.
    HoldsLess,
    /// Pays; the confirmation is done, and never answered.
    NeverAnswers,
    /// Pays; the confirmation is done late, when nobody waits for it any more.
    AnswersLate,
    /// Pays; every webhook is sent twice.
    ToldTwice,
    /// The confirmation fails with 500, and does nothing.
    Faulty,
    /// Is authorised, and cannot be captured.
    CannotBeCaptured,
    /// Pays, and cannot be refunded.
    CannotBeRefunded,
    /// Pays; a refund is taken on, and a moment later the bank sends the money back.
    RefundsBounce,
}

impl Card {
    /// The card of that name; none if there is none.
    pub(super) fn of(method: &str) -> Option<Self> {
        Some(match method {
            "pm_card_visa"
            | "pm_card_visa_debit"
            | "pm_card_mastercard"
            | "pm_card_mastercard_debit"
            | "pm_card_mastercard_prepaid"
            | "pm_card_amex"
            | "pm_card_discover"
            | "pm_card_diners"
            | "pm_card_jcb"
            | "pm_card_unionpay" => Self::Good,
            "pm_card_threeDSecure2Required" | "pm_card_threeDSecureRequired" | "pm_card_authenticationRequired" => {
                Self::WantsAuthentication
            }
            "pm_card_refundFail" => Self::RefundsBounce,
            "pm_sandbox_holds_less" => Self::HoldsLess,
            "pm_sandbox_never_answers" => Self::NeverAnswers,
            "pm_sandbox_answers_late" => Self::AnswersLate,
            "pm_sandbox_told_twice" => Self::ToldTwice,
            "pm_sandbox_faulty" => Self::Faulty,
            "pm_sandbox_cannot_be_captured" => Self::CannotBeCaptured,
            "pm_sandbox_cannot_be_refunded" => Self::CannotBeRefunded,
            _ => return Self::declined(method),
        })
    }

    /// Stripe names some of these after the brand too, and some only so or so: here each has both names.
    fn declined(method: &str) -> Option<Self> {
        let why = method.strip_prefix("pm_card_visa_").or(method.strip_prefix("pm_card_"))?;
        Some(Self::Declined(match why.strip_prefix("chargeDeclined")? {
            "" => "generic_decline",
            "InsufficientFunds" => "insufficient_funds",
            "LostCard" => "lost_card",
            "StolenCard" => "stolen_card",
            "ExpiredCard" => "expired_card",
            "IncorrectCvc" => "incorrect_cvc",
            "ProcessingError" => "processing_error",
            "VelocityLimitExceeded" => "card_velocity_exceeded",
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests;
