//! A payment, a provider and everything that is under way between them: calls that arrive late, twice or never, answers
//! likewise, webhooks of any age, and an order that asks for anything.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use tillroll_log::{Body, Cause, Coordinates, EventId, Offset, PartitionId, Reactions, Rejection, SettledAs};
use tillroll_schemas::order::OrderCommand;
use tillroll_schemas::payment::PaymentOutcome;

use crate::PaymentReactions;

/// What the card does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Card {
    Good,
    Unknown,
    Declined,
    WantsAction,
    HoldsLess,
    CannotBeCaptured,
    CannotBeRefunded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Unconfirmed,
    WaitsForCustomer,
    Failed,
    Held,
    Taken,
    Cancelled,
}

/// The provider's one intent of this payment.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    card: Card,
    status: Option<Status>,
    pub(super) held: i64,
    pub(super) received: i64,
    refunds: BTreeMap<RefundId, i64>,
    /// What was held was let go of by itself.
    pub(super) lapsed: bool,
}

impl Provider {
    /// What is held was held for too long.
    pub(super) fn lapses(&mut self) {
        if self.status == Some(Status::Held) {
            (self.held, self.status, self.lapsed) = (0, Some(Status::Cancelled), true);
        }
    }

    pub(super) fn refunded(&self) -> i64 {
        self.refunds.values().sum()
    }

    /// Carries a call out; the same one again changes nothing more.
    fn execute(&mut self, call: &Call) -> RecordReport {
        match call {
            Call::Create { .. } if self.card == Card::Unknown => {
                return RecordReport { intent: None, report: declined("resource_missing") };
            }
            Call::Create { .. } => {
                self.status = self.status.or(Some(Status::Unconfirmed));
                return reported(Report::Created);
            }
            Call::Confirm { .. } => self.confirm(),
            Call::Capture { amount, .. } if self.status == Some(Status::Held) => {
                if self.card == Card::CannotBeCaptured || amount.amount > self.held {
                    return reported(Report::CaptureRefused { code: "refused".to_owned() });
                }
                (self.held, self.received, self.status) = (0, amount.amount, Some(Status::Taken));
            }
            Call::Void { .. } if self.status != Some(Status::Taken) => {
                (self.held, self.status) = (0, Some(Status::Cancelled));
            }
            Call::Look { .. } if matches!(self.status, Some(Status::Unconfirmed | Status::WaitsForCustomer)) => {
                return reported(Report::NotActed);
            }
            Call::Look { .. } | Call::Capture { .. } | Call::Void { .. } => {}
            Call::Refund { refund_id, amount, .. } => return reported(self.refund(*refund_id, amount.amount)),
        }
        reported(self.report().expect("it says how it stands"))
    }

    fn confirm(&mut self) {
        if self.status == Some(Status::Unconfirmed) {
            self.status = Some(match self.card {
                Card::Declined => Status::Failed,
                Card::WantsAction => Status::WaitsForCustomer,
                _ => Status::Held,
            });
            self.hold();
        }
    }

    fn hold(&mut self) {
        if self.status == Some(Status::Held) {
            self.held = if self.card == Card::HoldsLess { 5_000 } else { 10_000 };
        }
    }

    pub(super) fn customer_acts(&mut self, passes: bool) {
        // After a decline he may try another card, as long as the intent is open.
        if matches!(self.status, Some(Status::WaitsForCustomer | Status::Failed)) {
            self.status = Some(if passes { Status::Held } else { Status::Failed });
            self.hold();
        }
    }

    fn refund(&mut self, refund_id: RefundId, amount: i64) -> Report {
        let left = self.received - self.refunded();
        if self.refunds.contains_key(&refund_id) {
            return Report::Refunded { refund_id };
        }
        if self.card == Card::CannotBeRefunded || amount > left {
            return Report::RefundRefused { refund_id, code: "refused".to_owned() };
        }
        self.refunds.insert(refund_id, amount);
        Report::Refunded { refund_id }
    }

    /// How it stands, as a webhook or a look says it.
    fn report(&self) -> Option<Report> {
        Some(match self.status? {
            Status::Unconfirmed => Report::Created,
            Status::WaitsForCustomer => Report::RequiresAction,
            Status::Failed => declined("do_not_honor"),
            Status::Held => Report::Authorised { amount: gbp(self.held) },
            Status::Taken => Report::Captured { amount: gbp(self.received) },
            Status::Cancelled => Report::Cancelled,
        })
    }
}

pub(super) struct World {
    pub(super) state: PaymentState,
    pub(super) events: Vec<PaymentEvent>,
    pub(super) provider: Provider,
    pub(super) now: Timestamp,
    /// Calls that were made, and may arrive at any time.
    calls: Vec<Call>,
    /// What the provider has said, and may be heard at any time.
    said: Vec<RecordReport>,
    /// What the order has asked for.
    pub(super) asked: Vec<PaymentCommand>,
    /// What the order was told.
    pub(super) told: Vec<PaymentOutcome>,
}

impl World {
    pub(super) fn new(card: Card) -> Self {
        let refunds = BTreeMap::new();
        Self {
            state: PaymentState::default(),
            events: Vec::new(),
            provider: Provider { card, status: None, held: 0, received: 0, refunds, lapsed: false },
            now: second(0),
            calls: Vec::new(),
            said: Vec::new(),
            asked: Vec::new(),
            told: Vec::new(),
        }
    }

    /// The order asks by topic.
    pub(super) fn order_asks(&mut self, command: impl Into<PaymentCommand>) {
        let command = command.into();
        self.asked.push(command.clone());
        self.tell(command);
    }

    fn tell(&mut self, command: PaymentCommand) {
        self.now += TimeDelta::milliseconds(7);
        let caused = match Payment::decide(&self.state, &command, self.now) {
            Ok(Some(event)) => {
                self.calls.extend(event.call().map(|(call, _)| call));
                self.state = Payment::evolve(self.state.clone(), &event);
                self.events.push(event.clone());
                PaymentReactions::on_event(&cause(), &event)
            }
            Ok(None) => PaymentReactions::on_settled(&cause(), Some(&command), SettledAs::Unchanged),
            Err(no) => PaymentReactions::on_settled(&cause(), Some(&command), SettledAs::Refused(no.code())),
        };
        for outgoing in caused.unwrap() {
            let told = OrderCommand::decode(outgoing.type_name, &outgoing.value).unwrap();
            let OrderCommand::RecordPaymentAnswer(answer) = told else { panic!("{told:?}") };
            self.told.push(answer.outcome);
        }
    }

    /// A call arrives; it may arrive again.
    pub(super) fn call_arrives(&mut self, which: usize, again: bool) {
        if self.calls.is_empty() {
            return;
        }
        let which = which % self.calls.len();
        let call = if again { self.calls[which].clone() } else { self.calls.remove(which) };
        let said = self.provider.execute(&call);
        self.said.push(said);
    }

    pub(super) fn call_is_lost(&mut self, which: usize) {
        if !self.calls.is_empty() {
            self.calls.remove(which % self.calls.len());
        }
    }

    /// A webhook is sent; it is as old as it will be when it is heard.
    pub(super) fn webhook_is_sent(&mut self) {
        self.said.extend(self.provider.report().map(reported));
    }

    /// Something that was said is heard; it may be heard again.
    pub(super) fn is_heard(&mut self, which: usize, again: bool) {
        if self.said.is_empty() {
            return;
        }
        let which = which % self.said.len();
        let report = if again { self.said[which].clone() } else { self.said.remove(which) };
        self.tell(report.into());
    }

    pub(super) fn deadline_passes(&mut self) {
        let Some(deadline) = Payment::deadline(&self.state) else { return };
        self.now = self.now.max(deadline);
        let events = self.events.len();
        self.tell(Payment::on_deadline(deadline).unwrap());
        assert!(self.events.len() > events, "a deadline fired in vain: {:?}", self.state);
    }

    pub(super) fn operator_retries(&mut self) {
        self.tell(RetryCall { reason: None }.into());
    }

    /// From here on nothing is lost, and operators have tried again whatever was stuck.
    pub(super) fn comes_to_rest(&mut self) {
        for _ in 0..10_000 {
            if !self.calls.is_empty() {
                self.call_arrives(0, false);
            } else if !self.said.is_empty() {
                self.is_heard(0, false);
            } else if Payment::deadline(&self.state).is_some() {
                self.deadline_passes();
            } else if self.state.life.waits().next().is_some() {
                self.operator_retries();
            } else {
                return;
            }
        }
        panic!("it never rests: {:?}", self.state);
    }

    /// What the order asked for and was not told the end of.
    pub(super) fn unanswered(&self) -> Vec<&PaymentCommand> {
        let told = |is: fn(&PaymentOutcome) -> bool| self.told.iter().any(is);
        let refunds: BTreeSet<RefundId> = self.told.iter().filter_map(refund_of).collect();
        let open = |command: &&PaymentCommand| match command {
            PaymentCommand::Request(_) => !told(|outcome| {
                use PaymentOutcome::{Authorised, Declined, RequestRefused, Voided};
                matches!(outcome, Authorised | Declined { .. } | RequestRefused { .. } | Voided)
            }),
            PaymentCommand::Capture(_) => !told(|outcome| {
                use PaymentOutcome::{CaptureRefused, Captured, Declined};
                matches!(outcome, Captured { .. } | CaptureRefused { .. } | Declined { .. })
            }),
            PaymentCommand::Void(_) => {
                !told(|outcome| matches!(outcome, PaymentOutcome::Voided | PaymentOutcome::VoidRefused { .. }))
            }
            PaymentCommand::Refund(refund) => !refunds.contains(&refund.refund_id),
            PaymentCommand::RecordReport(_)
            | PaymentCommand::RetryCall(_)
            | PaymentCommand::CompleteCall(_)
            | PaymentCommand::RefuseCall(_)
            | PaymentCommand::LookInto(_)
            | PaymentCommand::WaitOver(_) => false,
        };
        self.asked.iter().filter(open).collect()
    }
}

fn refund_of(outcome: &PaymentOutcome) -> Option<RefundId> {
    match outcome {
        PaymentOutcome::Refunded { refund_id, .. } | PaymentOutcome::RefundRefused { refund_id, .. } => {
            Some(*refund_id)
        }
        _ => None,
    }
}

fn cause() -> Cause {
    let at = Coordinates { topic: "payment.events.v1".into(), partition: PartitionId(0), offset: Offset(7) };
    Cause { id: EventId(Uuid::from_u128(3)), at, key: payment_of(ORDER).to_string().into(), correlation: None }
}
