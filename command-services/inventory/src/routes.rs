//! HTTP → commands of stock items: staff receive, count and write off. Reservations come by topic only.

use crate::product_facts::{ProductFacts, Tracking};
use crate::stock_item::StockItem;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::patch;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tillroll_command_http::{Checks, CommandKeys, EXECUTE_WITHIN, Named, problem_of, reach_tokens, refresh};
use tillroll_http::{
    Allowed, CommandAnswer, CommandHeaders, IdentityVerifier, PathId, Problem, Scope, StrictJson, Verifies, problems,
};
use tillroll_log::{Answered, Commands, Key, Replica, Version};
use tillroll_schemas::stock_item::{AdjustStock, Levels, ReceiveStock, StockItemCommand, WriteOffStock};
use tillroll_schemas::{Quantity, Sku};

/// The router's state.
struct Inventory {
    keys: CommandKeys,
    stock_items: Commands<StockItem>,
    products: Replica<ProductFacts>,
}

impl Verifies for Inventory {
    fn identities(&self) -> &IdentityVerifier {
        self.keys.identities()
    }
}

/// Staff only.
struct InventoryWrite;

impl Scope for InventoryWrite {
    const NAME: &'static str = "inventory:write";
}

/// The route.
pub(crate) fn router(stock_items: Commands<StockItem>, products: Replica<ProductFacts>, keys: CommandKeys) -> Router {
    Router::new().route("/api/v1/products/{sku}/inventory", patch(change)).with_state(Arc::new(Inventory {
        keys,
        stock_items,
        products,
    }))
}

async fn change(
    State(inventory): State<Arc<Inventory>>,
    allowed: Allowed<InventoryWrite>,
    PathId(sku): PathId<Sku>,
    headers: CommandHeaders,
    body: StrictJson<Change>,
) -> Result<impl IntoResponse, Problem> {
    headers.require_key()?;
    let command = body.value.command()?;
    let path = format!("/api/v1/products/{sku}/inventory");
    let named = inventory.keys.name::<StockItem>(&allowed.caller, &headers, "PATCH", &path, &body.canonical).await?;
    let mut answered = match inventory.why_not(&sku, &headers).await? {
        None => inventory.execute(named, &sku, command).await?,
        Some(refusal) => inventory.first_answer(named, &sku).await?.ok_or(refusal)?,
    };
    // Whoever has seen the stock has seen the product that it is of.
    answered.covers.extend(inventory.products.position_for(sku.as_str()));
    let body = StockBody::of(sku, &answered);
    Ok(inventory.keys.answer_of(&answered, CommandAnswer::ok(body)))
}

impl Inventory {
    async fn execute(
        &self,
        named: Named,
        sku: &Sku,
        command: StockItemCommand,
    ) -> Result<Answered<StockItem>, Problem> {
        self.stock_items.execute(named.request(sku.as_str(), command), EXECUTE_WITHIN).await.map_err(problem_of)
    }

    /// The refusal, if the catalogue has no such product or keeps no stock of it. Only a replica that was read to its
    /// end after the command came may refuse.
    async fn why_not(&self, sku: &Sku, headers: &CommandHeaders) -> Result<Option<Problem>, Problem> {
        reach_tokens(&self.products, &self.keys.seen_by(&headers.consistency)?).await?;
        if refusal(self.tracking(sku)).is_none() {
            return Ok(None);
        }
        refresh(&self.products).await?;
        Ok(refusal(self.tracking(sku)))
    }

    fn tracking(&self, sku: &Sku) -> Tracking {
        self.products.with(sku.as_str(), |_, tracking| *tracking).unwrap_or_default()
    }

    /// What the command was answered, if it was executed before: a repeat is not refused.
    async fn first_answer(&self, named: Named, sku: &Sku) -> Result<Option<Answered<StockItem>>, Problem> {
        let key = Key::from(sku.as_str());
        self.stock_items.seen(&key, named.id, named.hash, EXECUTE_WITHIN).await.map_err(problem_of)
    }
}

fn refusal(tracking: Tracking) -> Option<Problem> {
    match tracking {
        Tracking::Unknown => Some(Problem::new(&problems::NOT_FOUND)),
        Tracking::Untracked => Some(Problem::new(&problems::UNTRACKED_PRODUCT)),
        Tracking::Tracked => None,
    }
}

/// `PATCH /products/{sku}/inventory`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    delta: i64,
    reason: Reason,
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Received,
    Adjusted,
    WrittenOff,
}

impl Change {
    fn command(self) -> Result<StockItemCommand, Problem> {
        let Self { delta, reason, note } = self;
        let mut checks = Checks::new();
        checks.text(note.as_deref().unwrap_or_default(), 500, "/note");
        let command = match reason {
            Reason::Received => {
                let quantity = Quantity::new(delta).ok();
                checks.require(quantity.is_some(), "/delta", format!("1 to {} pieces received", Quantity::MAX));
                quantity.map(|quantity| ReceiveStock { quantity, note }.into())
            }
            Reason::WrittenOff => {
                let quantity = Quantity::new(delta.saturating_neg()).ok();
                checks.require(quantity.is_some(), "/delta", format!("-{} to -1 pieces written off", Quantity::MAX));
                quantity.map(|quantity| WriteOffStock { quantity, note }.into())
            }
            Reason::Adjusted => {
                let fits = delta != 0 && delta.unsigned_abs() <= Quantity::MAX.unsigned_abs();
                checks.require(fits, "/delta", format!("not 0, and -{0} to {0} pieces", Quantity::MAX));
                Some(AdjustStock { delta, note }.into())
            }
        };
        checks.finish()?;
        command.ok_or(Problem::new(&problems::INVALID_FIELD))
    }
}

/// The resource.
#[derive(Debug, Serialize)]
struct StockBody {
    sku: Sku,
    on_hand: i64,
    reserved: i64,
    committed: i64,
    available: i64,
    tracked: bool,
    version: u64,
}

impl StockBody {
    fn of(sku: Sku, answered: &Answered<StockItem>) -> Self {
        let Version(version) = answered.version;
        let Levels { on_hand, reserved, committed } = answered.answer;
        let available = answered.answer.available();
        Self { sku, on_hand, reserved, committed, available, tracked: true, version }
    }
}

#[cfg(test)]
mod tests;
