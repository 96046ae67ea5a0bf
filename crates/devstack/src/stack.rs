//! Both servers together, or the addresses of somebody else's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::account::Account;
#[cfg(feature = "containers")]
use crate::contained::Contained;
use crate::home::Home;
use crate::kafka::Kafka;
use crate::postgres::Postgres;
use crate::server::{Kind, Server};
use crate::{Images, Mode, PartitionState, StackConfig, StackError, database, memberships, metadata_request, postgres};

/// What Kafka keeps about consumer groups.
const GROUPS_TOPIC: &str = "__consumer_offsets";
/// How long the last of three brokers may take to stop, which waits for controllers in vain.
const ALONE_WITHIN: Duration = Duration::from_secs(2);

/// A Kafka broker and a PostgreSQL that answer. Dropping it kills what it started; [`Stack::stop`] stops it cleanly.
#[derive(Debug)]
pub struct Stack {
    bootstrap_servers: String,
    database_url: String,
    servers: Servers,
}

/// Whose the servers are.
#[derive(Debug)]
enum Servers {
    Native(Box<Native>),
    #[cfg(feature = "containers")]
    Contained(Box<Contained>),
    External,
}

/// The order of the fields is the order of their end: the servers first, then the directories they work in.
#[derive(Debug)]
struct Native {
    kafka: Vec<Server>,
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
        let addresses: Vec<String> = kafka.iter().map(|broker| format!("127.0.0.1:{}", broker.port())).collect();
        let (bootstrap_servers, database_url) = (addresses.join(","), postgres.shop_url());
        let (kafka, postgres) = tokio::try_join!(start_all(kafka), Server::start(Kind::Postgres(postgres)))?;
        let duration_ms = began.elapsed().as_millis();
        tracing::info!(%duration_ms, kafka = bootstrap_servers, postgres.port = postgres.port(), "stack started");
        Ok(Self {
            bootstrap_servers,
            database_url,
            servers: Servers::Native(Box::new(Native { kafka, postgres, home })),
        })
    }

    /// Starts both servers, or takes the addresses of running ones.
    ///
    /// # Errors
    /// As [`Stack::start`]. An external stack is not asked whether it is there: its clients are the ones to say so.
    pub async fn from_mode(mode: Mode, config: StackConfig) -> Result<Self, StackError> {
        match mode {
            Mode::Native => Self::start(config).await,
            Mode::Containers(images) => Self::contain(&images, &config).await,
            Mode::External { bootstrap_servers, database_url } => {
                Ok(Self { bootstrap_servers, database_url, servers: Servers::External })
            }
        }
    }

    #[cfg(feature = "containers")]
    async fn contain(images: &Images, config: &StackConfig) -> Result<Self, StackError> {
        let began = Instant::now();
        let contained = Contained::start(images, config).await?;
        let bootstrap_servers = format!("127.0.0.1:{}", contained.kafka_port());
        let database_url = contained.shop_url()?;
        tracing::info!(duration_ms = %began.elapsed().as_millis(), kafka = bootstrap_servers, "containers started");
        Ok(Self { bootstrap_servers, database_url, servers: Servers::Contained(Box::new(contained)) })
    }

    #[cfg(not(feature = "containers"))]
    #[expect(clippy::unused_async, reason = "with containers it waits for them")]
    async fn contain(_images: &Images, _config: &StackConfig) -> Result<Self, StackError> {
        Err(StackError::NoContainers)
    }

    /// The processes, if they are of this stack.
    fn native(&self) -> Option<&Native> {
        match &self.servers {
            Servers::Native(native) => Some(native),
            #[cfg(feature = "containers")]
            Servers::Contained(_) => None,
            Servers::External => None,
        }
    }

    /// Where brokers listen that this stack has started.
    fn broker_ports(&self) -> Vec<u16> {
        match &self.servers {
            Servers::Native(native) => {
                native.kafka.iter().filter(|broker| broker.pid().is_some()).map(Server::port).collect()
            }
            #[cfg(feature = "containers")]
            Servers::Contained(contained) => vec![contained.kafka_port()],
            Servers::External => Vec::new(),
        }
    }

    /// `host:port` of the broker, of three all of them.
    #[must_use]
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    /// `postgres://tillroll:…@127.0.0.1:port/tillroll`. Holds a password: not for logs.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The broker's process, of three the first.
    ///
    /// # Errors
    /// The stack is external.
    pub fn kafka(&self) -> Result<&Server, StackError> {
        self.brokers()?.first().ok_or(StackError::External { server: "Kafka" })
    }

    /// Every broker's process; the first has `node.id` 1.
    ///
    /// # Errors
    /// The stack is external.
    pub fn brokers(&self) -> Result<&[Server], StackError> {
        self.native().map(|native| native.kafka.as_slice()).ok_or(StackError::External { server: "Kafka" })
    }

    /// Every partition with its leader and its replicas, as the first broker that runs sees it.
    ///
    /// # Errors
    /// The stack is external, no broker runs, or it does not answer.
    pub async fn partitions(&self) -> Result<Vec<PartitionState>, StackError> {
        let ports = self.broker_ports();
        let port = ports.first().ok_or(StackError::WrongState { server: "Kafka", state: "not running here" })?;
        metadata_request::partitions(*port).await.map_err(StackError::io("ask for all partitions"))
    }

    /// PostgreSQL's process.
    ///
    /// # Errors
    /// The stack is external.
    pub fn postgres(&self) -> Result<&Server, StackError> {
        self.native().map(|native| &native.postgres).ok_or(StackError::External { server: "PostgreSQL" })
    }

    /// Where the servers' logs are.
    #[must_use]
    pub fn logs(&self) -> Option<PathBuf> {
        match &self.servers {
            Servers::Native(native) => Some(native.home.logs()),
            #[cfg(feature = "containers")]
            Servers::Contained(contained) => Some(contained.home().logs()),
            Servers::External => None,
        }
    }

    /// Ends all memberships of these consumer groups. For a process that has just started this stack: whoever is still
    /// a member was killed, and the group would wait for him for a session time-out. A member that lives all the same
    /// joins again. Nothing happens to an external stack, or where no group was ever joined.
    ///
    /// # Errors
    /// The broker refuses or does not answer.
    pub async fn end_memberships(&self, groups: &[&str]) -> Result<(), StackError> {
        let ports = self.broker_ports();
        // Where no group was ever joined nobody coordinates any, and the broker would say for ever: not yet.
        if ports.is_empty() || !self.partitions().await?.iter().any(|each| each.topic == GROUPS_TOPIC) {
            return Ok(());
        }
        for group in groups {
            let ended = memberships::end(&ports, group).await;
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

    /// Makes a database on this server that a role of its own owns and no other role enters, superusers apart, unless
    /// it is there already, and returns its address. The role's password is kept with the data, as `<name>.password`.
    ///
    /// # Errors
    /// As [`Stack::create_database`]; an external stack keeps no passwords.
    pub async fn create_private_database(&self, name: &str) -> Result<String, StackError> {
        let home = match &self.servers {
            Servers::Native(native) => &native.home,
            #[cfg(feature = "containers")]
            Servers::Contained(contained) => contained.home(),
            Servers::External => return Err(StackError::External { server: "PostgreSQL" }),
        };
        let password = postgres::password(&home.data(&format!("{name}.password")))?;
        database::create_private(&self.database_url, name, &password).await?;
        Ok(database::with_role(&database::with_name(&self.database_url, name), name, &password))
    }

    /// Stops both servers cleanly, at the same time. Fresh data is removed.
    ///
    /// # Errors
    /// A process that refuses to die.
    pub async fn stop(self) -> Result<(), StackError> {
        let native = match self.servers {
            Servers::Native(native) => native,
            #[cfg(feature = "containers")]
            Servers::Contained(contained) => return contained.stop().await,
            Servers::External => return Ok(()),
        };
        let (kafka, postgres) = tokio::join!(stop_all(&native.kafka), native.postgres.stop());
        kafka.and(postgres)
    }
}

/// Three brokers are started at the same time: none is ready before two of them agree.
async fn start_all(kafka: Vec<Kafka>) -> Result<Vec<Server>, StackError> {
    let mut starting = JoinSet::new();
    for (nth, broker) in kafka.into_iter().enumerate() {
        starting.spawn(async move { (nth, Server::start(Kind::Kafka(broker)).await) });
    }
    let mut started = BTreeMap::new();
    for (nth, server) in starting.join_all().await {
        started.insert(nth, server?);
    }
    Ok(started.into_values().collect())
}

/// One after the other: whoever stops says good-bye to the controllers, of which two must be there. The last finds
/// none.
async fn stop_all(kafka: &[Server]) -> Result<(), StackError> {
    let Some((last, others)) = kafka.split_last() else { return Ok(()) };
    for broker in others {
        broker.stop().await?;
    }
    if others.is_empty() || last.stops_within(ALONE_WITHIN).await? { last.stop().await } else { last.kill().await }
}
