//! Running roles in this process: listeners, topics, migrations, readiness, and an orderly end.

use crate::config::{Config, of_role};
use crate::roles::{Role, Shared, Started};
use crate::{Failure, topics};
use clap::Args;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tillroll_http::Limits;
use tillroll_log::{Announcer, Environment, Node, RunningRole, Served};
use tillroll_projectors::Projectors;
use tillroll_schemas::catalogue;
use tillroll_telemetry::Shutdown;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long Kafka may take to answer at the start of a role that owns partitions.
const KAFKA_WITHIN: Duration = Duration::from_secs(30);
/// How long the roles may take to serve all that they own; a long log takes its time.
const READY_WITHIN: Duration = Duration::from_secs(600);
/// Longer than any route of the gateway takes.
const DOOR_WITHIN: Duration = Duration::from_secs(60);
/// The producer's farewell to records that nobody waits for any more takes five seconds at most.
const CLOSED_WITHIN: Duration = Duration::from_secs(6);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Others learn it from the announcement.
const FREE_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[derive(Args)]
pub struct ServeArgs {
    /// all, or any of: catalog, inventory, orders, users, notifications, sandbox, payments, projectors, query-api, gateway.
    #[arg(required = true, value_name = "ROLE")]
    roles: Vec<String>,
    /// Delete all read models first and fold them anew from the log. Other projectors must not run meanwhile, and
    /// PostgreSQL must be there.
    #[arg(long)]
    rebuild: bool,
}

/// Where Kafka and PostgreSQL are.
pub struct Backends {
    /// `host:port[,host:port…]`
    pub bootstrap_servers: String,
    /// `postgres://user:password@host:port/database`; of no use to roles that do not read it.
    pub database_url: String,
    /// The vault's own database; of no use to roles that neither seal nor open.
    pub vault_url: String,
}

#[expect(clippy::print_stdout, reason = "the command's output")]
pub async fn run(args: ServeArgs, config: Config) -> Result<ExitCode, Failure> {
    tillroll_telemetry::init("tillroll", config.log_format, &config.log)?;
    let roles = Role::parse_all(&args.roles, &config)?;
    let database_url = match roles.iter().any(|role| role.reads_database()) {
        true => config.database_url()?,
        false => String::new(),
    };
    let vault_url = match roles.iter().any(|role| role.needs_vault()) {
        true => config.vault_url()?,
        false => String::new(),
    };
    let backends = Backends { bootstrap_servers: config.bootstrap_servers()?, database_url, vault_url };
    std::fs::create_dir_all(config.home.join("run"))?;
    let ready = config.run_file("ready");
    if roles.contains(&Role::Gateway) {
        let _ = std::fs::remove_file(&ready);
    }
    let mut serving = Serving::start(&config, &backends, &roles, args.rebuild).await?;
    if let Some(url) = serving.public_url() {
        std::fs::write(&ready, &url)?;
        println!("ready: {url}");
    } else {
        println!("ready");
    }
    serving.until_asked_to_stop().await;
    serving.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Roles that run in this process.
pub struct Serving {
    shutdown: Shutdown,
    door: Shutdown,
    listeners: Vec<JoinHandle<()>>,
    doors: Vec<JoinHandle<()>>,
    owners: Vec<RunningRole>,
    announcers: Vec<Announcer>,
    projectors: Option<Projectors>,
    public: Option<SocketAddr>,
    /// Ctrl-C and SIGTERM, from the moment at which all of it is ready: before that they end the process at once.
    asked_to_stop: Option<(Signal, Signal)>,
    /// Ends when the last Kafka client is closed.
    closed: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Serving {
    /// Starts the roles, the gateway last, and returns when all of them serve.
    pub async fn start(config: &Config, backends: &Backends, roles: &[Role], rebuild: bool) -> Result<Self, Failure> {
        let keys = config.keys()?;
        let owning: Vec<_> = roles.iter().filter(|role| role.owns()).map(|role| role.name()).collect();
        let mut settings = config.node(&backends.bootstrap_servers, Some(&keys), "");
        settings.state = (!owning.is_empty()).then(|| config.state(&owning));
        let node = Node::connect(settings)?;
        // The others wait for it by themselves: a door tells its clients, and reads are answered from what is folded.
        if roles.iter().any(|role| role.owns()) {
            node.admin().ping(KAFKA_WITHIN).await?;
            if config.environment == Environment::Development {
                let replication = topics::default_replication(&node).await?;
                node.create_topics(&catalogue::AGGREGATES, replication).await?;
            }
        }
        let (shutdown, door) = (Shutdown::new(), Shutdown::new());
        let vault = match roles.iter().any(|role| role.needs_vault()) {
            true => Some(crate::roles::vault(config, backends, &shutdown).await?),
            false => None,
        };
        if let Some(vault) = &vault {
            crate::vault::forget_the_erased(node.clone(), vault.clone(), shutdown.clone());
        }
        keys.follow_files(config.keys_dir(), shutdown.clone());
        let mut serving = Self {
            shutdown: shutdown.clone(),
            door,
            listeners: Vec::new(),
            doors: Vec::new(),
            owners: Vec::new(),
            announcers: Vec::new(),
            projectors: None,
            public: None,
            asked_to_stop: None,
            closed: Box::pin(node.closed()),
        };
        let database_url = backends.database_url.clone();
        let shared = Shared { config, node, keys, database_url, vault, shutdown, rebuild };
        let started = serving.start_roles(&shared, roles).await;
        // With it goes this function's part in the node: its clients are waited for at the end.
        drop(shared);
        match started {
            Ok(()) => {
                serving.asked_to_stop = Some((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?));
                Ok(serving)
            }
            Err(error) => {
                serving.stop().await;
                Err(error)
            }
        }
    }

    async fn start_roles(&mut self, shared: &Shared<'_>, roles: &[Role]) -> Result<(), Failure> {
        let mut urls = BTreeMap::new();
        for role in roles.iter().filter(|role| **role != Role::Gateway) {
            let address = shared.config.role_listen(role.name())?.unwrap_or(FREE_PORT);
            let listener = bind(address, role.name()).await?;
            let own_url = format!("http://{}", listener.local_addr()?);
            let url = shared.config.role_advertised_url(role.name())?.unwrap_or(own_url.clone());
            let Started { router, owner, projectors } = role.start(shared, url.clone(), &urls).await?;
            urls.insert(*role, own_url);
            let served = tillroll_http::serve(listener, router, Limits::internal(), self.shutdown.clone());
            self.listeners.push(tillroll_telemetry::spawn("internal listener", served));
            let serves = owner.as_ref().map_or_else(|| watch::channel(Served::new()).1, RunningRole::served);
            self.announcers.push(shared.node.at(url).announce(role.name(), serves));
            self.owners.extend(owner);
            self.projectors = self.projectors.take().or(projectors);
        }
        self.wait_until_ready().await?;
        self.announcers.iter().for_each(Announcer::ready);
        if roles.contains(&Role::Gateway) {
            let router = crate::roles::gateway(shared, &urls).await?;
            let listener = bind(shared.config.listen, "gateway").await?;
            let address = listener.local_addr()?;
            self.public = Some(address);
            let node = shared.node.at(format!("http://{address}"));
            let announcer = node.announce("gateway", watch::channel(Served::new()).1);
            announcer.ready();
            self.announcers.push(announcer);
            // The gateway keeps the times of its routes itself.
            let limits = Limits { request: DOOR_WITHIN, ..Limits::default() };
            let served = tillroll_http::serve(listener, router, limits, self.door.clone());
            self.doors.push(tillroll_telemetry::spawn("gateway", served));
        }
        Ok(())
    }

    async fn wait_until_ready(&self) -> Result<(), Failure> {
        let started = Instant::now();
        let mut said = started;
        while !self.owners.iter().all(RunningRole::ready) {
            if started.elapsed() > READY_WITHIN {
                let waiting: Vec<_> = self.owners.iter().filter(|role| !role.ready()).map(RunningRole::name).collect();
                return Err(format!("not ready in time: {}; the log says why", waiting.join(", ")).into());
            }
            if let Some(alarm) = self.owners.iter().find_map(RunningRole::alarm) {
                return Err(alarm.into());
            }
            if said.elapsed() > Duration::from_secs(5) {
                said = Instant::now();
                let waiting: Vec<_> = self.owners.iter().filter(|role| !role.ready()).map(RunningRole::name).collect();
                tracing::info!(roles = waiting.join(","), "waiting until all partitions are served");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Ends with Ctrl-C or SIGTERM.
    pub async fn until_asked_to_stop(&mut self) {
        if let Some((terminate, interrupt)) = &mut self.asked_to_stop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        tracing::info!("stopping");
    }

    /// Where the public door is, if it is in this process.
    pub fn public_url(&self) -> Option<String> {
        self.public.map(|address| format!("http://{address}"))
    }

    /// Closes the door, lets what is under way end, hands the partitions over, then stops everything behind it. The
    /// internal listeners stay open until then: what is asked here meanwhile goes on to whoever serves it next.
    pub async fn stop(self) {
        self.door.request();
        for door in self.doors {
            let _ = door.await;
        }
        self.announcers.iter().for_each(Announcer::leaving);
        let stopping: Vec<_> =
            self.owners.into_iter().map(|owner| tillroll_telemetry::spawn("stop", owner.stop())).collect();
        for stopped in stopping {
            let _ = stopped.await;
        }
        let farewells: Vec<_> =
            self.announcers.into_iter().map(|each| tillroll_telemetry::spawn("farewell", each.withdraw())).collect();
        for farewell in farewells {
            let _ = farewell.await;
        }
        self.shutdown.request();
        for listener in self.listeners {
            let _ = listener.await;
        }
        if let Some(projectors) = self.projectors {
            projectors.stopped().await;
        }
        // Whoever stops Kafka next must not hear from these that it is gone.
        if tokio::time::timeout(CLOSED_WITHIN, self.closed).await.is_err() {
            tracing::warn!("kafka clients are still open at the end");
        }
    }
}

async fn bind(address: SocketAddr, what: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let variable = match what {
            "gateway" => "TILLROLL_LISTEN".to_owned(),
            role => of_role(role, "LISTEN"),
        };
        format!("{what} cannot listen on {address}: {error}; {variable} says where").into()
    })
}
