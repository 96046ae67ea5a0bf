//! What orders and credit notes cause elsewhere: commands to stock items, and the next step of an order itself.
//! An event that starts a step carries all that the step's commands need. Names of steps are for ever: the ids of
//! commands are made of them.

use serde_json::Error;
use tillroll_log::{Cause, Outgoing, Reactions, SettledAs};
use tillroll_schemas::credit_note::{CreditNoteCommand, CreditNoteEvent, Issued};
use tillroll_schemas::order::{Continue, OrderCommand, OrderEvent, Step, StepRetried, StockClaim};
use tillroll_schemas::stock_item::{
    CommitStock, FulfilStock, ReceiveStock, ReleaseStock, ReserveStock, StockItemCommand,
};
use tillroll_schemas::{OrderId, Sku, catalogue};

use crate::credit_note::CreditNote;
use crate::order::{Order, SagaStep};
use crate::pricing;

/// What an order causes.
#[derive(Debug)]
pub struct OrderReactions;

impl Reactions<Order> for OrderReactions {
    const NAME: &'static str = "order-reactions";

    fn on_event(cause: &Cause, event: &OrderEvent) -> Result<Vec<Outgoing>, Error> {
        // Order ids are UUIDs by construction. An order under any other key can hold no stock: it times out.
        let Ok(order_id) = cause.key.parse::<OrderId>() else { return Ok(Vec::new()) };
        match event {
            OrderEvent::Placed(placed) => claims(cause, Step::Reserve, &placed.claims, |claim| {
                let expires_at = placed.reservations_expire_at;
                ReserveStock { order_id, quantity: claim.quantity, expires_at }.into()
            }),
            OrderEvent::StockReserved(reserved) => claims(cause, Step::Commit, &reserved.claims, |claim| {
                CommitStock { order_id, quantity: claim.quantity }.into()
            }),
            OrderEvent::StockCommitted(_) => Ok(vec![carry_on(cause)?]),
            OrderEvent::CompensationStarted(started) => {
                let release = |sku| to_stock_item(Step::Release, sku, &ReleaseStock { order_id }.into());
                started.releases.iter().map(release).collect()
            }
            OrderEvent::FulfilmentRequested(requested) => claims(cause, Step::Fulfil, &requested.claims, |claim| {
                let fulfilment_id = requested.fulfilment_id;
                FulfilStock { order_id, fulfilment_id, quantity: claim.quantity }.into()
            }),
            OrderEvent::StepRetried(retried) => again(cause, order_id, retried),
            OrderEvent::StepCompleted(_) => Ok(vec![carry_on(cause)?]),
            OrderEvent::StockAnswered(_)
            | OrderEvent::Confirmed(_)
            | OrderEvent::StepOverdue(_)
            | OrderEvent::Cancelled(_)
            | OrderEvent::Stuck(_)
            | OrderEvent::Fulfilled(_) => Ok(Vec::new()),
        }
    }

    /// An order's answers concern nobody but itself.
    fn on_settled(_: &Cause, _: Option<&OrderCommand>, _: SettledAs<'_>) -> Result<Vec<Outgoing>, Error> {
        Ok(Vec::new())
    }
}

/// One command per claim; without claims the step waits for nobody, and the order goes on by itself.
fn claims(
    cause: &Cause,
    step: Step,
    claims: &[StockClaim],
    command: impl Fn(&StockClaim) -> StockItemCommand,
) -> Result<Vec<Outgoing>, Error> {
    if claims.is_empty() {
        return Ok(vec![carry_on(cause)?]);
    }
    claims.iter().map(|claim| to_stock_item(step, &claim.sku, &command(claim))).collect()
}

/// What those are asked once more who have not done it.
fn again(cause: &Cause, order_id: OrderId, retried: &StepRetried) -> Result<Vec<Outgoing>, Error> {
    let step = retried.step;
    match (step, retried.fulfilment_id) {
        (Step::Release, _) => claims(cause, step, &retried.claims, |_| ReleaseStock { order_id }.into()),
        (Step::Fulfil, Some(fulfilment_id)) => claims(cause, step, &retried.claims, |claim| {
            FulfilStock { order_id, fulfilment_id, quantity: claim.quantity }.into()
        }),
        // No order is ever stuck there: they compensate.
        (Step::Reserve | Step::Commit, _) | (Step::Fulfil, None) => Ok(Vec::new()),
    }
}

fn to_stock_item(step: Step, sku: &Sku, command: &StockItemCommand) -> Result<Outgoing, Error> {
    let step = format!("{}/{sku}", SagaStep::of(step).name);
    Outgoing::new(catalogue::STOCK_ITEM, sku.as_str(), step, command)
}

fn carry_on(cause: &Cause) -> Result<Outgoing, Error> {
    Outgoing::new(catalogue::ORDER, cause.key.clone(), "continue", &OrderCommand::from(Continue {}))
}

/// What a credit note causes.
#[derive(Debug)]
pub struct CreditNoteReactions;

impl Reactions<CreditNote> for CreditNoteReactions {
    const NAME: &'static str = "credit-note-reactions";

    fn on_event(_: &Cause, event: &CreditNoteEvent) -> Result<Vec<Outgoing>, Error> {
        match event {
            CreditNoteEvent::Issued(issued) if issued.restock => restock(issued),
            CreditNoteEvent::Issued(_) => Ok(Vec::new()),
        }
    }

    /// Nobody commands a credit note by topic.
    fn on_settled(_: &Cause, _: Option<&CreditNoteCommand>, _: SettledAs<'_>) -> Result<Vec<Outgoing>, Error> {
        Ok(Vec::new())
    }
}

fn restock(issued: &Issued) -> Result<Vec<Outgoing>, Error> {
    // The sums were checked when it was issued.
    let back = pricing::claims(&issued.lines).unwrap_or_default();
    let receive = |claim: &StockClaim| {
        let note = Some(format!("credit note {}", issued.reference));
        let command = StockItemCommand::from(ReceiveStock { quantity: claim.quantity, note });
        Outgoing::new(catalogue::STOCK_ITEM, claim.sku.as_str(), format!("restock/{}", claim.sku), &command)
    };
    back.iter().map(receive).collect()
}

#[cfg(test)]
mod tests;
