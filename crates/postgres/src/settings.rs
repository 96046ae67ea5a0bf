//! What is said about a database once, at the start: where it is, who we are, how long we wait.

use crate::Error;
use std::fmt;
use std::time::Duration;
use tokio_postgres::config::Host;

/// How to reach a database and how patient to be with it. Its `Debug` form shows no password.
#[derive(Clone)]
pub struct Settings {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) pool_size: usize,
    pub(crate) statement_timeout: Duration,
    pub(crate) patience: Duration,
    pub(crate) read_only: bool,
    /// Run-time parameters of a session, each as `-c name=value`.
    parameters: String,
}

impl Settings {
    /// From a URL (`postgres://user:password@host:port/database`) and the name that `pg_stat_activity` shows.
    ///
    /// Until told otherwise: 16 connections in a pool, statements of at most 30 s, 2 s of patience, writes allowed.
    pub fn parse(url: &str, application_name: &str) -> Result<Self, Error> {
        let mut config: tokio_postgres::Config = url.parse().map_err(Error::Url)?;
        config
            .application_name(application_name)
            .connect_timeout(Duration::from_secs(2))
            // A server that vanished without a word is noticed within about ten seconds.
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(10));
        Ok(Self {
            config,
            pool_size: 16,
            statement_timeout: Duration::from_secs(30),
            patience: Duration::from_secs(2),
            read_only: false,
            parameters: String::new(),
        })
    }

    /// Connections in a pool.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections.max(1);
        self
    }

    /// How long the server works on one statement before it gives up; zero means for ever.
    pub fn statement_timeout(mut self, longest: Duration) -> Self {
        self.statement_timeout = longest;
        self
    }

    /// How long a caller of a pool waits in all, for a connection and for the answer; the server works no longer
    /// either.
    pub fn patience(mut self, longest: Duration) -> Self {
        self.patience = longest;
        self
    }

    /// Every transaction is read-only, whatever the role could do.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// A run-time parameter of every session, as `jit` = `off`; a value without spaces.
    pub fn parameter(mut self, name: &'static str, value: &'static str) -> Self {
        self.parameters.push_str(&format!(" -c {name}={value}"));
        self
    }

    /// Whether both are of one database, whoever asks it and whatever else is said of it. A server that has several names
    /// is known by this machine's only.
    pub fn is_same_database(&self, other: &Self) -> bool {
        let ours = places(&self.config);
        database(&self.config) == database(&other.config) && places(&other.config).iter().any(|at| ours.contains(at))
    }

    /// The connection parameters with everything that is set per session.
    pub(crate) fn session(&self) -> tokio_postgres::Config {
        let mut options = self.config.get_options().map(|given| format!("{given} ")).unwrap_or_default();
        options.push_str(&format!("-c statement_timeout={}", self.statement_timeout.as_millis()));
        // Rows that a projector folds and queries that they answer must not depend on a server's configuration.
        options.push_str(" -c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8");
        if self.read_only {
            options.push_str(" -c default_transaction_read_only=on");
        }
        options.push_str(&self.parameters);
        let mut config = self.config.clone();
        config.options(options);
        config
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("database", &self.config.get_dbname())
            .field("user", &self.config.get_user())
            .field("pool_size", &self.pool_size)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

/// Its name; the user's if none is said, as PostgreSQL takes it.
fn database(config: &tokio_postgres::Config) -> Option<&str> {
    config.get_dbname().or(config.get_user())
}

/// Where its servers listen.
fn places(config: &tokio_postgres::Config) -> Vec<(String, u16)> {
    let port = |nth: usize| config.get_ports().get(nth).or(config.get_ports().first()).copied().unwrap_or(5_432);
    let name = |host: &Host| match host {
        Host::Tcp(name) if matches!(name.as_str(), "127.0.0.1" | "::1") => "localhost".to_owned(),
        Host::Tcp(name) => name.to_ascii_lowercase(),
        #[cfg(unix)]
        Host::Unix(directory) => directory.to_string_lossy().into_owned(),
    };
    config.get_hosts().iter().enumerate().map(|(nth, host)| (name(host), port(nth))).collect()
}

#[cfg(test)]
mod tests;
