//! `POST /credit-notes`: gives a credit that stands alone, at the prices that staff give.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use tillroll_command_http::{Checks, EXECUTE_WITHIN, Named, problem_of};
use tillroll_http::{Allowed, CommandAnswer, CommandHeaders, LARGE_BODY, Problem, StrictJson, problems};
use tillroll_log::{Answered, ExecuteError, Key};
use tillroll_schemas::credit_note::IssueCreditNote;
use tillroll_schemas::order::Customer;
use tillroll_schemas::{CreditNoteId, Money, Quantity, Sku, Timestamp};

use super::lines::{self, Archived, Product, WantedLine};
use super::place::{check_circumstances, stored};
use super::{CREDIT_NOTES, Desk, OrdersEnter};
use crate::credit_note::{CreditNote, CreditNoteRejection};

pub(super) async fn issue(
    State(desk): State<Arc<Desk>>,
    allowed: Allowed<OrdersEnter>,
    headers: CommandHeaders,
    body: StrictJson<CreditNoteRequest, LARGE_BODY>,
) -> Result<impl IntoResponse, Problem> {
    headers.require_key()?;
    let wanted = body.value.checked()?;
    let named = desk.keys.name::<CreditNote>(&allowed.caller, &headers, "POST", CREDIT_NOTES, &body.canonical).await?;
    let id = CreditNoteId::of_command(named.id.0);
    let key = Key::from(id.to_string());
    desk.reach(&headers).await?;
    let answered = match desk.by_catalogue(|look_up| wanted.command(look_up)).await {
        Ok(command) => desk.issue(named, key, command, &wanted).await?,
        Err(refusal) => desk.issued_before(named, &key).await?.ok_or(refusal)?,
    };
    let told = answered.answer.as_ref().ok_or_else(|| Problem::new(&problems::INTERNAL))?;
    let answer = CommandAnswer::created(told, format!("{CREDIT_NOTES}/{id}"));
    Ok(desk.keys.answer_of(&answered, answer).into_response())
}

impl Desk {
    async fn issue(
        &self,
        named: Named,
        key: Key,
        command: IssueCreditNote,
        wanted: &Wanted<'_>,
    ) -> Result<Answered<CreditNote>, Problem> {
        let request = named.request(key, command.into());
        self.credit_notes.execute(request, EXECUTE_WITHIN).await.map_err(|error| match error {
            ExecuteError::Rejected(CreditNoteRejection(why)) => {
                lines::refused(&why, wanted.lines.iter().map(|line| &line.sku))
            }
            other => problem_of(other),
        })
    }

    async fn issued_before(&self, named: Named, key: &Key) -> Result<Option<Answered<CreditNote>>, Problem> {
        self.credit_notes.seen(key, named.id, named.hash, EXECUTE_WITHIN).await.map_err(problem_of)
    }
}

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreditNoteRequest {
    reference: String,
    customer: Option<Customer>,
    country: Option<String>,
    placed_at: Option<Timestamp>,
    lines: Vec<CreditLine>,
    #[serde(default)]
    restock: bool,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreditLine {
    sku: Sku,
    quantity: Quantity,
    unit_price: Money,
}

/// A body that was checked.
struct Wanted<'a> {
    request: &'a CreditNoteRequest,
    lines: Vec<WantedLine>,
}

impl CreditNoteRequest {
    fn checked(&self) -> Result<Wanted<'_>, Problem> {
        let line = |line: &CreditLine| WantedLine {
            sku: line.sku.clone(),
            quantity: line.quantity,
            unit_price: Some(line.unit_price),
            expected_unit_price: None,
        };
        let lines: Vec<WantedLine> = self.lines.iter().map(line).collect();
        let mut checks = Checks::new();
        lines::check(&lines, &mut checks);
        checks.line(&self.reference, 1..=64, "/reference");
        checks.require(!self.reason.trim().is_empty(), "/reason", "not empty");
        checks.text(&self.reason, 500, "/reason");
        check_circumstances(self.customer.as_ref(), self.country.as_deref(), self.placed_at, &mut checks);
        checks.finish()?;
        Ok(Wanted { request: self, lines })
    }
}

impl Wanted<'_> {
    fn command(&self, look_up: impl Fn(&Sku) -> Option<Product>) -> Result<IssueCreditNote, Problem> {
        let CreditNoteRequest { reference, customer, country, placed_at, lines: _, restock, reason } = self.request;
        Ok(IssueCreditNote {
            reference: reference.clone(),
            customer: customer.clone(),
            country: country.clone(),
            placed_at: placed_at.map(stored),
            lines: lines::frozen(&self.lines, Archived::Taken, look_up)?,
            restock: *restock,
            reason: reason.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
