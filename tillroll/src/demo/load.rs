//! Numbered commands, each repeated under its key until it has an answer that counts.

use super::stage::Stage;
use crate::Failure;
use crate::import::{Ask, Client, Patience};
use hyper::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// For how long a demo may stand still before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Clients at work.
pub struct Load {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Result<Vec<Done>, String>>>,
}

/// A command with its answer.
pub struct Done {
    /// The product that it adds; no other command adds it.
    pub sku: String,
    /// Where its event is, as the answer says.
    pub at: String,
    /// What it was refused with: always false, for nobody else adds this product.
    pub refused: Option<String>,
}

impl Load {
    /// So many clients, one command at a time each.
    pub fn start(stage: &Stage, clients: usize) -> Result<Self, Failure> {
        let client = Client::new(stage.url(), &stage.token()?, Patience::new(PATIENCE))?;
        let (over, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let clients = (0..clients).map(|number| {
            let work = work(client.clone(), number, over.clone(), answered.clone());
            tillroll_telemetry::spawn("client", work)
        });
        Ok(Self { clients: clients.collect(), over, answered })
    }

    /// How many commands were answered so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for the last answers.
    pub async fn end(self) -> Result<Vec<Done>, Failure> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for client in self.clients {
            all.extend(client.await??);
        }
        Ok(all)
    }
}

async fn work(
    client: Client,
    number: usize,
    over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> Result<Vec<Done>, String> {
    let mut done = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let sku = format!("DEMO-{number}-{}", done.len());
        let body = json!({"sku": sku, "name": sku, "price": {"amount": 100, "currency": "GBP"}});
        let ask = Ask::command(Method::POST, "/products", format!("demo/{sku}"), body);
        let answer = client.ask(&ask).await.map_err(|error| error.to_string())?;
        let refused = (!answer.status.is_success()).then(|| format!("{} {}", answer.status, answer.text("code")));
        let at = answer.header("log-position").unwrap_or_default().to_owned();
        done.push(Done { sku, at, refused });
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(done)
}
