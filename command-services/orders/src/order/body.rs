//! What a client is told of an order, made from its state as it is now. Reads say the same and `recorded_at`: that is
//! the broker's clock, and no fold depends on it.

use std::collections::BTreeMap;

use serde::Serialize;
use tillroll_log::Key;
use tillroll_schemas::order::{Customer, Line, PaymentMethod, Placed, Reason, Totals};
use tillroll_schemas::{Money, Quantity, Sku, TaxRate, Timestamp};

use super::{Life, OrderState, Sold};

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
    /// How many events it has; the `ETag`.
    pub version: u64,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentBody {
    /// By which means.
    pub method: PaymentMethod,
    /// How far that is.
    pub status: PaymentStatus,
}

/// How far the payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// On account: nothing is asked for.
    NotRequired,
}

/// Why an order is not to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cancellation {
    /// Stable, snake case.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something is under way that decides whether it will be.
    Pending,
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
            country: order.country.clone(),
            lines: lines(order, left(&state.life)),
            totals: order.totals,
            payment: PaymentBody { method: order.payment, status: payment_status(order.payment) },
            placed_at: order.placed_at,
            cancellation: reason(&state.life).map(Cancellation::of),
            refunded: Money::zero(order.totals.gross.currency),
            version: state.version,
        })
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
            life if life.stuck().is_some() => Self::Stuck,
            Life::NotPlaced | Life::Reserving(..) | Life::Committing(..) | Life::Committed(..) => Self::Pending,
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

fn payment_status(method: PaymentMethod) -> PaymentStatus {
    match method {
        PaymentMethod::OnAccount => PaymentStatus::NotRequired,
    }
}

fn reason(life: &Life) -> Option<&Reason> {
    match life {
        Life::Compensating(ending) => Some(&ending.reason),
        Life::Cancelled(_, reason) => Some(reason),
        Life::NotPlaced | Life::Reserving(..) | Life::Committing(..) | Life::Committed(..) => None,
        Life::Confirmed(_) | Life::Delivering(..) | Life::Fulfilled(_) => None,
    }
}

/// The pieces that have not left, once it counts as sold.
fn left(life: &Life) -> Option<&Sold> {
    match life {
        Life::Confirmed(sold) | Life::Delivering(sold, _) | Life::Fulfilled(sold) => Some(sold),
        Life::NotPlaced | Life::Reserving(..) | Life::Committing(..) | Life::Committed(..) => None,
        Life::Compensating(_) | Life::Cancelled(..) => None,
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
