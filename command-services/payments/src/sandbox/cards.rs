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
}

impl Card {
    /// The card of that name; none if there is none.
    pub(super) fn of(method: &str) -> Option<Self> {
        Some(match method {
            "pm_card_visa" | "pm_card_mastercard" => Self::Good,
            "pm_card_visa_chargeDeclined" => Self::Declined("generic_decline"),
            "pm_card_visa_chargeDeclinedInsufficientFunds" => Self::Declined("insufficient_funds"),
            "pm_card_threeDSecure2Required" | "pm_card_authenticationRequired" => Self::WantsAuthentication,
            "pm_sandbox_holds_less" => Self::HoldsLess,
            "pm_sandbox_never_answers" => Self::NeverAnswers,
            "pm_sandbox_answers_late" => Self::AnswersLate,
            "pm_sandbox_told_twice" => Self::ToldTwice,
            "pm_sandbox_faulty" => Self::Faulty,
            "pm_sandbox_cannot_be_captured" => Self::CannotBeCaptured,
            "pm_sandbox_cannot_be_refunded" => Self::CannotBeRefunded,
            _ => return None,
        })
    }
}
