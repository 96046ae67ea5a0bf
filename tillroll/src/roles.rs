//! The roles: what each needs, starts and answers.

use crate::Failure;
use crate::config::Config;
use crate::health::{self, Check};
use axum::Router;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tillroll_gateway::routes::Upstream;
use tillroll_gateway::{Gateway, GatewayConfig, Urls};
use tillroll_http::Keys;
use tillroll_log::{AggregateTopics, Node, RunningRole, Services};
use tillroll_postgres::{Pool, Settings};
use tillroll_projectors::Projectors;
use tillroll_query_api::NodeEnds;
use tillroll_schemas::catalogue;
use tillroll_telemetry::Shutdown;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a start waits until the read models' tables are made.
const PREPARED_WITHIN: Duration = Duration::from_secs(5);

/// A part of the system that can run in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Catalog,
    Inventory,
    Orders,
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
    pub shutdown: Shutdown,
    /// Whether the read models are folded anew from the log.
    pub rebuild: bool,
}

/// A role that runs.
pub struct Started {
    pub router: Router,
    pub owner: Option<RunningRole>,
    pub projectors: Option<Projectors>,
}

impl Role {
    /// All of them, in the order in which they start.
    pub const ALL: [Self; 6] =
        [Self::Projectors, Self::QueryApi, Self::Catalog, Self::Inventory, Self::Orders, Self::Gateway];

    /// The consumer groups of the roles that own partitions, as `tillroll_log` calls them.
    pub const GROUPS: [&str; 3] = ["tillroll.catalog", "tillroll.inventory", "tillroll.orders"];

    pub fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Inventory => "inventory",
            Self::Orders => "orders",
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
            Self::Orders => &[catalogue::ORDER, catalogue::CREDIT_NOTE],
            Self::Projectors | Self::QueryApi | Self::Gateway => &[],
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

    /// The roles of these names; `all` means each.
    pub fn parse_all(names: &[String]) -> Result<Vec<Self>, Failure> {
        let mut roles = Vec::new();
        for name in names {
            match (name.as_str(), Self::ALL.iter().find(|role| role.name() == name)) {
                ("all", _) => roles.extend(Self::ALL),
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

    /// Starts the role, whose internal listener is at `url`. The gateway starts by [`gateway`].
    pub async fn start(self, shared: &Shared<'_>, url: String) -> Result<Started, Failure> {
        let Shared { node, keys, .. } = shared;
        let node = &node.at(url);
        match self {
            Self::Catalog => Ok(owning(node, tillroll_catalog::start(node, keys).await?)),
            Self::Inventory => Ok(owning(node, tillroll_inventory::start(node, keys).await?)),
            Self::Orders => Ok(owning(node, tillroll_orders::start(node, keys).await?)),
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
    let router =
        tillroll_query_api::start(pool.clone(), &shared.keys, NodeEnds::new(shared.node.clone()), &shared.shutdown);
    Ok(Started { router: router.merge(health::router(database_check(pool))), owner: None, projectors: None })
}

/// The public door to the roles of this process and of all others, wherever they announce themselves; a role whose
/// place is configured is asked there and nowhere else.
pub fn gateway(shared: &Shared<'_>, local: &BTreeMap<Role, String>) -> Result<Router, Failure> {
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
    Ok(Gateway::router(GatewayConfig { upstreams, keys: shared.keys.clone(), limits })?)
}

/// Where a role's instances are, as they announce themselves; the one of this process needs no announcement.
fn announced(node: &Node, role: &'static str, local: Option<String>) -> Urls {
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
