//! `GET /products/{sku}/inventory`, for staff.

use super::place::stock_place;
use crate::failure::column;
use crate::freshness::Reads;
use crate::queries::Queries;
use crate::scopes::ReadInventory;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;
use tillroll_http::{Allowed, PathId, Problem};
use tillroll_schemas::Sku;

/// A product is known before the first event of its stock item is: then there is nothing of it.
const ONE: &str = "
    SELECT p.sku, p.tracked, COALESCE(s.on_hand, 0), COALESCE(s.reserved, 0), COALESCE(s.committed, 0),
        COALESCE(s.version, 0), s.version, s.at_partition, s.at_offset
    FROM catalog.product AS p
    LEFT JOIN inventory.stock AS s ON s.sku = p.sku
    WHERE p.sku = $1";

/// A product's stock as a client sees it.
#[derive(Debug, Serialize)]
struct Inventory {
    sku: String,
    on_hand: i64,
    reserved: i64,
    committed: i64,
    available: i64,
    tracked: bool,
    version: i64,
}

/// The stock of one product.
pub(crate) async fn one(
    State(queries): State<Arc<Queries>>,
    _: Allowed<ReadInventory>,
    PathId(sku): PathId<Sku>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    queries
        .answered(&headers, Reads::Products, |reading| async {
            let row = queries.one(ONE, &[&sku.as_str()]).await?;
            let (on_hand, reserved, committed) = (column(&row, 2)?, column(&row, 3)?, column(&row, 4)?);
            let inventory = Inventory {
                sku: column(&row, 0)?,
                on_hand,
                reserved,
                committed,
                available: on_hand - reserved - committed,
                tracked: column(&row, 1)?,
                version: column(&row, 5)?,
            };
            reading.one(inventory.version, stock_place(&row, 6)?, &inventory)
        })
        .await
}
