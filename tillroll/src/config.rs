//! Everything that the environment says, read once. An unknown or malformed value refuses to start and names the
//! variable.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use tillroll_devstack::{Data, Mode, StackConfig, StackError};
use tillroll_http::{Keys, KeysError};
use tillroll_log::{Environment, NodeConfig};
use tillroll_telemetry::Format;

/// A variable has a value that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    variable: String,
    problem: String,
}

/// Every variable with what it is for; `tillroll settings` prints them.
const SETTINGS: &[(&str, &str)] = &[
    ("TILLROLL_HOME", "where data, keys, logs and run files are [.tillroll]"),
    ("TILLROLL_LISTEN", "address of the public door [127.0.0.1:8080]"),
    ("TILLROLL_ENVIRONMENT", "development or production; production demands replicated topics [development]"),
    ("TILLROLL_PARTITIONS", "partitions of each aggregate's topics; never changes once there are topics [4]"),
    ("TILLROLL_STACK", "native: `up` starts Kafka and PostgreSQL itself; external: they are there already [native]"),
    ("TILLROLL_KAFKA_PORT", "native: the broker's port [a free one]"),
    ("TILLROLL_POSTGRES_PORT", "native: PostgreSQL's port [a free one]"),
    ("TILLROLL_KAFKA_LIBS", "native: where Kafka's jars are [TILLROLL_HOME/kafka-libs]"),
    ("KAFKA_BOOTSTRAP_SERVERS", "external: host:port[,host:port…] [of the running `tillroll up`]"),
    ("DATABASE_URL", "external: postgres://user:password@host:port/database"),
    ("TILLROLL_KAFKA_<PROPERTY>", "any librdkafka property, dots as underscores: TILLROLL_KAFKA_SECURITY_PROTOCOL=ssl"),
    (
        "TILLROLL_<ROLE>_LISTEN",
        "address of a role's internal listener: CATALOG, INVENTORY, ORDERS, QUERY_API, PROJECTORS",
    ),
    ("TILLROLL_<ROLE>_URL", "where the gateway finds a role that does not run in its process"),
    ("TILLROLL_MAX_REQUESTS", "commands under way per partition before 503 [4096]"),
    ("TILLROLL_LOG", "log filter, e.g. info,tillroll_log=debug [info]"),
    ("TILLROLL_LOG_FORMAT", "text or json [text]"),
    ("TILLROLL_URL", "the public door for client commands such as `import` [that of the running `tillroll up`]"),
    ("TILLROLL_TOKEN", "access token of client commands such as `import` [minted from the installation's key]"),
];

/// Variables beginning with this that are not librdkafka properties.
const NOT_PROPERTIES: [&str; 2] = ["TILLROLL_KAFKA_PORT", "TILLROLL_KAFKA_LIBS"];

/// What the environment says.
pub struct Config {
    /// Where everything of this installation is.
    pub home: PathBuf,
    /// The public door.
    pub listen: SocketAddr,
    /// Whether one machine may lose the log.
    pub environment: Environment,
    /// Partitions of each aggregate's topics.
    pub partitions: i32,
    /// Commands under way per partition.
    pub max_requests: usize,
    /// The log's filter.
    pub log: String,
    /// The log's form.
    pub log_format: Format,
    /// An access token for client commands.
    pub token: Option<String>,
    kafka: Vec<(String, String)>,
}

/// The one reading of the environment.
#[expect(clippy::disallowed_methods, reason = "this is configuration's one home")]
fn lookup(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "this is configuration's one home")]
fn kafka_properties() -> Vec<(String, String)> {
    let of_kafka = |name: &String| name.starts_with("TILLROLL_KAFKA_") && !NOT_PROPERTIES.contains(&name.as_str());
    std::env::vars()
        .filter(|(name, _)| of_kafka(name))
        .map(|(name, value)| (name["TILLROLL_KAFKA_".len()..].to_lowercase().replace('_', "."), value))
        .collect()
}

fn parsed<T: FromStr>(variable: &str, default: T, what: &str) -> Result<T, ConfigError> {
    match lookup(variable) {
        None => Ok(default),
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| ConfigError { variable: variable.to_owned(), problem: format!("`{text}` is not {what}") }),
    }
}

impl Config {
    /// Reads the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let partitions = parsed("TILLROLL_PARTITIONS", 4, "a number of partitions")?;
        if !(1..=1_000).contains(&partitions) {
            let problem = format!("{partitions} is not from 1 to 1000");
            return Err(ConfigError { variable: "TILLROLL_PARTITIONS".into(), problem });
        }
        let environment = match lookup("TILLROLL_ENVIRONMENT").as_deref() {
            None | Some("development") => Environment::Development,
            Some("production") => Environment::Production,
            Some(other) => {
                let problem = format!("`{other}` is neither `development` nor `production`");
                return Err(ConfigError { variable: "TILLROLL_ENVIRONMENT".into(), problem });
            }
        };
        Ok(Self {
            home: lookup("TILLROLL_HOME").unwrap_or_else(|| ".tillroll".into()).into(),
            listen: parsed(
                "TILLROLL_LISTEN",
                SocketAddr::from(([127, 0, 0, 1], 8080)),
                "an address like 127.0.0.1:8080",
            )?,
            environment,
            partitions,
            max_requests: parsed("TILLROLL_MAX_REQUESTS", 4_096, "a number")?,
            log: lookup("TILLROLL_LOG").unwrap_or_else(|| "info".into()),
            log_format: parsed("TILLROLL_LOG_FORMAT", Format::Text, "`text` or `json`")?,
            token: lookup("TILLROLL_TOKEN"),
            kafka: kafka_properties(),
        })
    }

    /// Where Kafka and PostgreSQL come from, and how a native stack is made.
    pub fn stack(&self) -> Result<(Mode, StackConfig), StackError> {
        Ok((Mode::from_lookup(lookup)?, StackConfig::from_lookup(&self.home, Data::Kept, lookup)?))
    }

    /// Kafka's address: as the environment says, or that of the running `tillroll up`.
    pub fn bootstrap_servers(&self) -> Result<String, ConfigError> {
        let running = || std::fs::read_to_string(self.run_file("kafka")).ok().map(|text| text.trim().to_owned());
        lookup("KAFKA_BOOTSTRAP_SERVERS").or_else(running).ok_or_else(|| ConfigError {
            variable: "KAFKA_BOOTSTRAP_SERVERS".into(),
            problem: "is not set, and no `tillroll up` is running here".into(),
        })
    }

    /// PostgreSQL's address.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        lookup("DATABASE_URL").ok_or_else(|| ConfigError {
            variable: "DATABASE_URL".into(),
            problem: "is not set; `tillroll up` starts a PostgreSQL of its own".into(),
        })
    }

    /// The installation's keys, made at the first start.
    pub fn keys(&self) -> Result<Keys, KeysError> {
        Keys::open_or_create(&self.home.join("keys"))
    }

    /// The keys of an installation that is there: a client command makes none.
    pub fn existing_keys(&self) -> Result<Keys, ConfigError> {
        let dir = self.home.join("keys");
        let missing = |problem: String| ConfigError { variable: "TILLROLL_HOME".into(), problem };
        if !dir.is_dir() {
            return Err(missing(format!("there are no keys in {}: start `tillroll up` there first", dir.display())));
        }
        self.keys().map_err(|error| missing(error.to_string()))
    }

    /// A file by which a running installation is found.
    pub fn run_file(&self, name: &str) -> PathBuf {
        self.home.join("run").join(name)
    }

    /// Where the public door can be reached: as the environment or the running `tillroll up` says, or as configured.
    pub fn gateway_url(&self) -> String {
        let running = std::fs::read_to_string(self.run_file("ready")).ok().map(|text| text.trim().to_owned());
        let running = || running.filter(|url| !url.is_empty());
        lookup("TILLROLL_URL").or_else(running).unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// The internal listener of a role.
    pub fn role_listen(&self, role: &str) -> Result<Option<SocketAddr>, ConfigError> {
        let variable = format!("TILLROLL_{}_LISTEN", role.to_uppercase().replace('-', "_"));
        lookup(&variable).map(|_| parsed(&variable, self.listen, "an address like 127.0.0.1:8101")).transpose()
    }

    /// Where a role is that does not run in this process.
    pub fn role_url(&self, role: &str) -> Option<String> {
        lookup(&format!("TILLROLL_{}_URL", role.to_uppercase().replace('-', "_")))
    }

    /// How to reach Kafka.
    pub fn kafka(&self, bootstrap_servers: &str) -> tillroll_kafka::Config {
        let kafka = tillroll_kafka::Config::new(bootstrap_servers);
        self.kafka.iter().fold(kafka, |kafka, (name, value)| kafka.set(name.as_str(), value.as_str()))
    }

    /// This process's part in the log.
    pub fn node(&self, bootstrap_servers: &str, keys: &Keys, url: &str) -> NodeConfig {
        NodeConfig {
            kafka: self.kafka(bootstrap_servers),
            hash_key: Arc::from(keys.command_hash.hash(b"command hashes").into_bytes()),
            instance: format!("{}-{}", host(), std::process::id()),
            url: url.to_owned(),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            partitions: self.partitions,
            environment: self.environment,
            max_requests: self.max_requests,
        }
    }
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "localhost".into(), |name| name.trim().to_owned())
}

/// Prints every variable.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub fn print_settings() {
    for (name, meaning) in SETTINGS {
        println!("{name:28} {meaning}");
    }
}
