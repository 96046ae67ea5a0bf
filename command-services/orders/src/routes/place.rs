//! `POST /orders`: takes an order at the catalogue's prices, or at those that staff give.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{Datelike, SubsecRound};
use serde::Deserialize;
use tillroll_command_http::{Checks, EXECUTE_WITHIN, Named, problem_of};
use tillroll_http::{
    Caller, CommandAnswer, CommandHeaders, LARGE_BODY, Problem, Scope, StrictJson, StrictQuery, problems,
};
use tillroll_log::{Aggregate, Answered, Body, ExecuteError, Key};
use tillroll_schemas::order::{Customer, OrderCommand, PaymentMethod, PlaceOrder};
use tillroll_schemas::{OrderId, Sku, Timestamp};

use super::lines::{self, Archived, Product, WantedLine};
use super::{Desk, ORDERS, OrdersEnter, path_of};
use crate::order::{Order, OrderBody, OrderRejection, OrderState};

/// From so many lines on the order is measured before it is sent: with the products' names it may outgrow a record.
const MEASURED_FROM: usize = 1_000;
/// Bytes of an event that surely fit a record of 4 MiB with its headers.
const LARGEST_EVENT: usize = 4 * 1024 * 1024 - 64 * 1024;

pub(super) async fn place(
    State(desk): State<Arc<Desk>>,
    caller: Caller,
    headers: CommandHeaders,
    StrictQuery(query): StrictQuery<PlaceQuery>,
    body: StrictJson<PlaceBody, LARGE_BODY>,
) -> Result<Response, Problem> {
    headers.require_key()?;
    if body.value.is_entered_by_staff() {
        caller.require_scope(OrdersEnter::NAME)?;
    }
    body.value.check()?;
    let named = desk.keys.name::<Order>(&caller, &headers, "POST", ORDERS, &body.canonical).await?;
    let id = OrderId::of_command(named.id.0);
    let key = Key::from(id.to_string());
    desk.reach(&headers).await?;
    let priced = desk.by_catalogue(|look_up| body.value.command(look_up)).await;
    if query.dry_run {
        let told = rehearsed(&key, &priced?.into())?;
        return Ok(CommandAnswer::ok(told).into_response());
    }
    let placed = match priced.and_then(fits) {
        Ok(command) => desk.execute(named, &key, command).await.map_err(|error| problem(error, &body.value))?,
        Err(refusal) => desk.first_answer(named, &key).await?.ok_or(refusal)?,
    };
    let (mut answered, settled) = desk.outcome(&key, placed, headers.wait).await;
    answered.covers.extend(desk.seen_of(body.value.lines.iter().map(|line| &line.sku)));
    desk.placed(id, &answered, settled)
}

/// `?dry_run=true`: what would be placed; nothing is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceQuery {
    #[serde(default)]
    dry_run: bool,
}

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceBody {
    lines: Vec<WantedLine>,
    payment: Payment,
    reference: Option<String>,
    customer: Option<Customer>,
    country: Option<String>,
    placed_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    method: PaymentMethod,
}

impl PlaceBody {
    /// Whether it says anything that only staff may say.
    fn is_entered_by_staff(&self) -> bool {
        let on_account = match self.payment.method {
            PaymentMethod::OnAccount => true,
        };
        on_account
            || self.reference.is_some()
            || self.customer.is_some()
            || self.country.is_some()
            || self.placed_at.is_some()
            || self.lines.iter().any(|line| line.unit_price.is_some())
    }

    fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::new();
        lines::check(&self.lines, &mut checks);
        if let Some(reference) = &self.reference {
            checks.line(reference, 1..=64, "/reference");
        }
        check_circumstances(self.customer.as_ref(), self.country.as_deref(), self.placed_at, &mut checks);
        checks.finish()
    }

    fn command(&self, look_up: impl Fn(&Sku) -> Option<Product>) -> Result<PlaceOrder, Problem> {
        Ok(PlaceOrder {
            reference: self.reference.clone(),
            customer: self.customer.clone(),
            country: self.country.clone(),
            payment: self.payment.method,
            placed_at: self.placed_at.map(stored),
            lines: lines::frozen(&self.lines, Archived::Refused, look_up)?,
        })
    }
}

/// Who, where and when, as staff say it of an order or a credit note.
pub(super) fn check_circumstances(
    customer: Option<&Customer>,
    country: Option<&str>,
    placed_at: Option<Timestamp>,
    checks: &mut Checks,
) {
    if let Some(Customer { reference }) = customer {
        checks.line(reference, 1..=64, "/customer/reference");
    }
    if let Some(country) = country {
        checks.line(country, 1..=64, "/country");
    }
    // RFC 3339 has years of four digits; before 1970 no shop sold by Tillroll.
    let stated = placed_at.is_none_or(|at| (1970..=9999).contains(&at.year()));
    checks.require(stated, "/placed_at", "a year from 1970 to 9999");
}

/// Times are stored to the millisecond.
pub(super) fn stored(at: Timestamp) -> Timestamp {
    at.trunc_subsecs(3)
}

/// What would be placed.
fn rehearsed(key: &Key, command: &OrderCommand) -> Result<OrderBody, Problem> {
    let nothing_yet = OrderState::default();
    let event = Order::decide(&nothing_yet, command, tillroll_log::now());
    let event = event.map_err(|rejection| problem_of(ExecuteError::Rejected(rejection)))?;
    let state = event.iter().fold(nothing_yet, Order::evolve);
    Order::answer(key, event.as_ref(), &state).ok_or_else(|| Problem::new(&problems::INTERNAL))
}

/// Refuses what no record can hold; else its event would be refused by the log, and the client not told why.
fn fits(command: PlaceOrder) -> Result<PlaceOrder, Problem> {
    if command.lines.len() < MEASURED_FROM {
        return Ok(command);
    }
    let event = Order::decide(&OrderState::default(), &command.clone().into(), tillroll_log::now());
    // What the owner refuses needs no room.
    let bytes = event.ok().flatten().and_then(|event| event.encode().ok()).map_or(0, |value| value.len());
    if bytes > LARGEST_EVENT {
        let detail = "with the names of its products the order is larger than can be kept: split it";
        return Err(Problem::new(&problems::BODY_TOO_LARGE).detail(detail));
    }
    Ok(command)
}

/// The lines were summed before, so the owner has no more to refuse; should it, the client learns which line.
fn problem(error: ExecuteError<OrderRejection>, body: &PlaceBody) -> Problem {
    match error {
        ExecuteError::Rejected(OrderRejection::Lines(why)) => {
            lines::refused(&why, body.lines.iter().map(|line| &line.sku))
        }
        other => problem_of(other),
    }
}

impl Desk {
    /// What the command was answered, if it was executed before: a repeat is not refused for what changed since.
    async fn first_answer(&self, named: Named, key: &Key) -> Result<Option<Answered<Order>>, Problem> {
        self.orders.seen(key, named.id, named.hash, EXECUTE_WITHIN).await.map_err(problem_of)
    }

    fn placed(&self, id: OrderId, answered: &Answered<Order>, settled: bool) -> Result<Response, Problem> {
        let body = super::outcome::body_of(answered)?;
        let location = path_of(id);
        match &body.cancellation {
            Some(cancellation) if settled => Err(self.called_off(id, answered, cancellation)),
            None if settled => {
                Ok(self.keys.answer_of(answered, CommandAnswer::created(body, location)).into_response())
            }
            Some(_) | None => {
                Ok(self.keys.answer_of(answered, CommandAnswer::accepted(body, location)).into_response())
            }
        }
    }
}

#[cfg(test)]
mod tests;
