//! What a stack is made of, and how it is read from the environment. Nothing here touches the environment itself:
//! `main` hands in a lookup, so that configuration is read in one place.

use std::path::{Path, PathBuf};

use crate::StackError;

/// Chooses the mode of the stack: `native` (the default), `containers` or `external`.
pub const STACK_VARIABLE: &str = "TILLROLL_STACK";
/// Fixes the port of the native broker; three brokers take it and the two after it.
pub const KAFKA_PORT_VARIABLE: &str = "TILLROLL_KAFKA_PORT";
/// Fixes the port of the native PostgreSQL.
pub const POSTGRES_PORT_VARIABLE: &str = "TILLROLL_POSTGRES_PORT";
/// How many brokers a native stack has: 1 (the default) or 3.
pub const BROKERS_VARIABLE: &str = "TILLROLL_BROKERS";
/// Where the Kafka jars are; `<root>/kafka-libs` otherwise.
pub const JARS_VARIABLE: &str = "TILLROLL_KAFKA_LIBS";
/// `containers` only: Kafka's image.
pub const KAFKA_IMAGE_VARIABLE: &str = "TILLROLL_KAFKA_IMAGE";
/// `containers` only: PostgreSQL's image.
pub const POSTGRES_IMAGE_VARIABLE: &str = "TILLROLL_POSTGRES_IMAGE";
/// `external` only: the broker's address.
pub const BOOTSTRAP_VARIABLE: &str = "KAFKA_BOOTSTRAP_SERVERS";
/// `external` only: PostgreSQL's address.
pub const DATABASE_VARIABLE: &str = "DATABASE_URL";

/// What happens to the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// A directory of its own below `<root>/fresh`, removed at the end. Not synchronised to disk: for tests.
    Fresh,
    /// `<root>/data`, kept from start to start. Only one stack at a time.
    Kept,
}

/// What the broker's JVM is tuned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tuning {
    /// Fast start, little memory: first compiler only, serial collector.
    Dev,
    /// Full speed after warm-up: both compilers, G1, a larger heap.
    Bench,
}

/// How many brokers there are. What one has acknowledged is lost with its machine; of three one may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brokers {
    /// One.
    One,
    /// Three, each a controller too: three replicas of everything, two of them in sync.
    Three,
}

impl Brokers {
    /// The number.
    #[must_use]
    pub fn count(self) -> u16 {
        match self {
            Self::One => 1,
            Self::Three => 3,
        }
    }
}

/// Everything that a native stack needs to know.
#[derive(Debug, Clone)]
pub struct StackConfig {
    /// Home of data, logs and runtime files, e.g. `.tillroll`.
    pub root: PathBuf,
    /// Kept or thrown away.
    pub keep: Data,
    /// How many brokers.
    pub brokers: Brokers,
    /// Fixed port of the first broker, or free ones.
    pub kafka_port: Option<u16>,
    /// Fixed port, or a free one.
    pub postgres_port: Option<u16>,
    /// Directory with Kafka's jars.
    pub jars: PathBuf,
    /// What the broker is tuned for.
    pub broker_tuning: Tuning,
}

impl StackConfig {
    /// A stack below `root`, with ports and jars as the environment says.
    ///
    /// # Errors
    /// A port or a number of brokers that is not one, naming its variable.
    pub fn from_lookup(
        root: impl Into<PathBuf>,
        keep: Data,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, StackError> {
        let root = root.into();
        Ok(Self {
            brokers: brokers(&lookup)?,
            kafka_port: port(&lookup, KAFKA_PORT_VARIABLE)?,
            postgres_port: port(&lookup, POSTGRES_PORT_VARIABLE)?,
            jars: jars(&lookup, &root),
            broker_tuning: Tuning::Dev,
            root,
            keep,
        })
    }
}

fn brokers(lookup: &impl Fn(&str) -> Option<String>) -> Result<Brokers, StackError> {
    match lookup(BROKERS_VARIABLE).as_deref().map(str::trim) {
        None | Some("" | "1") => Ok(Brokers::One),
        Some("3") => Ok(Brokers::Three),
        Some(other) => {
            Err(StackError::Variable { variable: BROKERS_VARIABLE, problem: format!("`{other}` is neither 1 nor 3") })
        }
    }
}

fn jars(lookup: &impl Fn(&str) -> Option<String>, root: &Path) -> PathBuf {
    lookup(JARS_VARIABLE).map_or_else(|| root.join("kafka-libs"), PathBuf::from)
}

fn port(lookup: &impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<Option<u16>, StackError> {
    let Some(text) = lookup(variable) else { return Ok(None) };
    match text.trim().parse::<u16>() {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => Err(StackError::Variable { variable, problem: format!("`{text}` is not a port (1 to 65535)") }),
    }
}

/// Where Kafka and PostgreSQL come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// This process starts them, as processes.
    Native,
    /// This process starts them, in containers.
    Containers(Images),
    /// They run already; nothing is started.
    External {
        /// `host:port[,host:port…]`.
        bootstrap_servers: String,
        /// `postgres://user:password@host:port/database`.
        database_url: String,
    },
}

/// What containers are made of: `name:tag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Kafka's, which takes its properties as `KAFKA_…`, as `apache/kafka` does.
    pub kafka: String,
    /// PostgreSQL's, which takes `POSTGRES_…`, as `postgres` does.
    pub postgres: String,
}

impl Default for Images {
    fn default() -> Self {
        Self { kafka: "apache/kafka:4.1.1".to_owned(), postgres: "postgres:15".to_owned() }
    }
}

impl Images {
    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let named = |variable| lookup(variable).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let default = Self::default();
        Self {
            kafka: named(KAFKA_IMAGE_VARIABLE).unwrap_or(default.kafka),
            postgres: named(POSTGRES_IMAGE_VARIABLE).unwrap_or(default.postgres),
        }
    }
}

impl Mode {
    /// Reads `TILLROLL_STACK` and, for `external`, `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL`.
    ///
    /// # Errors
    /// An unknown mode or a missing address, naming the variable.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, StackError> {
        match lookup(STACK_VARIABLE).as_deref().map(str::trim) {
            None | Some("" | "native") => Ok(Self::Native),
            Some("containers") => Ok(Self::Containers(Images::from_lookup(lookup))),
            Some("external") => Ok(Self::External {
                bootstrap_servers: required(&lookup, BOOTSTRAP_VARIABLE)?,
                database_url: required(&lookup, DATABASE_VARIABLE)?,
            }),
            Some(other) => Err(StackError::Variable {
                variable: STACK_VARIABLE,
                problem: format!("`{other}` is none of `native`, `containers` and `external`"),
            }),
        }
    }
}

fn required(lookup: &impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<String, StackError> {
    lookup(variable).filter(|value| !value.trim().is_empty()).ok_or_else(|| StackError::Variable {
        variable,
        problem: format!("must be set when {STACK_VARIABLE}=external"),
    })
}

#[cfg(test)]
mod tests;
