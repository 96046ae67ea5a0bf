//! What a payment does, sentence by sentence; `properties` holds what is true of every history.

mod authorising;
mod operating;
mod properties;
mod taking;
mod voiding;
mod waiting;
mod world;

use super::*;
use chrono::TimeDelta;
use tillroll_schemas::payment::{
    Call, CapturePayment, RecordReport, RefundPayment, Report, RequestPayment, RetryCall, VoidPayment, payment_of,
};
use tillroll_schemas::{Currency, OrderId};
use uuid::Uuid;

pub(super) const ORDER: OrderId = OrderId(Uuid::from_u128(1));

type Decision = Result<Option<PaymentEvent>, PaymentRejection>;

/// Given these commands, carried out one after the other, a second apart.
fn given(commands: &[PaymentCommand]) -> Given {
    let state =
        commands.iter().enumerate().fold(PaymentState::default(), |state, (n, command)| {
            match Payment::decide(&state, command, second(n as i64)) {
                Ok(Some(event)) => Payment::evolve(state, &event),
                other => panic!("{command:?} does nothing after what was given before it: {other:?}"),
            }
        });
    Given { state, at: second(commands.len() as i64) }
}

struct Given {
    state: PaymentState,
    at: Timestamp,
}

impl Given {
    fn when(&self, command: impl Into<PaymentCommand>) -> Decided {
        Decided { decision: Payment::decide(&self.state, &command.into(), self.at), state: self.state.clone() }
    }

    /// When the deadline fires.
    fn when_nothing_comes(&self) -> Decided {
        let deadline = Payment::deadline(&self.state).expect("a deadline");
        let command = Payment::on_deadline(deadline).expect("a command");
        let decision = Payment::decide(&self.state, &command, deadline);
        Decided { decision, state: self.state.clone() }
    }

    fn and(self, command: impl Into<PaymentCommand>) -> Self {
        let event = self.when(command).happened();
        Self { state: Payment::evolve(self.state, &event), at: self.at + TimeDelta::seconds(1) }
    }

    /// And the deadline fires that many times.
    fn and_nothing_comes(mut self, times: u32) -> Self {
        for _ in 0..times {
            let event = self.when_nothing_comes().happened();
            self.state = Payment::evolve(self.state, &event);
        }
        self
    }

    fn body(&self) -> PaymentBody {
        Payment::answer(&payment_of(ORDER).to_string().into(), None, &self.state).expect("a body")
    }
}

struct Decided {
    decision: Decision,
    state: PaymentState,
}

impl Decided {
    fn happened(self) -> PaymentEvent {
        match self.decision {
            Ok(Some(event)) => event,
            other => panic!("something happens: {other:?}"),
        }
    }
    fn then(self, event: impl Into<PaymentEvent>) {
        assert_eq!(self.decision, Ok(Some(event.into())));
    }
    fn then_nothing(self) {
        assert_eq!(self.decision, Ok(None));
    }
    fn then_refused(self, rejection: PaymentRejection) {
        assert_eq!(self.decision, Err(rejection));
    }
    /// Then the provider is asked for this.
    fn then_asks(self, call: Call) -> Given {
        let state = self.state.clone();
        let event = self.happened();
        assert_eq!(event.call().map(|(call, _)| call), Some(call));
        Given { state: Payment::evolve(state, &event), at: second(100) }
    }
}

pub(super) fn second(n: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(n)
}

pub(super) fn gbp(amount: i64) -> Money {
    Money { amount, currency: Currency::GBP }
}

pub(super) fn intent() -> IntentId {
    IntentId("pi_1".to_owned())
}

/// The payment of 100.00 is to be authorised within two minutes, by the customer within ten.
pub(super) fn request() -> RequestPayment {
    RequestPayment {
        order_id: ORDER,
        user_id: None,
        amount: gbp(10_000),
        method_token: "pm_card_visa".into(),
        reference: "order 1".to_owned(),
        answer_by: second(120),
        action_by: second(600),
    }
}

pub(super) fn capture(amount: i64) -> CapturePayment {
    CapturePayment { order_id: ORDER, amount: gbp(amount) }
}

pub(super) fn void() -> VoidPayment {
    VoidPayment { order_id: ORDER, reason: "cancelled".to_owned() }
}

pub(super) fn refund_id(n: u128) -> RefundId {
    RefundId(Uuid::from_u128(n))
}

pub(super) fn refund(n: u128, amount: i64) -> RefundPayment {
    RefundPayment { order_id: ORDER, refund_id: refund_id(n), amount: gbp(amount), reason: "broken".to_owned() }
}

pub(super) fn reported(report: Report) -> RecordReport {
    RecordReport { intent: Some(intent()), report }
}

fn authorised() -> Report {
    Report::Authorised { amount: gbp(10_000) }
}

fn declined(code: &str) -> Report {
    Report::Declined { code: code.to_owned() }
}

fn creating() -> Given {
    given(&[request().into()])
}

fn confirming() -> Given {
    creating().and(reported(Report::Created))
}

/// Declined, and the intent is closed.
fn refused_card(code: &str) -> Given {
    confirming().and(reported(declined(code))).and(reported(Report::Cancelled))
}

fn held() -> Given {
    confirming().and(reported(authorised()))
}

fn captured(amount: i64) -> Given {
    held().and(capture(amount)).and(reported(Report::Captured { amount: gbp(amount) }))
}
