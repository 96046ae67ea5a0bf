//! An order on its way to be cancelled, and what becomes of its money. What came back is owed until it has gone back
//! once more, whatever is under way just then: one refund at a time, each under an id of its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tillroll_schemas::order::{Placed, Reason, RefundRefused, Stuck, Undo};
use tillroll_schemas::payment::PaymentOutcome;
use tillroll_schemas::{Money, RefundId, Timestamp};
use uuid::Uuid;

use super::Refunds;
use super::paying::charge;
use super::wait::{Participant, Patience, Wait, is_decided};

/// An order on its way to be cancelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// What was ordered.
    pub order: Arc<Placed>,
    /// Why it ends.
    pub reason: Reason,
    /// Whether it counts as sold and was not credited before, so that cancelling it is a credit.
    pub is_credit: bool,
    /// What had gone back before.
    pub refunds: Refunds,
    /// Whether it was off before, and its customer was told so.
    pub again: bool,
    /// How its money is undone, as long as the payment has not done it.
    pub undo: Option<Undo>,
    /// What went back since; its end tells.
    pub gone: Refunds,
    /// What came back while the payment was asked something else: it goes back after that.
    pub next: Option<Owed>,
    /// Minor units that were told as gone back, came back and are not paid yet; they are part of `undo` or `next`.
    pub owed: i64,
    /// The date of its credit note, if one was asked for.
    pub credited_at: Option<Timestamp>,
    /// Whether the payment has said that it is being captured, so that it cannot be voided before that is known.
    pub capturing: bool,
    /// Who has not let go yet.
    pub wait: Wait,
}

/// Money that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// In which refund; of several, in the last.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub code: String,
}

impl Ending {
    /// One that was off, and waits for nothing yet. It was credited when it was called off, or before.
    pub(super) fn again(order: Arc<Placed>, reason: Reason, refunds: Refunds) -> Self {
        Self {
            order,
            reason,
            is_credit: false,
            refunds,
            again: true,
            undo: None,
            gone: Refunds::new(),
            next: None,
            owed: 0,
            credited_at: None,
            capturing: false,
            wait: Wait::for_all([], Timestamp::MIN_UTC),
        }
    }

    /// Whether nothing of its money was ever given back, or is about to be.
    pub(super) fn gave_nothing_back(&self) -> bool {
        self.refunds.is_empty() && self.gone.is_empty() && !matches!(self.undo, Some(Undo::Refund { .. }))
    }

    /// What went back, and what does if all that is asked is done: its end tells that.
    pub(super) fn given_back(&self) -> Refunds {
        let asked = match self.undo {
            Some(Undo::Refund { refund_id, amount, .. }) => Some((refund_id, amount)),
            Some(Undo::Void { .. }) | None => None,
        };
        asked.into_iter().fold(self.gone.clone(), |gone, (refund_id, amount)| gone.update(refund_id, amount))
    }

    /// What has to go back still, in minor units.
    pub fn to_give_back(&self) -> i64 {
        let asked = match self.undo {
            Some(Undo::Refund { amount, .. }) => amount.amount,
            Some(Undo::Void { .. }) | None => 0,
        };
        asked + self.next.as_ref().map_or(0, |next| next.amount.amount)
    }

    /// The payment has done what it was asked, and so whatever of that was owed is paid.
    pub(super) fn let_go(mut self) -> Self {
        self.gone = self.given_back();
        (self.undo, self.owed) = (None, 0);
        Self { wait: self.wait.without(&Participant::Payment), ..self }
    }

    /// Money that was told as gone back came back.
    pub(super) fn came_back(mut self, refused: &RefundRefused) -> Self {
        let Some(amount) = take(&mut self.refunds, refused.refund_id) else { return self };
        self.owed = self.owed.saturating_add(amount.amount);
        self.owes(Owed { refund_id: refused.refund_id, amount, code: refused.code.clone() })
    }

    /// That waits for an operator, who has it sent once more: with what was refused before, but after what the payment
    /// may be doing now.
    fn owes(mut self, back: Owed) -> Self {
        let Some(charge) = charge(&self.order) else { return self };
        let reason = came_back(&back.code);
        // What nobody decided may still be done, too.
        let may_go_back = self.wait.is_open(&Participant::Payment) && !self.wait.was_refused_by(&Participant::Payment);
        if may_go_back {
            let amount = self.next.map_or(back.amount, |next| next.amount.plus(back.amount).unwrap_or(next.amount));
            self.next = Some(Owed { amount, ..back });
        } else {
            let amount = match self.undo {
                Some(Undo::Refund { amount, .. }) => amount.plus(back.amount).unwrap_or(amount),
                Some(Undo::Void { .. }) | None => back.amount,
            };
            self.undo = Some(Undo::Refund { payment_id: charge.payment_id, refund_id: back.refund_id, amount });
            let wait = self.wait.ask_anew(Participant::Payment, Timestamp::MIN_UTC);
            self.wait = wait.refused_by(Participant::Payment, &back.code);
        }
        Self { wait: self.wait.with_patience(Patience::Over(reason)), ..self }
    }

    /// What came back meanwhile is what the payment is to be asked now.
    fn turns_to_next(mut self) -> Self {
        match self.next.take() {
            Some(next) => self.owes(next),
            None => self,
        }
    }

    /// It waits for ever, because of what the payment said, if it was that.
    pub(super) fn stuck_by(self, event: &Stuck) -> Self {
        let mut ending = match event.payment_answer.as_ref() {
            Some(PaymentOutcome::Refunded { .. } | PaymentOutcome::Voided) => self.let_go().turns_to_next(),
            Some(PaymentOutcome::RefundRefused { refund_id, code }) => self.was_refused(Some(*refund_id), code),
            Some(PaymentOutcome::VoidRefused { code }) => self.was_refused(None, code),
            Some(
                PaymentOutcome::Authorised
                | PaymentOutcome::RequiresAction { .. }
                | PaymentOutcome::Declined { .. }
                | PaymentOutcome::RequestRefused { .. }
                | PaymentOutcome::Captured { .. }
                | PaymentOutcome::CaptureRefused { .. },
            )
            | None => self,
        };
        if let Some(owed) = event.owed {
            ending.owed = owed.amount;
        }
        ending
    }

    fn was_refused(mut self, refund_id: Option<RefundId>, code: &str) -> Self {
        if let Some(refund_id) = refund_id
            && let Some(amount) = self.gone.remove(&refund_id)
        {
            return self.owes(Owed { refund_id, amount, code: code.to_owned() });
        }
        let refused = Self { wait: self.wait.refused_by(Participant::Payment, code), ..self };
        // What nobody decided may still be done: it is asked again as it is.
        if is_decided(code) { refused.turns_to_next() } else { refused }
    }

    /// Somebody has seen to all that was open. What was refused went another way: under that id nothing ever went back
    /// that could come back.
    pub(super) fn seen_to(mut self, answer_by: Timestamp) -> Self {
        if let Some(Undo::Refund { refund_id, amount, .. }) = self.undo.take() {
            let refused = self.wait.was_refused_by(&Participant::Payment);
            self.gone.insert(if refused { another(refund_id) } else { refund_id }, amount);
        }
        if let Some(next) = self.next.take() {
            self.gone.insert(another(next.refund_id), next.amount);
        }
        Self { wait: self.wait.over_by_hand(answer_by), owed: 0, ..self }
    }
}

/// Takes out of what went back what came back, if it was there. Under the id that was refused builds before counted what
/// an operator had seen to: they took it for come back when they heard of that once more.
pub(super) fn take(refunds: &mut Refunds, refund_id: RefundId) -> Option<Money> {
    refunds.remove(&refund_id).or_else(|| refunds.remove(&another(refund_id)))
}

/// The id of the refund that is tried after that one.
pub(super) fn another(refund_id: RefundId) -> RefundId {
    RefundId(Uuid::new_v5(&refund_id.0, b"again"))
}

/// Why an order that is off waits for an operator.
pub(super) fn came_back(code: &str) -> Reason {
    Reason { code: code.to_owned(), detail: format!("the money came back, and the order is off: {code}") }
}
