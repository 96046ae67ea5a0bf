//! `order`: what a customer ordered, and the sagas that bring it about (`checkout`, `fulfilment`, `reversal`).
//!
//! Life: reserving → (authorising, by card) → committing → committed → confirmed (captured, invoiced) ⇄ delivering →
//! fulfilled, refunded in parts; from anywhere before the first delivery: compensating → cancelled. No more leaves than
//! was ordered and paid for and not paid back, no more goes back than was taken; a cancelled order holds neither stock
//! nor money; every wait has a deadline or is stuck for a stated reason.

mod body;
mod checkout;
mod compensation;
mod ending;
mod fulfilment;
mod invoicing;
mod life;
mod operating;
mod paying;
mod placing;
mod record_size;
mod rejection;
mod reversal;
mod settlement;
mod steps;
mod telling;
mod wait;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Impasse, Key, Saga, SagaStatus};
use tillroll_schemas::order::{
    Continue, DeadlinePassed, OrderCommand, OrderEvent, Placed, Reason, RecordStockAnswers, Step, StockClaim,
};
use tillroll_schemas::{FulfilmentId, Money, RefundId, Sku, Timestamp, catalogue};

pub use body::{Cancellation, LineBody, OrderBody, PaymentBody, PaymentStatus, RefundStands, Status};
pub(crate) use checkout::grows_to;
pub use ending::{Ending, Owed};
pub(crate) use record_size::fits;
pub use rejection::{Excess, OrderRejection};
pub use settlement::{Reversed, Settlement};
pub use steps::{Compensation, SagaStep};
use wait::{Asked, Patience};
pub use wait::{Participant, Wait};

/// Answers that one record may end: more than the longest usual order waits for, and far below the largest record.
const JOINED_ANSWERS: usize = 2_000;

/// The aggregate.
#[derive(Debug)]
pub struct Order;

/// What is known of an order. Cheap to clone: what never changes is shared, what changes shares its parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderState {
    /// How many events it has.
    pub version: u64,
    /// Where it stands in its life.
    pub life: Life,
}

/// The stages of an order's life, each with what only it knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Life {
    /// Nothing has happened.
    #[default]
    NotPlaced,
    /// Its pieces are being reserved.
    Reserving(Arc<Placed>, Wait),
    /// They are held, and the money is being held; until then the customer has to authenticate himself, if he has to.
    Authorising(Arc<Placed>, Wait, Option<Timestamp>),
    /// The pieces are being committed.
    Committing(Arc<Placed>, Wait),
    /// They are committed; what confirms the order is on its way, and its deadline confirms it if that is lost.
    Committed(Arc<Placed>, Wait),
    /// It counts as sold.
    Confirmed(Sold),
    /// It counts as sold, and pieces are leaving.
    Delivering(Sold, Delivery),
    /// Everything has left.
    Fulfilled(Sold),
    /// It cannot be, and what it held is being released.
    Compensating(Ending),
    /// It is off and holds nothing. If money had been taken: how it was given back.
    Cancelled(Arc<Placed>, Reason, Refunds),
}

/// Money that went back, by refund.
pub type Refunds = OrdMap<RefundId, Money>;

/// An order that counts as sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sold {
    /// What was ordered.
    pub order: Arc<Placed>,
    /// Pieces that have not left yet; a SKU without any is not listed.
    pub left: OrdMap<Sku, i64>,
    /// The deliveries that are out.
    pub delivered: OrdSet<FulfilmentId>,
    /// How far it is paid, invoiced and paid back.
    pub settlement: Settlement,
    /// What went back.
    pub reversed: Reversed,
}

/// A delivery under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which.
    pub id: FulfilmentId,
    /// What is delivered, services included.
    pub items: Arc<[StockClaim]>,
    /// Whose pieces have not left.
    pub wait: Wait,
}

impl Aggregate for Order {
    const TOPICS: AggregateTopics = catalogue::ORDER;
    // 3: a state of 2 may have been folded by a build that leaves out the buyer, and what came back of a refund.
    // 4: whatever went back before an order was called off stays known.
    // 5: whatever came back of one that is off is owed, whatever is under way meanwhile.
    const STATE_SCHEMA: u32 = 5;
    type State = OrderState;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;
    /// The order's body; nothing if there is no such order.
    type Answer = Option<OrderBody>;

    fn decide(state: &OrderState, command: &OrderCommand, at: Timestamp) -> Result<Option<OrderEvent>, OrderRejection> {
        let decided = match command {
            OrderCommand::Place(command) => placing::place(&state.life, command, at),
            OrderCommand::RecordStockAnswers(command) => Ok(checkout::record(&state.life, &command.answers, at)),
            OrderCommand::RecordPaymentAnswer(command) => Ok(paying::record(&state.life, &command.outcome, at)),
            OrderCommand::RecordInvoiceAnswer(command) => Ok(invoicing::record(&state.life, command, at)),
            OrderCommand::Continue(Continue {}) => Ok(checkout::carry_on(&state.life, at)),
            OrderCommand::Cancel(command) => checkout::cancel(&state.life, command, at),
            OrderCommand::RequestFulfilment(command) => fulfilment::request(&state.life, command, at),
            OrderCommand::RequestRefund(command) => reversal::request(&state.life, command, at),
            OrderCommand::DeadlinePassed(command) => Ok(checkout::overdue(&state.life, command.deadline, at)),
            OrderCommand::RetryStep(command) => operating::retry(&state.life, command, at),
            OrderCommand::CompensateStuck(command) => operating::compensate(&state.life, command, at),
            OrderCommand::CompleteStep(command) => operating::complete(&state.life, command, at),
        }?;
        Ok(decided.map(|event| telling::told(&state.life, event)))
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        let life = state.life;
        let life = match event {
            OrderEvent::Placed(event) => placing::placed(life, event),
            OrderEvent::StockAnswered(event) => life.hear(&event.answers),
            OrderEvent::StockReserved(event) => checkout::reserved(life, event),
            OrderEvent::PaymentRequested(event) => paying::requested(life, event),
            OrderEvent::PaymentActionRequired(event) => paying::action_required(life, event),
            OrderEvent::PaymentAuthorised(event) => paying::authorised(life, event),
            OrderEvent::StockCommitted(_) => checkout::committed(life),
            OrderEvent::Confirmed(event) => checkout::confirmed(life, event),
            OrderEvent::PaymentCaptured(event) => paying::captured(life, event),
            OrderEvent::PaymentAnswered(event) => compensation::payment_answered(life, &event.outcome),
            OrderEvent::UndoRequested(event) => compensation::undo_requested(life, event),
            OrderEvent::Invoiced(_) => invoicing::invoiced(life),
            OrderEvent::StepOverdue(event) => life.wait_on(event.step, Patience::of(event)),
            OrderEvent::CompensationStarted(event) => compensation::started(life, event),
            OrderEvent::Cancelled(event) => compensation::cancelled(life, event),
            OrderEvent::Stuck(event) => compensation::stuck(life, event),
            OrderEvent::RefundRequested(event) => reversal::requested(life, event),
            OrderEvent::Refunded(event) => reversal::refunded(life, event),
            OrderEvent::RefundRefused(event) => reversal::refused(life, event),
            OrderEvent::StepRetried(event) => operating::retried(life, event),
            OrderEvent::StepCompleted(event) => operating::completed(life, event),
            OrderEvent::FulfilmentRequested(event) => fulfilment::requested(life, event),
            OrderEvent::Fulfilled(event) => fulfilment::fulfilled(life, event),
        };
        OrderState { version: state.version + 1, life }
    }

    fn answer(key: &Key, _event: Option<&OrderEvent>, state: &OrderState) -> Option<OrderBody> {
        OrderBody::of(key, state)
    }

    fn occurred_at(event: &OrderEvent) -> Option<Timestamp> {
        match event {
            OrderEvent::Placed(placed) => Some(placed.placed_at),
            OrderEvent::StockAnswered(_)
            | OrderEvent::StockReserved(_)
            | OrderEvent::StockCommitted(_)
            | OrderEvent::Confirmed(_)
            | OrderEvent::StepOverdue(_)
            | OrderEvent::CompensationStarted(_)
            | OrderEvent::Cancelled(_)
            | OrderEvent::Stuck(_)
            | OrderEvent::StepRetried(_)
            | OrderEvent::StepCompleted(_)
            | OrderEvent::FulfilmentRequested(_)
            | OrderEvent::Fulfilled(_)
            | OrderEvent::PaymentRequested(_)
            | OrderEvent::PaymentActionRequired(_)
            | OrderEvent::PaymentAuthorised(_)
            | OrderEvent::PaymentCaptured(_)
            | OrderEvent::PaymentAnswered(_)
            | OrderEvent::UndoRequested(_)
            | OrderEvent::Invoiced(_)
            | OrderEvent::RefundRequested(_)
            | OrderEvent::Refunded(_)
            | OrderEvent::RefundRefused(_) => None,
        }
    }

    /// Only answers are joined: what many stock items say to one order is one decision.
    fn join(first: &mut OrderCommand, next: OrderCommand) -> Result<(), OrderCommand> {
        match (first, next) {
            (
                OrderCommand::RecordStockAnswers(RecordStockAnswers { answers }),
                OrderCommand::RecordStockAnswers(mut next),
            ) if answers.len() + next.answers.len() <= JOINED_ANSWERS => {
                answers.append(&mut next.answers);
                Ok(())
            }
            (_, next) => Err(next),
        }
    }

    fn deadline(state: &OrderState) -> Option<Timestamp> {
        state.life.waits().filter_map(|(_, wait)| wait.deadline()).min()
    }

    fn on_deadline(deadline: Timestamp) -> Option<OrderCommand> {
        Some(DeadlinePassed { deadline }.into())
    }

    /// Nothing is under way that decides what becomes of it or of its money. A number that is awaited decides nothing,
    /// and while the customer has to authenticate himself it is his turn.
    fn settled(state: &OrderState) -> bool {
        let decides = |(asked, wait): (Asked, &Wait)| asked.step() != Step::Invoice && wait.stuck().is_none();
        match &state.life {
            Life::NotPlaced => false,
            Life::Authorising(_, _, Some(_)) => true,
            life => !life.waits().any(decides),
        }
    }
}

impl Saga for Order {
    fn saga(state: &OrderState) -> Option<SagaStatus> {
        // One that is stuck first, else the one that is over first.
        let waits = state.life.waits();
        let (asked, wait) = waits.min_by_key(|(_, wait)| (wait.stuck().is_none(), wait.deadline()))?;
        let stuck = wait.stuck().map(|reason| Impasse { code: reason.code.clone(), detail: reason.detail.clone() });
        Some(SagaStatus {
            step: SagaStep::of(asked.step()).name,
            waits_for: wait.open().map(ToString::to_string).collect(),
            answer_by: wait.deadline(),
            attempt: wait.attempt(),
            stuck,
        })
    }
}

#[cfg(test)]
mod tests;
