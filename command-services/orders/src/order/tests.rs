//! given(events).when(command).then(event | refused | nothing), and the words that the tests are written in.

mod cancelling;
mod checkout;
mod deadlines;
mod fulfilment;
mod operating;
mod owing;
mod paid_back;
mod paying;
mod placing;
mod properties;
mod repeats;
mod reversal;
mod telling;
mod walk;
mod world;

use tillroll_log::{Aggregate, Rejection};
use tillroll_schemas::invoice_series::InvoiceLine;
use tillroll_schemas::order::*;
use tillroll_schemas::{FulfilmentId, Quantity, Sku, Timestamp};
use uuid::Uuid;

use super::{Excess, Order, OrderRejection, OrderState};
pub(super) use crate::samples::*;

/// The decision under test is made at that second.
const NOW_S: i64 = 100;

pub(super) struct Given(Vec<OrderEvent>);

#[must_use]
pub(super) struct Decided(Result<Option<OrderEvent>, OrderRejection>);

pub(super) fn given<const N: usize>(events: [OrderEvent; N]) -> Given {
    Given(events.to_vec())
}

impl Given {
    pub(super) fn and<const N: usize>(mut self, events: [OrderEvent; N]) -> Self {
        self.0.extend(events);
        self
    }

    /// The same, and this one stays.
    pub(super) fn clone_and<const N: usize>(&self, events: [OrderEvent; N]) -> Self {
        Self(self.0.clone()).and(events)
    }

    pub(super) fn state(&self) -> OrderState {
        fold(&self.0)
    }

    pub(super) fn when(&self, command: impl Into<OrderCommand>) -> Decided {
        Decided(Order::decide(&self.state(), &command.into(), at(NOW_S)))
    }
}

impl Decided {
    #[track_caller]
    pub(super) fn then(self, event: impl Into<OrderEvent>) {
        assert_eq!(self.0, Ok(Some(event.into())));
    }

    #[track_caller]
    pub(super) fn nothing(self) {
        assert_eq!(self.0, Ok(None));
    }

    #[track_caller]
    pub(super) fn refused(self, code: &str) {
        match self.0 {
            Err(rejection) => {
                assert_eq!(rejection.code(), code);
                assert!(!rejection.detail().is_empty());
            }
            Ok(decided) => panic!("not refused with {code} but {decided:?}"),
        }
    }

    #[track_caller]
    pub(super) fn event(self) -> OrderEvent {
        self.0.unwrap().unwrap()
    }
}

pub(super) fn fold(events: &[OrderEvent]) -> OrderState {
    events.iter().fold(OrderState::default(), Order::evolve)
}

/// So many seconds into the story.
/// The story's order: two mugs, a bowl and the postage.
pub(super) fn placed() -> OrderEvent {
    let command = place(vec![line("MUG", 2, 255), line("BOWL", 1, 100), service("POST", 300)]);
    Order::decide(&OrderState::default(), &command.into(), at(0)).unwrap().unwrap()
}

/// An order for which no stock is kept.
pub(super) fn placed_service() -> OrderEvent {
    Order::decide(&OrderState::default(), &place(vec![service("POST", 300)]).into(), at(0)).unwrap().unwrap()
}

pub(super) fn story_claims() -> Vec<StockClaim> {
    vec![claim("BOWL", 1), claim("MUG", 2)]
}

pub(super) fn answer(text: &str, outcome: StockOutcome) -> StockAnswer {
    StockAnswer { sku: sku(text), outcome }
}

pub(super) fn answers<const N: usize>(answers: [StockAnswer; N]) -> RecordStockAnswers {
    RecordStockAnswers { answers: answers.to_vec() }
}

pub(super) fn reserved() -> OrderEvent {
    let answers = vec![answer("MUG", StockOutcome::Reserved), answer("BOWL", StockOutcome::Reserved)];
    StockReserved { answers, claims: story_claims(), answer_by: at(11) }.into()
}

pub(super) fn committed() -> OrderEvent {
    let answers = vec![answer("MUG", StockOutcome::Committed), answer("BOWL", StockOutcome::Committed)];
    StockCommitted { answers }.into()
}

pub(super) fn sale_line(text: &str, pieces: i64, pence: i64) -> SaleLine {
    SaleLine { sku: sku(text), category: None, quantity: quantity(pieces), amount: gbp(pence) }
}

pub(super) fn sale(dated: Timestamp) -> Sale {
    let lines = vec![sale_line("MUG", 2, 510), sale_line("BOWL", 1, 100), sale_line("POST", 1, 300)];
    Sale { dated, country: None, customer: None, lines }
}

/// As it was written before there were invoices: nothing more is due.
pub(super) fn confirmed() -> OrderEvent {
    Confirmed { told: None, sale: sale(at(0)), capture: None, invoice: None, cart: None, answer_by: None }.into()
}

/// As it is written now: the order is invoiced.
pub(super) fn sold(placed: &OrderEvent) -> OrderEvent {
    let OrderEvent::Placed(placed) = placed else { panic!("{placed:?}") };
    let line = |line: &Line| InvoiceLine {
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        net: line.line_total,
        tax_rate: line.tax_rate,
        fixed_tax: None,
    };
    let lines = placed.lines.iter().map(line).collect();
    let invoice =
        Some(Paper { dated: placed.placed_at, user_id: None, customer: None, country: None, buyer: None, lines });
    let lines =
        placed.lines.iter().map(|line| sale_line(line.sku.as_str(), line.quantity.get(), line.line_total.amount));
    let sale = Sale { lines: lines.collect(), ..sale(placed.placed_at) };
    Confirmed { told: None, sale, capture: None, invoice, cart: None, answer_by: Some(at(NOW_S + 10)) }.into()
}

pub(super) fn confirmed_story() -> Given {
    given([placed(), reserved(), committed(), confirmed()])
}

pub(super) fn reason(code: &str, detail: &str) -> Reason {
    Reason { code: code.to_owned(), detail: detail.to_owned() }
}

pub(super) fn compensating(releases: &[&str]) -> OrderEvent {
    CompensationStarted {
        reason: reason("insufficient_stock", "too few"),
        answers: Vec::new(),
        releases: releases.iter().map(|text| sku(text)).collect(),
        payment_answer: None,
        undo: None,
        credit_note: None,
        answer_by: at(20),
    }
    .into()
}

pub(super) fn cancelled() -> OrderEvent {
    Cancelled {
        told: None,
        reason: reason("insufficient_stock", "too few"),
        answers: Vec::new(),
        credit: None,
        payment_answer: None,
        invoice_answer: None,
        refunded: None,
        cart: None,
    }
    .into()
}

pub(super) fn delivery(number: u128) -> FulfilmentId {
    FulfilmentId(Uuid::from_u128(number))
}

pub(super) fn requested(number: u128, items: &[StockClaim]) -> OrderEvent {
    FulfilmentRequested {
        fulfilment_id: delivery(number),
        items: items.to_vec(),
        claims: items.iter().filter(|item| item.sku != sku("POST")).cloned().collect(),
        answer_by: at(30),
    }
    .into()
}

pub(super) fn fulfilled(number: u128, items: &[StockClaim], complete: bool) -> OrderEvent {
    let (answers, releases) = (Vec::new(), Vec::new());
    Fulfilled { told: None, fulfilment_id: delivery(number), items: items.to_vec(), answers, complete, releases }.into()
}

pub(super) fn everything() -> Vec<StockClaim> {
    vec![claim("BOWL", 1), claim("MUG", 2), claim("POST", 1)]
}
