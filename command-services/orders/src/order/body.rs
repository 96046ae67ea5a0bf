//! What a client is told of an order, made from its state as it is now. Reads say the same and `recorded_at`: that is
//! the broker's clock, and no fold depends on it.

use std::collections::BTreeMap;

use serde::Serialize;
use tillroll_log::Key;
use tillroll_schemas::order::{Customer, Line, PaymentMethod, Placed, Reason, Step, Totals};
use tillroll_schemas::{Money, PaymentId, Quantity, RefundId, Sku, TaxRate, Timestamp, UserId};

use super::settlement::sum;
use super::{Ending, Life, OrderState, Reversed, Settlement, Sold};

/// An order as a client sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderBody {
    /// Its id.
    pub id: String,
    /// The shop's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<Customer>,
    /// Whose, if he has an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// As ordered.
    pub lines: Vec<LineBody>,
    /// The sums.
    pub totals: Totals,
    /// How it is paid.
    pub payment: PaymentBody,
    /// When it was ordered.
    pub placed_at: Timestamp,
    /// Why it is not to be, from the moment that this is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// What was paid back.
    pub refunded: Money,
    /// What was told as paid back and did not arrive, as it bounced: it is to be paid back once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owed: Option<Money>,
    /// How many events it has; the `ETag`.
    pub version: u64,
    /// For whoever asked for a refund: [`Self::refund`].
    #[serde(skip)]
    reversed: Reversed,
    /// For operators: why it is stuck, or something beside it.
    #[serde(skip)]
    pub stuck: Option<Reason>,
}

/// One line of an order, or of a credit note.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineBody {
    /// What.
    pub sku: Sku,
    /// Its name then.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// Per piece, tax excluded.
    pub unit_price: Money,
    /// `quantity × unit_price`.
    pub line_total: Money,
    /// Basis points.
    pub tax_rate: TaxRate,
    /// How many have left, if any have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfilled: Option<i64>,
}

/// How it is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentBody {
    /// Which, by card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<PaymentId>,
    /// By which means.
    pub method: PaymentMethod,
    /// How far that is.
    pub status: PaymentStatus,
    /// Where the customer learns how to authenticate himself, while he has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// When he has to have done so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_by: Option<Timestamp>,
}

/// How far the payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// On account, or for nothing: nothing is asked for.
    NotRequired,
    /// Nothing is held yet.
    Pending,
    /// The customer has to authenticate himself.
    RequiresAction,
    /// The money is held.
    Authorised,
    /// It was taken.
    Captured,
    /// Part of it went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
    /// What may be held is being let go or given back.
    Undoing,
    /// Nothing was taken, and nothing is held.
    Voided,
}

/// Why an order is not to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cancellation {
    /// Stable, snake case.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// How a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStands<'a> {
    /// Nobody has said yet what becomes of it.
    UnderWay,
    /// The money is back.
    Back,
    /// It is not, and will not be, for this reason.
    Refused(&'a str),
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something is under way that decides whether it will be.
    Pending,
    /// The customer has to authenticate himself to pay.
    RequiresAction,
    /// It is good.
    Confirmed,
    /// Everything has left.
    Fulfilled,
    /// It is off.
    Cancelled,
    /// It waits for what does not come.
    Stuck,
}

impl OrderBody {
    /// The body of the order in this state; nothing if nothing was ordered.
    pub fn of(key: &Key, state: &OrderState) -> Option<Self> {
        let order = state.life.order()?;
        Some(Self {
            id: key.to_string(),
            reference: order.reference.clone(),
            status: Status::of(&state.life),
            customer: order.customer.clone(),
            user_id: order.user_id,
            country: order.country.clone(),
            lines: lines(order, state.life.sold()),
            totals: order.totals,
            payment: PaymentBody::of(order, &state.life),
            placed_at: order.placed_at,
            cancellation: reason(&state.life).map(Cancellation::of),
            refunded: refunded(order, &state.life),
            owed: owed(order, &state.life),
            version: state.version,
            reversed: state.life.sold().map(|sold| sold.reversed.clone()).unwrap_or_default(),
            stuck: state.life.stuck().cloned(),
        })
    }

    /// How a refund that was asked for stands.
    pub fn refund(&self, id: RefundId) -> RefundStands<'_> {
        match self.reversed.refused.get(&id) {
            Some(code) => RefundStands::Refused(code),
            None if self.reversed.money.contains_key(&id) => RefundStands::Back,
            None => RefundStands::UnderWay,
        }
    }
}

impl LineBody {
    /// The line, of which nothing has left.
    pub fn of(line: &Line) -> Self {
        Self {
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            line_total: line.line_total,
            tax_rate: line.tax_rate,
            fulfilled: None,
        }
    }
}

impl Status {
    fn of(life: &Life) -> Self {
        match life {
            life if is_stuck(life) => Self::Stuck,
            Life::Authorising(_, _, Some(_)) => Self::RequiresAction,
            Life::NotPlaced | Life::Reserving(..) | Life::Authorising(..) => Self::Pending,
            Life::Committing(..) | Life::Committed(..) => Self::Pending,
            Life::Compensating(_) => Self::Pending,
            Life::Confirmed(_) | Life::Delivering(..) => Self::Confirmed,
            Life::Fulfilled(_) => Self::Fulfilled,
            Life::Cancelled(..) => Self::Cancelled,
        }
    }
}

impl Cancellation {
    fn of(reason: &Reason) -> Self {
        Self { code: reason.code.clone(), detail: reason.detail.clone() }
    }
}

/// A number or a refund that is stuck is for operators: the order itself is as good as before.
fn is_stuck(life: &Life) -> bool {
    let beside = |step| matches!(step, Step::Invoice | Step::Refund);
    life.waits().any(|(asked, wait)| wait.stuck().is_some() && !beside(asked.step()))
}

impl PaymentBody {
    fn of(order: &Placed, life: &Life) -> Self {
        let id = order.payment.payment_id();
        let action_by = match life {
            Life::Authorising(_, _, action_by) => *action_by,
            _ => None,
        };
        let action = id.filter(|_| action_by.is_some()).map(|id| format!("/api/v1/payments/{id}/action"));
        let status = match super::paying::charge(order) {
            Some(_) => paid_so_far(life),
            None => PaymentStatus::NotRequired,
        };
        Self { id, method: order.payment.method(), status, action, action_by }
    }
}

fn paid_so_far(life: &Life) -> PaymentStatus {
    match life {
        Life::NotPlaced | Life::Reserving(..) | Life::Authorising(_, _, None) => PaymentStatus::Pending,
        Life::Authorising(_, _, Some(_)) => PaymentStatus::RequiresAction,
        Life::Committing(..) | Life::Committed(..) => PaymentStatus::Authorised,
        Life::Confirmed(sold) | Life::Delivering(sold, _) | Life::Fulfilled(sold) => match &sold.settlement {
            Settlement::Capturing(_) => PaymentStatus::Authorised,
            _ if sold.refunded() == sold.order.totals.gross => PaymentStatus::Refunded,
            _ if sold.refunded().amount > 0 => PaymentStatus::PartiallyRefunded,
            _ => PaymentStatus::Captured,
        },
        Life::Compensating(ending) if ending.undo.is_some() || !ending.gone.is_empty() => PaymentStatus::Undoing,
        Life::Compensating(Ending { refunds, .. }) | Life::Cancelled(_, _, refunds) if !refunds.is_empty() => {
            PaymentStatus::Refunded
        }
        Life::Compensating(_) | Life::Cancelled(..) => PaymentStatus::Voided,
    }
}

/// What was paid back.
fn refunded(order: &Placed, life: &Life) -> Money {
    match life {
        Life::Compensating(Ending { refunds, .. }) | Life::Cancelled(_, _, refunds) => sum(order, refunds),
        Life::Confirmed(sold) | Life::Delivering(sold, _) | Life::Fulfilled(sold) => sold.refunded(),
        Life::NotPlaced | Life::Reserving(..) | Life::Authorising(..) | Life::Committing(..) | Life::Committed(..) => {
            Money::zero(order.totals.gross.currency)
        }
    }
}

fn owed(order: &Placed, life: &Life) -> Option<Money> {
    let amount = match life {
        Life::Compensating(ending) => ending.owed,
        life => life.sold()?.reversed.owed,
    };
    (amount > 0).then_some(Money { amount, ..order.totals.gross })
}

fn reason(life: &Life) -> Option<&Reason> {
    match life {
        Life::Compensating(ending) => Some(&ending.reason),
        Life::Cancelled(_, reason, _) => Some(reason),
        Life::NotPlaced | Life::Reserving(..) | Life::Authorising(..) => None,
        Life::Committing(..) | Life::Committed(..) => None,
        Life::Confirmed(_) | Life::Delivering(..) | Life::Fulfilled(_) => None,
    }
}

/// What has left of a SKU counts for its lines from the first to the last.
fn lines(order: &Placed, sold: Option<&Sold>) -> Vec<LineBody> {
    let mut gone: BTreeMap<&Sku, i64> = BTreeMap::new();
    if let Some(sold) = sold.filter(|sold| !sold.delivered.is_empty()) {
        for line in &order.lines {
            *gone.entry(&line.sku).or_default() += line.quantity.get();
        }
        for (sku, left) in &sold.left {
            gone.entry(sku).and_modify(|gone| *gone -= left);
        }
    }
    order.lines.iter().map(|line| line_body(line, gone.get_mut(&line.sku))).collect()
}

fn line_body(line: &Line, gone: Option<&mut i64>) -> LineBody {
    let fulfilled = gone.map(|gone| {
        let of_this = line.quantity.get().min(*gone);
        *gone -= of_this;
        of_this
    });
    LineBody { fulfilled: fulfilled.filter(|pieces| *pieces > 0), ..LineBody::of(line) }
}
