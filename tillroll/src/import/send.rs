//! Carrying a plan out: products and opening stock first, then every invoice, many at a time.

use super::client::{Answer, Ask, Client, ClientError};
use super::plan::{self, Invoice, Plan, Product, Step, StockChange};
use super::progress::Progress;
use super::tokens::Tokens;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// The longest wait for a result that can be asked for, in seconds.
const LONGEST_WAIT: u32 = 30;

/// Something that the file says has happened, and the shop says cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The invoice or product.
    pub what: String,
    /// What the shop says.
    pub why: String,
}

/// What was sent, and what came back.
#[derive(Default)]
pub struct Outcome {
    /// In no particular order.
    pub refusals: Vec<Refusal>,
    /// What must be visible in the end.
    pub tokens: Tokens,
    /// An order that was placed, to look at.
    pub order: Option<String>,
}

/// Why sending ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server, or the way to it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A body cannot be written as JSON.
    #[error("a request cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A worker ended by itself.
    #[error("a task of the import ended by itself")]
    Task(#[from] tokio::task::JoinError),
}

/// Sends.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    outcome: Arc<Mutex<Outcome>>,
}

impl Sender {
    /// Sends through this client.
    pub fn new(client: Client) -> Self {
        Self { client, outcome: Arc::default() }
    }

    /// Carries it out. If a product is refused no invoice is sent.
    pub async fn send(&self, plan: Plan, concurrency: usize, progress: &Progress) -> Result<Outcome, SendError> {
        progress.phase("products", plan.products.len());
        let add = |sender: Self, product: Arc<Product>| async move { sender.product(&product).await };
        self.all(plan.products, concurrency, progress, add).await?;
        if self.with(|outcome| outcome.refusals.is_empty()) {
            progress.phase("invoices", plan.invoices.len());
            let enter = |sender: Self, invoice: Arc<Invoice>| async move { sender.invoice(&invoice).await };
            self.all(plan.invoices, concurrency, progress, enter).await?;
        }
        progress.end();
        Ok(self.with(std::mem::take))
    }

    /// Does `one` to all of them, as many at a time as there are workers, begun in their order.
    async fn all<T, F, W>(&self, all: Vec<T>, workers: usize, progress: &Progress, one: F) -> Result<(), SendError>
    where
        T: Send + Sync + 'static,
        F: Fn(Self, Arc<T>) -> W + Copy + Send + 'static,
        W: Future<Output = Result<(), SendError>> + Send + 'static,
    {
        let all: Arc<[Arc<T>]> = all.into_iter().map(Arc::new).collect();
        let next = Arc::new(AtomicUsize::new(0));
        let mut running = JoinSet::new();
        for _ in 0..workers.max(1) {
            let (all, next, sender, progress) = (all.clone(), next.clone(), self.clone(), progress.clone());
            running.spawn(async move {
                while let Some(item) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(sender.clone(), item.clone()).await?;
                    progress.one_more();
                }
                Ok::<(), SendError>(())
            });
        }
        // The first that fails ends the others: dropping the set aborts them.
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn product(&self, product: &Product) -> Result<(), SendError> {
        let sku = &product.body.sku;
        let body = serde_json::to_value(&product.body)?;
        let answer = self.client.ask(&Ask::command(Method::POST, "/products", plan::product_key(sku), body)).await?;
        // It is there already, from another file or by another name: that is what matters.
        let there = matches!(answer.text("code"), "sku_taken" | "idempotency_key_reused");
        if !there && !self.keep(&format!("product {sku}"), &answer) {
            return Ok(());
        }
        let Some(opening) = &product.opening else { return Ok(()) };
        let body = serde_json::to_value(StockChange::received(opening.pieces))?;
        let ask = Ask::command(Method::PATCH, stock_path(sku), plan::opening_key(sku, opening), body);
        self.keep(&format!("opening stock of {sku}"), &self.client.ask(&ask).await?);
        Ok(())
    }

    async fn invoice(&self, invoice: &Invoice) -> Result<(), SendError> {
        for step in &invoice.steps {
            let (what, path) = match step {
                Step::Order(_) => ("order", "/orders".to_owned()),
                Step::Credit(_) => ("credit note", "/credit-notes".to_owned()),
                Step::Stock { sku, .. } => ("stock", stock_path(sku)),
            };
            let method = if let Step::Stock { .. } = step { Method::PATCH } else { Method::POST };
            let ask = Ask::command(method, path, step.key(&invoice.number), step.body()?).wait(LONGEST_WAIT);
            let answer = self.client.ask(&ask).await?;
            let done = self.keep(&format!("{what} {}", invoice.number), &answer);
            if done && matches!(step, Step::Order(_)) {
                self.fulfil(&invoice.number, &answer).await?;
            }
        }
        Ok(())
    }

    /// Delivers all of an order that was placed.
    async fn fulfil(&self, invoice: &str, order: &Answer) -> Result<(), SendError> {
        let (id, status) = (order.text("id"), order.text("status"));
        self.with(|outcome| outcome.order.get_or_insert_with(|| id.to_owned()).len());
        match status {
            "fulfilled" => return Ok(()),
            "confirmed" => {}
            other => {
                self.refuse(format!("order {invoice}"), format!("it is {other}, not confirmed"));
                return Ok(());
            }
        }
        let path = format!("/orders/{id}/fulfilments");
        let ask = Ask::command(Method::POST, path, plan::fulfilment_key(invoice), json!({})).wait(LONGEST_WAIT);
        let answer = self.client.ask(&ask).await?;
        if !matches!(answer.text("code"), "nothing_to_fulfil" | "already_fulfilled") {
            self.keep(&format!("fulfilment of {invoice}"), &answer);
        }
        Ok(())
    }

    /// Keeps the token of an answer that took, or what was refused. Whether it took.
    fn keep(&self, what: &str, answer: &Answer) -> bool {
        if answer.stands_still() {
            self.refuse(what.to_owned(), format!("its order is {}", answer.text("status")));
            return false;
        }
        if answer.status.is_success() {
            self.with(|outcome| outcome.tokens.keep(answer));
            return true;
        }
        self.refuse(what.to_owned(), told(answer.status, &answer.body));
        false
    }

    fn refuse(&self, what: String, why: String) {
        self.with(|outcome| outcome.refusals.push(Refusal { what, why }));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Outcome) -> T) -> T {
        change(&mut self.outcome.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn stock_path(sku: &tillroll_schemas::Sku) -> String {
    format!("/products/{sku}/inventory")
}

/// A problem in one line.
fn told(status: StatusCode, problem: &Value) -> String {
    let member = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let mut text = format!("{} {}: {}", status.as_u16(), member("code"), member("detail"));
    for error in problem["errors"].as_array().into_iter().flatten().take(3) {
        let part = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        text = format!("{text}; {} {}", part("field"), part("detail"));
    }
    text
}

#[cfg(test)]
mod tests;
