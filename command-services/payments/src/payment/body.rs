//! What a client is told of a payment, made from its state as it is now.

use serde::Serialize;
use tillroll_log::Key;
use tillroll_schemas::payment::{Ending, IntentId};
use tillroll_schemas::{Money, OrderId, Timestamp, UserId};

use super::{Life, PaymentState};

/// A payment as a client sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaymentBody {
    /// Its id.
    pub id: String,
    /// For which order; none if only a void is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// Where it stands.
    pub status: Status,
    /// How much was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// How much was taken, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured: Option<Money>,
    /// How much of that went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// When the customer has to have authenticated himself, while he has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_by: Option<Timestamp>,
    /// Why it was declined, or why it is stuck.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How many events it has; the `ETag`.
    pub version: u64,
    /// Whose it is, if he has an account. Not told.
    #[serde(skip)]
    pub user_id: Option<UserId>,
    /// The provider's id of it. Not told.
    #[serde(skip)]
    pub intent: Option<IntentId>,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Being authorised.
    Pending,
    /// The customer has to authenticate himself.
    RequiresAction,
    /// The money is held.
    Authorised,
    /// It is being taken.
    Capturing,
    /// It was taken.
    Captured,
    /// All of it went back.
    Refunded,
    /// What is held is being let go.
    Voiding,
    /// Nothing is held, at the order's wish.
    Voided,
    /// Nothing is held.
    Declined,
    /// An operator is needed.
    Stuck,
}

impl PaymentBody {
    /// The body; nothing if nothing has happened.
    pub(super) fn of(key: &Key, state: &PaymentState) -> Option<Self> {
        let life = &state.life;
        let status = status(life)?;
        let request = life.request();
        let taken = match life {
            Life::Captured(taken) => Some((taken.captured, taken.refunded())),
            _ => None,
        };
        Some(Self {
            id: key.to_string(),
            order_id: request.map(|request| request.order_id),
            status,
            amount: request.map(|request| request.amount),
            captured: taken.map(|(captured, _)| captured),
            refunded: taken.map(|(_, refunded)| refunded),
            action_by: request.filter(|_| status == Status::RequiresAction).map(|request| request.action_by),
            code: code(life),
            version: state.version,
            user_id: request.and_then(|request| request.user_id),
            intent: life.intent().cloned(),
        })
    }
}

fn status(life: &Life) -> Option<Status> {
    if life.waits().any(|(_, wait)| wait.stuck().is_some()) {
        return Some(Status::Stuck);
    }
    match life {
        Life::NotRequested => None,
        Life::Creating(..) | Life::Confirming(..) => Some(Status::Pending),
        Life::ActionRequired(..) => Some(Status::RequiresAction),
        Life::Authorised(_) => Some(Status::Authorised),
        Life::Capturing(..) => Some(Status::Capturing),
        Life::Captured(taken) if taken.refunded() == taken.captured => Some(Status::Refunded),
        Life::Captured(_) => Some(Status::Captured),
        Life::Voiding(..) => Some(Status::Voiding),
        Life::Declined(..) => Some(Status::Declined),
        Life::Voided(_) => Some(Status::Voided),
    }
}

fn code(life: &Life) -> Option<String> {
    let stuck = life.waits().find_map(|(_, wait)| wait.stuck().map(|(code, _)| code.to_owned()));
    stuck.or_else(|| match life {
        Life::Declined(_, _, code) | Life::Voiding(_, Ending::Declined { code }, _) => Some(code.clone()),
        _ => None,
    })
}
