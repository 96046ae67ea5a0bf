//! `order`: what a customer ordered, and the sagas that bring it about (`checkout`, `fulfilment`).
//!
//! Life: reserving → committing → committed → confirmed ⇄ delivering → fulfilled; from anywhere before the first
//! delivery: compensating → cancelled. Sums are made once, when it is placed; no more leaves than was ordered; a
//! cancelled order holds no stock; every wait has a deadline or is stuck for a stated reason.

mod body;
mod checkout;
mod fulfilment;
mod life;
mod operating;
mod placing;
mod rejection;
mod steps;
mod wait;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};
use tillroll_log::{Aggregate, AggregateTopics, Impasse, Key, Saga, SagaStatus};
use tillroll_schemas::order::{
    Continue, DeadlinePassed, OrderCommand, OrderEvent, Placed, Reason, RecordStockAnswers, StockClaim,
};
use tillroll_schemas::{FulfilmentId, Sku, Timestamp, catalogue};

pub use body::{Cancellation, LineBody, OrderBody, PaymentBody, PaymentStatus, Status};
pub use rejection::{Excess, OrderRejection};
pub use steps::{Compensation, SagaStep};
use wait::Patience;
pub use wait::Wait;

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
    /// They are being committed.
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
    /// It is off and holds nothing.
    Cancelled(Arc<Placed>, Reason),
}

/// An order that counts as sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sold {
    /// What was ordered.
    pub order: Arc<Placed>,
    /// Pieces that have not left yet; a SKU without any is not listed.
    pub left: OrdMap<Sku, i64>,
    /// The deliveries that are out.
    pub delivered: OrdSet<FulfilmentId>,
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

/// An order on its way to be cancelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// What was ordered.
    pub order: Arc<Placed>,
    /// Why it ends.
    pub reason: Reason,
    /// Whether it had counted as sold, so that cancelling it is a credit.
    pub was_confirmed: bool,
    /// Who has not released yet.
    pub wait: Wait,
}

impl Aggregate for Order {
    const TOPICS: AggregateTopics = catalogue::ORDER;
    const STATE_SCHEMA: u32 = 1;
    type State = OrderState;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;
    /// The order's body; nothing if there is no such order.
    type Answer = Option<OrderBody>;

    fn decide(state: &OrderState, command: &OrderCommand, at: Timestamp) -> Result<Option<OrderEvent>, OrderRejection> {
        match command {
            OrderCommand::Place(command) => placing::place(&state.life, command, at),
            OrderCommand::RecordStockAnswers(command) => Ok(checkout::record(&state.life, &command.answers, at)),
            OrderCommand::Continue(Continue {}) => Ok(checkout::carry_on(&state.life, at)),
            OrderCommand::Cancel(command) => checkout::cancel(&state.life, command, at),
            OrderCommand::RequestFulfilment(command) => fulfilment::request(&state.life, command, at),
            OrderCommand::DeadlinePassed(command) => Ok(checkout::overdue(&state.life, command.deadline, at)),
            OrderCommand::RetryStep(command) => operating::retry(&state.life, command, at),
            OrderCommand::CompensateStuck(command) => operating::compensate(&state.life, command, at),
            OrderCommand::CompleteStep(command) => operating::complete(&state.life, command, at),
        }
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        let life = state.life;
        let life = match event {
            OrderEvent::Placed(event) => placing::placed(life, event),
            OrderEvent::StockAnswered(event) => life.hear(&event.answers),
            OrderEvent::StockReserved(event) => checkout::reserved(life, event),
            OrderEvent::StockCommitted(_) => checkout::committed(life),
            OrderEvent::Confirmed(_) => checkout::confirmed(life),
            OrderEvent::StepOverdue(event) => life.wait_on(Patience::of(event)),
            OrderEvent::CompensationStarted(event) => checkout::compensating(life, event),
            OrderEvent::Cancelled(event) => checkout::cancelled(life, event),
            OrderEvent::Stuck(event) => life.hear(&event.answers).wait_on(Patience::Over(event.reason.clone())),
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
            | OrderEvent::Fulfilled(_) => None,
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
        state.life.waiting().and_then(|(_, wait)| wait.deadline())
    }

    fn on_deadline(deadline: Timestamp) -> Option<OrderCommand> {
        Some(DeadlinePassed { deadline }.into())
    }

    fn settled(state: &OrderState) -> bool {
        match &state.life {
            Life::NotPlaced | Life::Reserving(..) | Life::Committing(..) | Life::Committed(..) => false,
            Life::Confirmed(_) | Life::Fulfilled(_) | Life::Cancelled(..) => true,
            Life::Delivering(..) | Life::Compensating(_) => state.life.stuck().is_some(),
        }
    }
}

impl Saga for Order {
    fn saga(state: &OrderState) -> Option<SagaStatus> {
        let (asked, wait) = state.life.waiting()?;
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
