//! The end of an import: every read model has passed every token, and the sales report says what the file says.

use super::client::{Ask, Client, ClientError};
use super::send::Outcome;
use serde_json::Value;
use std::collections::BTreeSet;
use tillroll_schemas::Sku;
use tokio::task::JoinSet;

/// Tokens that one request may carry.
const TOKENS: usize = 16;
/// And bytes of tokens, of the 32 KiB that its headers may have.
const TOKEN_BYTES: usize = 8 * 1024;
/// Requests at a time.
const AT_A_TIME: usize = 8;
/// Seconds that a read may wait for its token; then it is asked again.
const WAIT: u32 = 30;
/// A small answer that waits for the sales all the same.
const NO_SALES: &str = "/analytics/sales?group_by=day&from=1970-01-01&to=1970-01-01";

/// Waits until sales, orders, products and stock show all that the outcome's tokens ask for.
pub async fn wait_for_reads(client: &Client, outcome: &Outcome, sku: Option<&Sku>) -> Result<(), ClientError> {
    let mut paths = vec![NO_SALES.to_owned()];
    paths.extend(outcome.order.as_ref().map(|id| format!("/orders/{id}")));
    // A product is read with its stock.
    paths.extend(sku.map(|sku| format!("/products/{sku}")));
    let mut asks = Vec::new();
    for tokens in outcome.tokens.batches(TOKENS, TOKEN_BYTES) {
        asks.extend(paths.iter().map(|path| Ask { tokens: tokens.clone(), ..Ask::get(path).wait(WAIT) }));
    }
    let mut running = JoinSet::new();
    for ask in asks {
        if running.len() >= AT_A_TIME {
            finished(running.join_next().await)?;
        }
        let client = client.clone();
        running.spawn(async move { client.ask(&ask).await.map(drop) });
    }
    while !running.is_empty() {
        finished(running.join_next().await)?;
    }
    Ok(())
}

type Joined = Option<Result<Result<(), ClientError>, tokio::task::JoinError>>;

/// A read that a panic ended says nothing, and the sum that is printed next shows what there is.
fn finished(joined: Joined) -> Result<(), ClientError> {
    match joined {
        Some(Ok(ended)) => ended,
        Some(Err(_)) | None => Ok(()),
    }
}

/// Net sales on these days, added up day by day, in pence.
pub async fn net_sales(client: &Client, days: &BTreeSet<String>) -> Result<Option<i128>, ClientError> {
    let report = client.ask(&Ask::get("/analytics/sales?group_by=day").wait(WAIT)).await?;
    let Some(rows) = report.body["items"].as_array() else { return Ok(None) };
    let of_the_file = |row: &&Value| row["key"].as_str().is_some_and(|day| days.contains(day));
    Ok(rows.iter().filter(of_the_file).map(|row| row["net"].as_i64().map(i128::from)).sum())
}
