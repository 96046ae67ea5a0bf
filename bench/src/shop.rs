//! The whole system under load: servers of its own, `tillroll serve all`, and products with stock.

use crate::Failure;
use crate::empty::EmptyHandler;
use crate::http::{Connection, free_address};
use crate::load::send_all;
use crate::requests::{self, Caller};
use crate::scale::Scale;
use crate::tillroll::Tillroll;
use crate::usage::Watch;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tillroll_devstack::{Data, Mode, Stack, StackConfig, Tuning};
use tillroll_http::Keys;
use tokio::time::{Instant, sleep};

/// Until the stock of all products has come in.
const STOCKED_WITHIN: Duration = Duration::from_secs(60);
/// Clients that add products.
const ADDING: usize = 32;

/// Everything runs, and the products are there.
pub struct Shop {
    pub stack: Stack,
    pub tillroll: Tillroll,
    pub empty: EmptyHandler,
    pub skus: Arc<[String]>,
    pub keys: Keys,
    pub gateway: SocketAddr,
    pub inventory: SocketAddr,
    pub query_api: SocketAddr,
}

impl Shop {
    /// Starts all of it.
    pub async fn open(scale: &Scale) -> Result<Self, Failure> {
        let stack = start_stack().await?;
        let home = tempfile::Builder::new().prefix("tillroll-bench-").tempdir()?;
        let keys = Keys::open_or_create(&home.path().join("keys"))?;
        let (gateway, inventory, query_api) = (free_address().await?, free_address().await?, free_address().await?);
        let settings = [
            ("TILLROLL_VAULT_URL", vault_url(&stack).await?),
            ("TILLROLL_LISTEN", gateway.to_string()),
            ("TILLROLL_INVENTORY_LISTEN", inventory.to_string()),
            ("TILLROLL_QUERY_API_LISTEN", query_api.to_string()),
        ];
        let mut tillroll = Tillroll::start_at(home, &stack, &["all"], &settings)?;
        tillroll.until_open(gateway).await?;
        let empty = EmptyHandler::start().await?;
        let skus = (0..scale.skus).map(|number| format!("BENCH-{number}")).collect();
        Ok(Self { stack, tillroll, empty, skus, keys, gateway, inventory, query_api })
    }

    /// Adds the products and waits until all of them have stock.
    pub async fn stock(&self) -> Result<(), Failure> {
        let adding = requests::add(self.gateway, self.by_token()?, &self.skus);
        send_all(&adding, self.skus.len(), ADDING).await?;
        let mut connection = Connection::open(self.query_api).await?;
        let reading = requests::read(self.query_api, self.by_identity(), &self.skus);
        let deadline = Instant::now() + STOCKED_WITHIN;
        for number in 0..u64::try_from(self.skus.len())? {
            loop {
                let answer = connection.send((reading.make)(number)?).await?;
                let product: serde_json::Value = serde_json::from_slice(answer.body())?;
                if product["available"].as_u64() > Some(0) {
                    break;
                }
                if Instant::now() > deadline {
                    return Err(format!("no stock in time: {product}").into());
                }
                sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }

    pub fn by_token(&self) -> Result<Caller, Failure> {
        requests::by_token(&self.keys)
    }

    pub fn as_customer(&self) -> Result<Caller, Failure> {
        requests::as_customer(&self.keys)
    }

    pub fn by_identity(&self) -> Caller {
        requests::by_identity(&self.keys)
    }

    /// The system's processes and this one.
    pub fn watch(&self) -> Watch {
        watch_stack(&self.stack, Watch::load().and("tillroll", self.tillroll.pid))
    }

    /// The empty handler's process and this one.
    pub fn watch_empty(&self) -> Watch {
        Watch::load().and("empty handler", self.empty.pid)
    }

    pub async fn close(self) -> Result<(), Failure> {
        self.tillroll.stop().await?;
        self.empty.stop().await?;
        Ok(self.stack.stop().await?)
    }
}

/// A broker and a PostgreSQL tuned for full speed, or those that the environment names.
#[expect(clippy::disallowed_methods, reason = "configuration of a bench is read here")]
pub async fn start_stack() -> Result<Stack, Failure> {
    let lookup = |name: &str| std::env::var(name).ok();
    let config = StackConfig::from_lookup(".tillroll", Data::Fresh, lookup)?;
    let config = StackConfig { broker_tuning: Tuning::Bench, kafka_port: None, postgres_port: None, ..config };
    Ok(Stack::from_mode(Mode::from_lookup(lookup)?, config).await?)
}

/// With the servers, if they are this run's own.
pub fn watch_stack(stack: &Stack, watch: Watch) -> Watch {
    let pid = |server: Result<&tillroll_devstack::Server, _>| server.ok()?.pid()?.try_into().ok();
    let watch = match pid(stack.kafka()) {
        Some(pid) => watch.and("broker", pid),
        None => watch,
    };
    match pid(stack.postgres()) {
        Some(pid) => watch.and_family("PostgreSQL", pid),
        None => watch,
    }
}

/// Where the vault's own database is: as the environment says, or made on the same server.
#[expect(clippy::disallowed_methods, reason = "configuration of a bench is read here")]
async fn vault_url(stack: &Stack) -> Result<String, Failure> {
    match std::env::var("TILLROLL_VAULT_URL") {
        Ok(url) => Ok(url),
        Err(_) => Ok(stack.create_private_database("tillroll_vault").await?),
    }
}
