//! Everything that the environment says, read once. An unknown or malformed value refuses to start and names the
//! variable.

mod messages;
mod payments;
mod variables;
mod vault;

use crate::Failure;
pub use messages::{MailServer, Messages};
pub use payments::PaymentProvider;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tillroll_devstack::{Data, Mode, StackConfig, StackError};
use tillroll_gateway::{ProxyHeader, TrustedProxies};
use tillroll_http::peer::authority_of;
use tillroll_http::{Keys, KeysError};
use tillroll_kafka::{Admin, KafkaError};
use tillroll_log::{Environment, Node, NodeConfig, StateConfig};
use tillroll_telemetry::Format;
use tillroll_users::password::Cost;
use variables::Variables;
pub use variables::{of_role, print_settings};
pub use vault::{DATABASE as VAULT_DATABASE, FISCAL_TERM, MASTER_KEY as VAULT_MASTER_KEY, Missing};

/// How long a client command waits for Kafka.
const KAFKA_WITHIN: Duration = Duration::from_secs(5);

/// What the cost of a password's hash must be.
const PASSWORD_COST: &str = "KiB of memory and passes, from 19456,2, the least that OWASP recommends, to 1048576,100";

/// A variable has a value that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    variable: String,
    problem: String,
}

impl ConfigError {
    fn new(variable: &str, problem: impl Into<String>) -> Self {
        Self { variable: variable.to_owned(), problem: problem.into() }
    }
}

/// What the environment says.
pub struct Config {
    /// Where everything of this installation is.
    pub home: PathBuf,
    /// The public door.
    pub listen: SocketAddr,
    /// Who is believed there when he says where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// Whether one machine may lose the log.
    pub environment: Environment,
    /// Partitions of each aggregate's topics.
    pub partitions: i32,
    /// Commands under way per partition.
    pub max_requests: usize,
    /// Aggregates per partition that an owner holds in memory.
    pub state_cache: usize,
    /// What the hash of a password costs.
    pub password_cost: Cost,
    /// The log's filter.
    pub log: String,
    /// The log's form.
    pub log_format: Format,
    /// An access token for client commands.
    pub token: Option<String>,
    variables: Variables,
}

impl Config {
    /// Reads the environment.
    #[expect(clippy::disallowed_methods, reason = "this is configuration's one home")]
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(Variables::read(std::env::vars_os())?)
    }

    fn from_variables(variables: Variables) -> Result<Self, ConfigError> {
        let partitions = variables.number("TILLROLL_PARTITIONS", 4, 1..=1_000)?;
        let environment = match variables.get("TILLROLL_ENVIRONMENT").as_deref() {
            None | Some("development") => Environment::Development,
            Some("production") => Environment::Production,
            Some(other) => {
                let problem = format!("`{other}` is neither `development` nor `production`");
                return Err(ConfigError::new("TILLROLL_ENVIRONMENT", problem));
            }
        };
        #[cfg(debug_assertions)]
        arm_crash(&variables)?;
        let door = SocketAddr::from(([127, 0, 0, 1], 8080));
        let nobody = TrustedProxies::default();
        let proxies = variables.parsed("TILLROLL_TRUSTED_PROXIES", nobody, "networks like 10.0.0.0/8,fd00::/8")?;
        let names = "`x-forwarded-for` or `forwarded`";
        let said_in = variables.parsed("TILLROLL_PROXY_HEADER", ProxyHeader::default(), names)?;
        let config = Self {
            home: variables.get("TILLROLL_HOME").unwrap_or_else(|| ".tillroll".into()).into(),
            listen: variables.parsed("TILLROLL_LISTEN", door, "an address like 127.0.0.1:8080")?,
            trusted_proxies: proxies.said_in(said_in),
            environment,
            partitions: i32::try_from(partitions).unwrap_or(i32::MAX),
            max_requests: variables.number("TILLROLL_MAX_REQUESTS", 4_096, 1..=100_000)? as usize,
            state_cache: variables.number("TILLROLL_STATE_CACHE", 10_000, 1..=10_000_000)? as usize,
            password_cost: variables.parsed("TILLROLL_ARGON2", Cost::RECOMMENDED, PASSWORD_COST)?,
            log: variables.get("TILLROLL_LOG").unwrap_or_else(|| "info".into()),
            log_format: variables.parsed("TILLROLL_LOG_FORMAT", Format::Text, "`text` or `json`")?,
            token: variables.get("TILLROLL_TOKEN"),
            variables,
        };
        config.kafka("").check().map_err(|problem| of_property(&problem))?;
        Ok(config)
    }

    /// A secret of the environment, or of the file that `…_FILE` names; one of both.
    fn secret(&self, variable: &str) -> Result<Option<String>, ConfigError> {
        let file = format!("{variable}_FILE");
        match (self.variables.get(variable), self.variables.get(&file)) {
            (Some(secret), None) => Ok(Some(secret.trim().to_owned())),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(secret) => Ok(Some(secret.trim().to_owned())),
                Err(error) => Err(ConfigError::new(&file, format!("{path} cannot be read: {error}"))),
            },
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(ConfigError::new(&file, format!("is set besides {variable}"))),
        }
    }

    /// Where Kafka and PostgreSQL come from, and how a native stack is made.
    pub fn stack(&self) -> Result<(Mode, StackConfig), StackError> {
        let lookup = |name: &str| self.variables.get(name);
        Ok((Mode::from_lookup(lookup)?, StackConfig::from_lookup(&self.home, Data::Kept, lookup)?))
    }

    /// A native stack of its own whose data are thrown away, on free ports.
    pub fn throw_away_stack(&self) -> Result<StackConfig, StackError> {
        let lookup = |name: &str| self.variables.get(name);
        let config = StackConfig::from_lookup(&self.home, Data::Fresh, lookup)?;
        Ok(StackConfig { kafka_port: None, postgres_port: None, ..config })
    }

    /// Kafka's address: as the environment says, or that of the running `tillroll up`.
    pub fn bootstrap_servers(&self) -> Result<String, ConfigError> {
        let running = || std::fs::read_to_string(self.run_file("kafka")).ok().map(|text| text.trim().to_owned());
        self.variables.get("KAFKA_BOOTSTRAP_SERVERS").or_else(running).ok_or_else(|| {
            let here = std::path::absolute(&self.home).unwrap_or_else(|_| self.home.clone());
            let problem = format!(
                "is not set, and no `tillroll up` is running here ({}): start it with scripts/up",
                here.display()
            );
            ConfigError::new("KAFKA_BOOTSTRAP_SERVERS", problem)
        })
    }

    /// Whether the environment names Kafka, and so nobody here starts it.
    pub fn names_brokers(&self) -> bool {
        self.variables.get("KAFKA_BOOTSTRAP_SERVERS").is_some()
    }

    /// PostgreSQL's address.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        let missing = || ConfigError::new("DATABASE_URL", "is not set; `tillroll up` starts a PostgreSQL of its own");
        self.variables.get("DATABASE_URL").ok_or_else(missing)
    }

    /// The same, or that of the running `tillroll up`, which keeps the password in a file of its own.
    pub fn reachable_database_url(&self) -> Result<String, ConfigError> {
        self.database_url().or_else(|missing| self.running_url("postgres", "postgres").ok_or(missing))
    }

    /// An address that the running `tillroll up` has written into a run file, with the password that it keeps apart.
    fn running_url(&self, run_file: &str, password: &str) -> Option<String> {
        let url = std::fs::read_to_string(self.run_file(run_file)).ok()?;
        let password = std::fs::read_to_string(self.home.join(format!("data/{password}.password"))).ok()?;
        let (user, rest) = url.trim().split_once('@')?;
        Some(format!("{user}:{}@{rest}", password.trim()))
    }

    /// The process of the running `tillroll up`, if there is one.
    pub fn running_pid(&self) -> Option<u32> {
        let pid = std::fs::read_to_string(self.run_file("tillroll.pid")).ok()?.trim().parse().ok()?;
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        (name.trim() == "tillroll").then_some(pid)
    }

    /// Where the installation's keys are.
    pub fn keys_dir(&self) -> PathBuf {
        self.home.join("keys")
    }

    /// The installation's keys, made at the first start; but in production, where what is missing was lost, or is another
    /// directory than was meant: nobody could log in under a new one of `command-hash.key`.
    pub fn keys(&self) -> Result<Keys, ConfigError> {
        match self.environment {
            Environment::Development => Keys::open_or_create(&self.keys_dir()).map_err(of_home),
            Environment::Production => self.existing_keys(),
        }
    }

    /// The keys of an installation that is there: a client command makes none.
    pub fn existing_keys(&self) -> Result<Keys, ConfigError> {
        let dir = self.keys_dir();
        if !dir.is_dir() {
            let dir = dir.display();
            return Err(ConfigError::new(
                "TILLROLL_HOME",
                format!(
                    "there are no keys in {dir}: a shop that lives has them elsewhere, or in its backup; for a new one \
                 `tillroll up` makes them, or `tillroll keys create`"
                ),
            ));
        }
        Keys::open(&dir).map_err(of_home)
    }

    /// A file by which a running installation is found.
    pub fn run_file(&self, name: &str) -> PathBuf {
        self.home.join("run").join(name)
    }

    /// Where the public door can be reached: as the environment or the running `tillroll up` says, or as configured.
    pub fn gateway_url(&self) -> String {
        let running = std::fs::read_to_string(self.run_file("ready")).ok().map(|text| text.trim().to_owned());
        let running = || running.filter(|url| !url.is_empty());
        self.variables.get("TILLROLL_URL").or_else(running).unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// The internal listener of a role.
    pub fn role_listen(&self, role: &str) -> Result<Option<SocketAddr>, ConfigError> {
        let variable = of_role(role, "LISTEN");
        let address = |_| self.variables.parsed(&variable, self.listen, "an address like 127.0.0.1:8101");
        self.variables.get(&variable).map(address).transpose()
    }

    /// Where the gateway asks a role instead of wherever it announces itself.
    pub fn role_urls(&self, role: &str) -> Result<Option<Vec<String>>, ConfigError> {
        let variable = of_role(role, "URL");
        let split = |text: String| text.split(',').map(|url| plain_url(&variable, url)).collect();
        self.variables.get(&variable).map(split).transpose()
    }

    /// Where others reach a role's internal listener, if that is not where it listens.
    pub fn role_advertised_url(&self, role: &str) -> Result<Option<String>, ConfigError> {
        let variable = of_role(role, "ADVERTISED_URL");
        self.variables.get(&variable).map(|url| plain_url(&variable, &url)).transpose()
    }

    /// How to reach Kafka.
    pub fn kafka(&self, bootstrap_servers: &str) -> tillroll_kafka::Config {
        let kafka = tillroll_kafka::Config::new(bootstrap_servers);
        self.variables.kafka_properties().into_iter().fold(kafka, |kafka, (name, value)| kafka.set(name, value))
    }

    /// Where owners of these roles keep what they have folded: other roles, another directory.
    pub fn state(&self, roles: &[&str]) -> StateConfig {
        StateConfig { directory: self.home.join("state").join(roles.join("-")), cache: self.state_cache }
    }

    /// This process's part in the log. Without keys it may look at the log and make topics, and carries
    /// out no command.
    pub fn node(&self, bootstrap_servers: &str, keys: Option<&Keys>, url: &str) -> NodeConfig {
        let hash_key = keys.map(|keys| keys.command_hash.hash(b"command hashes").into_bytes());
        NodeConfig {
            kafka: self.kafka(bootstrap_servers),
            hash_key: Arc::from(hash_key.unwrap_or_default()),
            // In a container every process may have the same id: its start tells it apart.
            instance: format!("{}-{}-{:x}", host(), std::process::id(), tillroll_http::unix_now()),
            url: url.to_owned(),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            partitions: self.partitions,
            environment: self.environment,
            max_requests: self.max_requests,
            state: None,
        }
    }

    /// The same for a client command.
    pub async fn connect(&self) -> Result<Node, Failure> {
        let servers = self.bootstrap_servers()?;
        let node = Node::connect(self.node(&servers, None, ""))?;
        answers(node.admin(), &servers).await?;
        Ok(node)
    }
}

/// Keys that cannot be had; nothing of them is in it.
fn of_home(error: KeysError) -> ConfigError {
    ConfigError::new("TILLROLL_HOME", crate::said(&error))
}

/// A problem with a property of Kafka, by the variable that sets it.
fn of_property(problem: &KafkaError) -> ConfigError {
    match problem {
        KafkaError::Property { property, reason } => ConfigError::new(&variables::of_kafka(property), reason),
        KafkaError::Reserved { property, reason } => {
            ConfigError::new(&variables::of_kafka(property), format!("cannot be set: {reason}"))
        }
        other => ConfigError::new(&variables::of_kafka("<PROPERTY>"), other.to_string()),
    }
}

/// Says soon and in words if nobody is there.
pub async fn answers(admin: &Admin, servers: &str) -> Result<(), Failure> {
    let there = admin.ping(KAFKA_WITHIN).await;
    Ok(there
        .map_err(|error| format!("Kafka does not answer at {servers} ({error}); does Tillroll run? See scripts/up"))?)
}

/// Arms the crash point that a test asks for.
#[cfg(debug_assertions)]
fn arm_crash(variables: &Variables) -> Result<(), ConfigError> {
    let Some(text) = variables.get(variables::CRASH) else { return Ok(()) };
    let names: Vec<&str> = tillroll_telemetry::CrashPoint::ALL.iter().map(|point| point.name()).collect();
    let wrong = |_| ConfigError::new(variables::CRASH, format!("`{text}` is not POINT:N with one of {names:?}"));
    tillroll_telemetry::arm_crash(text.parse().map_err(wrong)?);
    Ok(())
}

/// A base URL without a path.
fn plain_url(variable: &str, url: &str) -> Result<String, ConfigError> {
    let url = url.trim().trim_end_matches('/');
    let problem = || format!("`{url}` is no base URL like http://10.0.0.7:8101");
    authority_of(url).map(|_| url.to_owned()).ok_or_else(|| ConfigError::new(variable, problem()))
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "localhost".into(), |name| name.trim().to_owned())
}
