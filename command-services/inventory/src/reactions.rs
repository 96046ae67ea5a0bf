//! What a stock item answers the orders that asked: each command of an order ends in one answer to that order.

use crate::stock_item::StockItem;
use tillroll_log::{Cause, Outgoing, Reactions, SettledAs};
use tillroll_schemas::order::{OrderCommand, RecordStockAnswers, StockAnswer, StockOutcome};
use tillroll_schemas::stock_item::{StockItemCommand, StockItemEvent};
use tillroll_schemas::{OrderId, Sku, catalogue};

/// The reactor.
pub struct StockItemReactions;

type Commands = Result<Vec<Outgoing>, serde_json::Error>;

impl Reactions<StockItem> for StockItemReactions {
    const NAME: &'static str = "stock-item-reactions";

    fn on_event(cause: &Cause, event: &StockItemEvent) -> Commands {
        match event {
            StockItemEvent::Reserved(e) => tell(cause, e.order_id, StockOutcome::Reserved),
            StockItemEvent::Committed(e) => tell(cause, e.order_id, StockOutcome::Committed),
            StockItemEvent::Fulfilled(e) => {
                tell(cause, e.order_id, StockOutcome::Fulfilled { fulfilment_id: e.fulfilment_id })
            }
            StockItemEvent::Released(e) => tell(cause, e.order_id, StockOutcome::Released),
            StockItemEvent::ReleaseRecorded(e) => tell(cause, e.order_id, StockOutcome::Released),
            StockItemEvent::ReservationExpired(_)
            | StockItemEvent::Received(_)
            | StockItemEvent::Adjusted(_)
            | StockItemEvent::WrittenOff(_) => Ok(Vec::new()),
        }
    }

    fn on_settled(cause: &Cause, command: Option<&StockItemCommand>, settled: SettledAs<'_>) -> Commands {
        let Some(command) = command else { return Ok(Vec::new()) };
        let refused = refusal(settled);
        match command {
            StockItemCommand::Reserve(c) => {
                let refused = refused.map(|code| StockOutcome::ReservationRefused { code });
                tell(cause, c.order_id, refused.unwrap_or(StockOutcome::Reserved))
            }
            StockItemCommand::Commit(c) => {
                let refused = refused.map(|code| StockOutcome::CommitRefused { code });
                tell(cause, c.order_id, refused.unwrap_or(StockOutcome::Committed))
            }
            StockItemCommand::Release(c) => {
                let refused = refused.map(|code| StockOutcome::ReleaseRefused { code });
                tell(cause, c.order_id, refused.unwrap_or(StockOutcome::Released))
            }
            StockItemCommand::Fulfil(c) => {
                let fulfilment_id = c.fulfilment_id;
                let refused = refused.map(|code| StockOutcome::FulfilmentRefused { fulfilment_id, code });
                tell(cause, c.order_id, refused.unwrap_or(StockOutcome::Fulfilled { fulfilment_id }))
            }
            StockItemCommand::Receive(_)
            | StockItemCommand::Adjust(_)
            | StockItemCommand::WriteOff(_)
            | StockItemCommand::Expire(_) => Ok(Vec::new()),
        }
    }
}

/// The code of a refusal; none if another command had reached the goal.
fn refusal(settled: SettledAs<'_>) -> Option<String> {
    match settled {
        SettledAs::Refused(code) => Some(code.to_owned()),
        SettledAs::Unchanged => None,
        SettledAs::Conflict => Some("conflict".to_owned()),
        SettledAs::DeadLettered => Some("dead_lettered".to_owned()),
    }
}

fn tell(cause: &Cause, order: OrderId, outcome: StockOutcome) -> Commands {
    // Orders ask by SKU, so a key that is none belongs to no order.
    let Ok(sku) = Sku::parse(&cause.key) else { return Ok(Vec::new()) };
    let command: OrderCommand = RecordStockAnswers { answers: vec![StockAnswer { sku, outcome }] }.into();
    Ok(vec![Outgoing::new(catalogue::ORDER, order.to_string(), "answer", &command)?])
}

#[cfg(test)]
mod tests;
