//! What a product causes elsewhere: its first pieces are received by the stock item of the same SKU.

use crate::product::Product;
use tillroll_log::{Cause, Outgoing, Reactions, SettledAs};
use tillroll_schemas::catalogue;
use tillroll_schemas::product::{ProductCommand, ProductEvent};
use tillroll_schemas::stock_item::{ReceiveStock, StockItemCommand};

/// The reactor.
pub struct ProductReactions;

impl Reactions<Product> for ProductReactions {
    const NAME: &'static str = "product-reactions";

    fn on_event(cause: &Cause, event: &ProductEvent) -> Result<Vec<Outgoing>, serde_json::Error> {
        match event {
            ProductEvent::Added(added) => match added.initial_stock {
                Some(quantity) if added.details.tracked => {
                    let command: StockItemCommand =
                        ReceiveStock { quantity, note: Some("initial stock".to_owned()) }.into();
                    let to = catalogue::STOCK_ITEM;
                    Ok(vec![Outgoing::new(to, cause.key.clone(), "initial-stock", &command)?])
                }
                Some(_) | None => Ok(Vec::new()),
            },
            ProductEvent::Revised(_) | ProductEvent::Archived(_) => Ok(Vec::new()),
        }
    }

    fn on_settled(
        _cause: &Cause,
        _command: Option<&ProductCommand>,
        _settled: SettledAs<'_>,
    ) -> Result<Vec<Outgoing>, serde_json::Error> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests;
