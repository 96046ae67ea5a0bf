//! The roles: what each needs, starts and answers.

use crate::Failure;
use crate::config::{Config, ConfigError, Missing, PaymentProvider};
use crate::health::{self, Check};
use crate::payments::schedule::Schedule;
use crate::serve::Backends;
use axum::Router;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tillroll_gateway::routes::Upstream;
use tillroll_gateway::{Gateway, GatewayConfig, Revocations, Urls};
use tillroll_http::Keys;
use tillroll_log::{AggregateTopics, Node, RunningRole, Services};
use tillroll_payments::provider::guarded::{Circuit, Guarded};
use tillroll_payments::sandbox::Sandbox;
use tillroll_postgres::{Pool, Settings};
use tillroll_projectors::Projectors;
use tillroll_query_api::NodeEnds;
use tillroll_schemas::catalogue;
use tillroll_telemetry::Shutdown;
use tillroll_vault::Vault;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a start waits until the read models' tables are made.
const PREPARED_WITHIN: Duration = Duration::from_secs(5);

/// How long the door stays closed at most while it does not know yet who has logged out.
const KNOWN_WITHIN: Duration = Duration::from_secs(3);

/// How long until a vault that did not answer is asked again.
const VAULT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A part of the system that can run in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Catalog,
    Inventory,
    Orders,
    Users,
    Notifications,
    Sandbox,
    Payments,
    Projectors,
    QueryApi,
    Gateway,
}

/// What all roles of a process share.
pub struct Shared<'a> {
    pub config: &'a Config,
    pub node: Node,
    pub keys: Keys,
    pub database_url: String,
    /// Personal data's seals; none if no role here seals or opens.
    pub vault: Option<Vault>,
    pub shutdown: Shutdown,
    /// Whether the read models are folded anew from the log.
    pub rebuild: bool,
}

impl Shared<'_> {
    /// The vault, for a role that `needs_vault`.
    fn vault(&self) -> Result<&Vault, Failure> {
        self.vault.as_ref().ok_or_else(|| "a role asks for the vault and does not say that it needs it".into())
    }
}

/// The vault over that database, with its tables if the database is there. If it is not they are made once it is, and
/// whatever needs them fails meanwhile. A master key that is not the right one is refused.
pub async fn vault(config: &Config, backends: &Backends, shutdown: &Shutdown) -> Result<Vault, Failure> {
    // Roles that read no database are not told where it is, and their configuration may say it all the same.
    let settings = match backends.database_url.as_str() {
        "" => config.vault_settings(&backends.vault_url)?,
        read_models => config.vault_settings_beside(&backends.vault_url, read_models)?,
    };
    let vault = config.vault(&settings, Missing::Made)?;
    match timeout(PREPARED_WITHIN, crate::vault::prepare(&settings, &vault)).await {
        Ok(Ok(())) => return Ok(vault),
        Ok(Err(error)) if !error.is_unavailable() => return Err(error.into()),
        Ok(Err(_)) | Err(_) => tracing::warn!("the vault's database does not answer: it is made ready later"),
    }
    let (prepared, shutdown) = (vault.clone(), shutdown.clone());
    tillroll_telemetry::spawn("vault", async move {
        while !shutdown.is_requested() {
            match crate::vault::prepare(&settings, &prepared).await {
                Ok(()) => return tracing::info!("the vault is ready"),
                Err(error) if error.is_unavailable() => {}
                Err(error) => tracing::error!(%error, "the vault cannot be used"),
            }
            let _ = timeout(VAULT_AGAIN_AFTER, shutdown.requested()).await;
        }
    });
    Ok(vault)
}

/// A role that runs.
pub struct Started {
    pub router: Router,
    pub owner: Option<RunningRole>,
    pub projectors: Option<Projectors>,
}

impl Role {
    /// All of them, in the order in which they start.
    pub const ALL: [Self; 10] = [
        Self::Projectors,
        Self::QueryApi,
        Self::Catalog,
        Self::Inventory,
        Self::Orders,
        Self::Users,
        Self::Notifications,
        Self::Sandbox,
        Self::Payments,
        Self::Gateway,
    ];

    /// The consumer groups of the roles that own partitions, as `tillroll_log` calls them.
    pub const GROUPS: [&str; 6] = [
        "tillroll.catalog",
        "tillroll.inventory",
        "tillroll.orders",
        "tillroll.users",
        "tillroll.notifications",
        "tillroll.payments",
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Inventory => "inventory",
            Self::Orders => "orders",
            Self::Users => "users",
            Self::Notifications => "notifications",
            Self::Sandbox => "sandbox",
            Self::Payments => "payments",
            Self::Projectors => "projectors",
            Self::QueryApi => "query-api",
            Self::Gateway => "gateway",
        }
    }

    /// The aggregates whose partitions it owns.
    pub fn aggregates(self) -> &'static [AggregateTopics] {
        match self {
            Self::Catalog => &[catalogue::PRODUCT],
            Self::Inventory => &[catalogue::STOCK_ITEM],
            Self::Orders => &[catalogue::ORDER, catalogue::CREDIT_NOTE, catalogue::CART],
            Self::Users => &[catalogue::USER, catalogue::IDENTITY_CLAIM, catalogue::SESSION, catalogue::API_KEY],
            Self::Notifications => &[catalogue::NOTIFICATION, catalogue::PREFERENCE],
            Self::Payments => &[catalogue::PAYMENT, catalogue::INVOICE_SERIES],
            Self::Sandbox | Self::Projectors | Self::QueryApi | Self::Gateway => &[],
        }
    }

    /// Whether it owns partitions, and so cannot start without Kafka.
    pub fn owns(self) -> bool {
        !self.aggregates().is_empty()
    }

    /// Whether it writes or reads the read models.
    pub fn reads_database(self) -> bool {
        matches!(self, Self::Projectors | Self::QueryApi)
    }

    /// Whether it seals or opens personal data.
    pub fn needs_vault(self) -> bool {
        matches!(self, Self::Orders | Self::Users | Self::Notifications | Self::QueryApi)
    }

    /// Whether it is of use here: the sandbox is if it holds the money.
    fn is_wanted(self, config: &Config) -> Result<bool, ConfigError> {
        match self {
            Self::Sandbox => Ok(config.payment_provider()? == PaymentProvider::Sandbox),
            _ => Ok(true),
        }
    }

    /// Every role that is of use here.
    pub fn all(config: &Config) -> Result<Vec<Self>, ConfigError> {
        let mut roles = Vec::new();
        for role in Self::ALL {
            if role.is_wanted(config)? {
                roles.push(role);
            }
        }
        Ok(roles)
    }

    /// The roles of these names; `all` means each that is of use here.
    pub fn parse_all(names: &[String], config: &Config) -> Result<Vec<Self>, Failure> {
        let mut roles = Vec::new();
        for name in names {
            match (name.as_str(), Self::ALL.iter().find(|role| role.name() == name)) {
                ("all", _) => roles.extend(Self::all(config)?),
                (_, Some(role)) if !role.is_wanted(config)? => {
                    return Err(format!("`{name}` is of no use here: TILLROLL_PAYMENT_PROVIDER names another").into());
                }
                (_, Some(role)) => roles.push(*role),
                (_, None) => {
                    let known = Self::ALL.map(Self::name).join(", ");
                    return Err(format!("`{name}` is no role; roles are all, {known}").into());
                }
            }
        }
        roles.sort();
        roles.dedup();
        Ok(roles)
    }

    /// Starts the role, whose internal listener is at `url`; those that have started here are `local`. The gateway
    /// starts by [`gateway`].
    pub async fn start(
        self,
        shared: &Shared<'_>,
        url: String,
        local: &BTreeMap<Self, String>,
    ) -> Result<Started, Failure> {
        let Shared { node, keys, .. } = shared;
        let node = &node.at(url.clone());
        match self {
            Self::Catalog => Ok(owning(node, tillroll_catalog::start(node, keys).await?)),
            Self::Inventory => Ok(owning(node, tillroll_inventory::start(node, keys).await?)),
            Self::Orders => Ok(owning(node, tillroll_orders::start(node, keys, shared.vault()?.clone()).await?)),
            Self::Users => {
                let cost = shared.config.password_cost;
                Ok(owning(node, tillroll_users::start(node, keys, shared.vault()?.clone(), cost).await?))
            }
            Self::Notifications => notifications(shared, node).await,
            Self::Sandbox => sandbox(shared, &url),
            Self::Payments => payments(shared, node, local.get(&Self::Sandbox).cloned()).await,
            Self::Projectors => projectors(shared).await,
            Self::QueryApi => query_api(shared).await,
            Self::Gateway => Ok(Started { router: Router::new(), owner: None, projectors: None }),
        }
    }
}

fn owning(node: &Node, (router, owner): (Router, RunningRole)) -> Started {
    let serves = owner.watch();
    let node = node.clone();
    let check: Check = Arc::new(move || {
        let (serves, node) = (serves.clone(), node.clone());
        Box::pin(async move {
            let kafka = node.admin().ping(Duration::from_secs(1)).await.map_err(|_| "no answer".to_owned());
            let trouble = || serves.trouble().unwrap_or_else(|| "not all are served".to_owned());
            let partitions = if serves.ready() { Ok(()) } else { Err(trouble()) };
            vec![("kafka", kafka), ("partitions", partitions)]
        })
    });
    Started { router: router.merge(health::router(check)), owner: Some(owner), projectors: None }
}

/// `sandbox` is where one has started in this process.
async fn payments(shared: &Shared<'_>, node: &Node, sandbox: Option<String>) -> Result<Started, Failure> {
    let Shared { config, keys, shutdown, .. } = shared;
    let provider = config.payment_adapter(|| announced(node, "sandbox", sandbox))?;
    let (guarded, secrets) = (Guarded::new(provider.clone(), Circuit::default()), config.webhook_secrets(keys)?);
    let started = owning(node, tillroll_payments::start(node, keys, guarded, secrets).await?);
    let (Some(every), Some(owner)) = (config.reconcile_every()?, &started.owner) else { return Ok(started) };
    let metrics = Schedule { node: node.clone(), provider, every }.start(owner.served(), shutdown.clone());
    Ok(Started { router: started.router.merge(metrics), ..started })
}

async fn notifications(shared: &Shared<'_>, node: &Node) -> Result<Started, Failure> {
    let Shared { config, keys, shutdown, .. } = shared;
    let outside = crate::messages::outside(config, keys, shared.vault()?.clone(), shutdown).await?;
    Ok(owning(node, tillroll_notifications::start(node, keys, outside).await?))
}

/// The payment provider for development. It keeps its ledger beside the installation, as a real one would keep it
/// whatever becomes of the shop.
fn sandbox(shared: &Shared<'_>, url: &str) -> Result<Started, Failure> {
    let ledger = shared.config.sandbox_ledger();
    let sandbox = Sandbox::open(&ledger).map_err(|error| format!("{}: {error}", ledger.display()))?;
    let secret = shared.config.webhook_secrets(&shared.keys)?.swap_remove(0);
    sandbox.deliver(announced(&shared.node, "gateway", None), secret, &shared.shutdown);
    let check: Check = Arc::new(|| Box::pin(async { vec![("ledger", Ok(()))] }));
    Ok(Started { router: sandbox.router(url).merge(health::router(check)), owner: None, projectors: None })
}

fn database_check(pool: Pool) -> Check {
    Arc::new(move || {
        let pool = pool.clone();
        Box::pin(async move { vec![("postgres", pool.ping().await.map_err(|_| "no answer".to_owned()))] })
    })
}

async fn projectors(shared: &Shared<'_>) -> Result<Started, Failure> {
    let settings = Settings::parse(&shared.database_url, "tillroll-projectors")?;
    if shared.rebuild {
        tillroll_projectors::delete_read_models(&settings).await?;
    }
    prepare(&settings).await?;
    let projectors = Projectors::start(&settings, shared.node.clone(), &shared.shutdown);
    let troubles = projectors.troubles().clone();
    let pool = Pool::new(&settings.clone().pool_size(1))?;
    let check: Check = Arc::new(move || {
        let (troubles, pool) = (troubles.clone(), pool.clone());
        Box::pin(async move {
            let database = pool.ping().await.map_err(|_| "no answer".to_owned());
            let stopped = troubles.list();
            let reasons: Vec<String> = stopped.iter().map(|(place, reason)| format!("{place}: {reason}")).collect();
            let running = if reasons.is_empty() { Ok(()) } else { Err(reasons.join("; ")) };
            vec![("postgres", database), ("projections", running)]
        })
    });
    Ok(Started { router: health::router(check), owner: None, projectors: Some(projectors) })
}

/// The read models' tables, if the database is there. If it is not the projectors make them once it is, and commands
/// are served meanwhile. What would not pass by itself is refused.
async fn prepare(settings: &Settings) -> Result<(), Failure> {
    let problem = match timeout(PREPARED_WITHIN, tillroll_projectors::prepare(settings)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) if !error.is_unavailable() => return Err(error.into()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no end within {} s", PREPARED_WITHIN.as_secs()),
    };
    tracing::warn!(problem, "the read models are made ready later");
    Ok(())
}

async fn query_api(shared: &Shared<'_>) -> Result<Started, Failure> {
    let settings = Settings::parse(&shared.database_url, "tillroll-query-api")?.read_only();
    let pool = Pool::new(&settings)?;
    let (vault, ends) = (shared.vault.clone(), NodeEnds::new(shared.node.clone()));
    let term = shared.config.fiscal_term()?;
    let router = tillroll_query_api::start(pool.clone(), vault, term, &shared.keys, ends, &shared.shutdown);
    Ok(Started { router: router.merge(health::router(database_check(pool))), owner: None, projectors: None })
}

/// The public door to the roles of this process and of all others, wherever they announce themselves; a role whose
/// place is configured is asked there and nowhere else.
///
/// Returns once the door knows who has logged out, or after `KNOWN_WITHIN`: then log-ins get 503 until it does.
pub async fn gateway(shared: &Shared<'_>, local: &BTreeMap<Role, String>) -> Result<Router, Failure> {
    let mut upstreams = BTreeMap::new();
    for upstream in Upstream::ALL {
        let role = Role::ALL.into_iter().find(|role| role.name() == upstream.name());
        let urls = match shared.config.role_urls(upstream.name())? {
            Some(urls) => watch::channel(urls).1,
            None => announced(&shared.node, upstream.name(), role.and_then(|role| local.get(&role).cloned())),
        };
        upstreams.insert(upstream, urls);
    }
    let limits = Default::default();
    let revocations = Revocations::follow(shared.node.clone(), shared.shutdown.clone());
    revocations.known_within(KNOWN_WITHIN).await;
    let (keys, proxies) = (shared.keys.clone(), shared.config.trusted_proxies.clone());
    Ok(Gateway::router(GatewayConfig { upstreams, keys, revocations, proxies, limits })?)
}

/// Where a role's instances are, as they announce themselves; the one of this process needs no announcement.
pub fn announced(node: &Node, role: &'static str, local: Option<String>) -> Urls {
    let mut services = node.services().clone();
    let here = move |services: &Services| {
        let mut urls = services.urls(role);
        urls.extend(local.clone().filter(|url| !urls.contains(url)));
        urls
    };
    let (told, urls) = watch::channel(here(&services));
    tillroll_telemetry::spawn("instances", async move {
        loop {
            tokio::select! {
                () = services.changed() => drop(told.send_replace(here(&services))),
                () = told.closed() => return,
            }
        }
    });
    urls
}
