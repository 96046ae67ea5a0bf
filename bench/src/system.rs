//! The system under test: `target/release/tillroll serve all` as a child process.

use crate::Failure;
use crate::load::{Target, connect};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, StatusCode};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tillroll_http::{Keys, Role};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// How long an internal identity is used before another is made.
const IDENTITY_AGE: u64 = 20;

pub struct System {
    home: PathBuf,
    process: Child,
    keys: Keys,
    token: String,
    gateway: SocketAddr,
    inventory: SocketAddr,
}

impl System {
    pub async fn start(bootstrap_servers: &str, database_url: &str) -> Result<Self, Failure> {
        let binary = binary()?;
        let home = std::env::temp_dir().join(format!("tillroll-bench-{}", std::process::id()));
        let keys = Keys::open_or_create(&home.join("keys"))?;
        let (gateway, inventory) = (free_address().await?, free_address().await?);
        let process = Command::new(binary)
            .args(["serve", "all"])
            .env("TILLROLL_HOME", &home)
            .env("TILLROLL_STACK", "external")
            .env("KAFKA_BOOTSTRAP_SERVERS", bootstrap_servers)
            .env("DATABASE_URL", database_url)
            .env("TILLROLL_LISTEN", gateway.to_string())
            .env("TILLROLL_INVENTORY_LISTEN", inventory.to_string())
            .env("TILLROLL_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let token = keys.mint("bench", Role::Staff, Duration::from_secs(3_600))?;
        let system = Self { home, process, keys, token, gateway, inventory };
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = connect(gateway).await {
            if Instant::now() > deadline {
                return Err(error);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(system)
    }

    /// Makes products that stock can be received of.
    pub async fn prepare(&self, skus: usize) -> Result<Arc<[String]>, Failure> {
        let mut sender = connect(self.gateway).await?;
        let names: Arc<[String]> = (0..skus).map(|number| format!("BENCH-{number}")).collect();
        for sku in names.iter() {
            let product = serde_json::json!({"sku": sku, "name": sku, "price": {"amount": 100, "currency": "GBP"}});
            let request = Request::post("/api/v1/products")
                .header("host", "bench")
                .header("authorization", format!("Bearer {}", self.token))
                .header("content-type", "application/json")
                .body(Full::new(Bytes::from(product.to_string())))?;
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            if status != StatusCode::CREATED {
                return Err(format!("POST /products: {status} {}", String::from_utf8_lossy(&body)).into());
            }
        }
        Ok(names)
    }

    /// Commands at the inventory's own listener.
    pub fn inventory(&self, skus: &Arc<[String]>) -> Target {
        let identity = self.keys.identity.clone();
        let staff = Role::Staff.held_by("bench");
        let sealed = std::sync::Mutex::new((String::new(), 0));
        let header = move || {
            let mut sealed = sealed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let now = tillroll_http::unix_now();
            if now >= sealed.1 + IDENTITY_AGE {
                let header = identity.seal(&staff, now);
                let text = header.as_ref().and_then(|header| header.to_str().ok()).unwrap_or_default();
                *sealed = (text.to_owned(), now);
            }
            ("tillroll-identity", sealed.0.clone())
        };
        target(self.inventory, skus, header)
    }

    /// The same through the public door.
    pub fn gateway(&self, skus: &Arc<[String]>) -> Target {
        let bearer = format!("Bearer {}", self.token);
        target(self.gateway, skus, move || ("authorization", bearer.clone()))
    }

    /// The resident memory of the process.
    pub fn resident_kib(&self) -> Result<u64, Failure> {
        let pid = self.process.id().ok_or("the system has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    pub async fn stop(mut self) -> Result<(), Failure> {
        self.process.kill().await?;
        std::fs::remove_dir_all(&self.home)?;
        Ok(())
    }
}

fn target(
    address: SocketAddr,
    skus: &Arc<[String]>,
    caller: impl Fn() -> (&'static str, String) + Send + Sync + 'static,
) -> Target {
    let body = Bytes::from_static(br#"{"delta":1,"reason":"received"}"#);
    let skus = skus.clone();
    let run = tillroll_http::unix_now();
    let make = move |number: u64| {
        let index = usize::try_from(number).unwrap_or_default() % skus.len().max(1);
        let (name, value) = caller();
        let request = Request::patch(format!("/api/v1/products/{}/inventory", skus[index]))
            .header("host", "bench")
            .header(name, value)
            .header("content-type", "application/json")
            .header("idempotency-key", format!("{run}-{number}"));
        Ok(request.body(Full::new(body.clone()))?)
    };
    Target { address, make: Arc::new(make), good: StatusCode::OK }
}

fn binary() -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe()?.with_file_name("tillroll");
    let found = [beside, PathBuf::from("target/release/tillroll")].into_iter().find(|path| Path::is_file(path));
    found.ok_or_else(|| "no tillroll binary: cargo build --release".into())
}

async fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}
