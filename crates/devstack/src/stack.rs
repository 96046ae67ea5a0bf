//! Both servers together, or the addresses of somebody else's.

use std::path::PathBuf;
use std::time::Instant;

use crate::account::Account;
use crate::home::Home;
use crate::kafka::Kafka;
use crate::postgres::Postgres;
use crate::server::{Kind, Server};
use crate::{Mode, StackConfig, StackError, database, memberships};

/// A Kafka broker and a PostgreSQL that answer. Dropping it kills what it started; [`Stack::stop`] stops it cleanly.
#[derive(Debug)]
pub struct Stack {
    bootstrap_servers: String,
    database_url: String,
    native: Option<Native>,
}

/// The order of the fields is the order of their end: the servers first, then the directories they work in.
#[derive(Debug)]
struct Native {
    kafka: Server,
    postgres: Server,
    home: Home,
}

impl Stack {
    /// Starts both servers at the same time and waits until both answer.
    ///
    /// # Errors
    /// Something is missing on this machine, a port is taken, or a server does not come up; the text says which, and
    /// quotes the end of the server's log.
    pub async fn start(config: StackConfig) -> Result<Self, StackError> {
        let began = Instant::now();
        let account = Account::for_postgres()?;
        let home = Home::open(&config.root, config.keep, account.as_ref())?;
        let kafka = Kafka::configure(&config, &home)?;
        let postgres = Postgres::configure(&config, &home, account)?;
        let bootstrap_servers = format!("127.0.0.1:{}", kafka.port());
        let database_url = postgres.shop_url();
        let (kafka, postgres) =
            tokio::try_join!(Server::start(Kind::Kafka(kafka)), Server::start(Kind::Postgres(postgres)))?;
        let duration_ms = began.elapsed().as_millis();
        tracing::info!(%duration_ms, kafka.port = kafka.port(), postgres.port = postgres.port(), "stack started");
        Ok(Self { bootstrap_servers, database_url, native: Some(Native { kafka, postgres, home }) })
    }

    /// Starts both servers, or takes the addresses of running ones.
    ///
    /// # Errors
    /// As [`Stack::start`]. An external stack is not asked whether it is there: its clients are the ones to say so.
    pub async fn from_mode(mode: Mode, config: StackConfig) -> Result<Self, StackError> {
        match mode {
            Mode::Native => Self::start(config).await,
            Mode::External { bootstrap_servers, database_url } => {
                Ok(Self { bootstrap_servers, database_url, native: None })
            }
        }
    }

    /// `host:port` of the broker.
    #[must_use]
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    /// `postgres://tillroll:…@127.0.0.1:port/tillroll`. Holds a password: not for logs.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The broker's process.
    ///
    /// # Errors
    /// The stack is external.
    pub fn kafka(&self) -> Result<&Server, StackError> {
        self.native.as_ref().map(|native| &native.kafka).ok_or(StackError::External { server: "Kafka" })
    }

    /// PostgreSQL's process.
    ///
    /// # Errors
    /// The stack is external.
    pub fn postgres(&self) -> Result<&Server, StackError> {
        self.native.as_ref().map(|native| &native.postgres).ok_or(StackError::External { server: "PostgreSQL" })
    }

    /// Where the servers' logs are.
    #[must_use]
    pub fn logs(&self) -> Option<PathBuf> {
        self.native.as_ref().map(|native| native.home.logs())
    }

    /// Ends all memberships of these consumer groups. For a process that has just started this stack: whoever is still
    /// a member was killed, and the group would wait for him for a session time-out. A member that lives all the same
    /// joins again. Nothing happens to an external stack, or where no group was ever joined.
    ///
    /// # Errors
    /// The broker refuses or does not answer.
    pub async fn end_memberships(&self, groups: &[&str]) -> Result<(), StackError> {
        let Some(native) = &self.native else { return Ok(()) };
        // Where no group was ever joined nobody coordinates any, and the broker would say for ever: not yet.
        if !native.kafka.has_groups() {
            return Ok(());
        }
        for group in groups {
            let ended = memberships::end(native.kafka.port(), group).await;
            let members = ended.map_err(StackError::io(format!("end the memberships of {group}")))?;
            if members > 0 {
                tracing::info!(group, members, "ended memberships of a process that was killed");
            }
        }
        Ok(())
    }

    /// Makes a database on this server, unless it is there already, and returns its address.
    ///
    /// # Errors
    /// A name that would need quoting (a-z, 0-9 and _ are fine), or PostgreSQL's refusal.
    pub async fn create_database(&self, name: &str) -> Result<String, StackError> {
        database::create(&self.database_url, name).await?;
        Ok(database::with_name(&self.database_url, name))
    }

    /// Stops both servers cleanly, at the same time. Fresh data is removed.
    ///
    /// # Errors
    /// A process that refuses to die.
    pub async fn stop(self) -> Result<(), StackError> {
        let Some(native) = self.native else { return Ok(()) };
        let (kafka, postgres) = tokio::join!(native.kafka.stop(), native.postgres.stop());
        kafka.and(postgres)
    }
}
