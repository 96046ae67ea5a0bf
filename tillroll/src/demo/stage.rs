//! What a demo is played on: servers of its own, two processes that write, a gateway. All of it is gone afterwards.

use crate::Failure;
use crate::config::Config;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tillroll_devstack::Stack;
use tillroll_http::{Keys, Role};
use tillroll_log::{Node, PartitionId, Place};
use tillroll_schemas::catalogue::PRODUCT;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Short, for a visitor's patience: in a shop it is the least that a broker takes by itself, 6 s.
const SESSION_MS: &str = "2000";
const READY_WITHIN: Duration = Duration::from_secs(60);
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// The stage.
pub struct Stage {
    node: Node,
    keys: Keys,
    home: PathBuf,
    url: String,
    writers: Vec<Process>,
    gateway: Process,
    stack: Stack,
}

/// A process of the binary.
pub struct Process {
    /// For people.
    pub name: String,
    /// As it announces itself.
    pub instance: String,
    pid: Pid,
    child: Child,
}

impl Stage {
    /// Starts everything.
    #[expect(clippy::print_stdout, reason = "the command's output")]
    pub async fn set(config: &Config) -> Result<Self, Failure> {
        println!("starting a Kafka and a PostgreSQL for this demo alone …");
        let stack = Stack::start(config.throw_away_stack()?).await?;
        let home = config.home.join(format!("demo-{}", std::process::id()));
        std::fs::create_dir_all(&home)?;
        let keys = Keys::open_or_create(&home.join("keys"))?;
        let node = Node::connect(config.node(stack.bootstrap_servers(), None, ""))?;
        node.create_topics(&tillroll_schemas::catalogue::AGGREGATES, 1).await?;
        let mut writers = Vec::new();
        for name in ["A", "B"] {
            let (process, _) = start(&home, &stack, name, "catalog").await?;
            writers.push(named_by_announcement(process, &node, &writers).await?);
        }
        let (gateway, url) = start(&home, &stack, "gateway", "gateway").await?;
        let url = url.strip_prefix("ready: ").unwrap_or_default().to_owned();
        Ok(Self { node, keys, home, url, writers, gateway, stack })
    }

    /// Looks at the log and at who serves what.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The gateway.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A token for its clients.
    pub fn token(&self) -> Result<String, Failure> {
        Ok(self.keys.mint("demo", Role::Staff, Duration::from_secs(3_600))?)
    }

    /// The processes that write.
    pub fn writers(&self) -> &[Process] {
        &self.writers
    }

    /// What they write.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        let place = |partition| Place { topic: PRODUCT.events, partition: PartitionId(partition) };
        (0..self.node.config().partitions).map(place)
    }

    /// Ends everything.
    pub async fn clear(self) -> Result<(), Failure> {
        for process in self.writers.into_iter().chain([self.gateway]) {
            process.stop().await?;
        }
        drop(self.node);
        self.stack.stop().await?;
        Ok(std::fs::remove_dir_all(self.home)?)
    }
}

impl Process {
    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<(), Failure> {
        Ok(kill(self.pid, signal)?)
    }

    async fn stop(mut self) -> Result<(), Failure> {
        // One that is still frozen hears nothing else.
        self.signal(Signal::SIGCONT)?;
        self.signal(Signal::SIGTERM)?;
        match tokio::time::timeout(STOPS_WITHIN, self.child.wait()).await {
            Ok(ended) => drop(ended?),
            Err(_) => self.child.kill().await?,
        }
        Ok(())
    }
}

/// Starts a role in a process of its own, and waits until it is ready; what it said then.
async fn start(home: &std::path::Path, stack: &Stack, name: &str, role: &str) -> Result<(Process, String), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", role]).env("TILLROLL_HOME", home).env("TILLROLL_LISTEN", "127.0.0.1:0");
    command.env("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers()).env("DATABASE_URL", stack.database_url());
    command.env("TILLROLL_KAFKA_SESSION_TIMEOUT_MS", SESSION_MS);
    let log = File::create(home.join(format!("{name}.log")))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    tillroll_devstack::die_with_parent(command.as_std_mut());
    let mut child = command.spawn()?;
    let pid = Pid::from_raw(child.id().and_then(|pid| i32::try_from(pid).ok()).ok_or("a process without an id")?);
    let mut lines = BufReader::new(child.stdout.take().ok_or("a process without output")?).lines();
    let ready = tokio::time::timeout(READY_WITHIN, lines.next_line()).await??;
    let ready = ready.ok_or_else(|| format!("{name} did not start; see {}", home.display()))?;
    let name = format!("{name} (process {pid})");
    Ok((Process { name, instance: String::new(), pid, child }, ready))
}

/// The process with the name under which it announces itself: the only one that is new.
async fn named_by_announcement(process: Process, node: &Node, others: &[Process]) -> Result<Process, Failure> {
    let mut services = node.services().clone();
    let named = async {
        loop {
            let new = services
                .all()
                .into_iter()
                .find(|each| each.role == "catalog" && !others.iter().any(|other| other.instance == each.instance));
            if let Some(new) = new {
                return new.instance;
            }
            services.changed().await;
        }
    };
    let instance = tokio::time::timeout(READY_WITHIN, named).await?;
    Ok(Process { instance, ..process })
}
