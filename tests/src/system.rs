//! A whole system of its own: Kafka, PostgreSQL, the binary, on free ports and fresh data.

use crate::http::Http;
use crate::log::Topics;
use crate::process::{Finished, Launch, Running, Tillroll, run_script};
use crate::proof::Roll;
use crate::rows::Rows;
use crate::wait::until;
use crate::{Outcome, paths};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tillroll_devstack::{Brokers, Data, PartitionState, Server, Stack, StackConfig};
use tokio::sync::{Mutex, MutexGuard};

/// Where the binary may listen: below the range of outgoing connections, so that none of these sits on its port while
/// it is down for a moment.
const PORTS: Range<u16> = 15_000..20_000;

/// As `tillroll up` calls it.
const VAULT_DATABASE: &str = "tillroll_vault";
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(60);

/// A running system. Clones share it; it is gone with the last one.
#[derive(Clone)]
pub struct System(Arc<Inner>);

struct Inner {
    /// Before the stack: it is dropped first.
    tillroll: Mutex<Tillroll>,
    stack: Stack,
    launch: Launch,
    url: String,
    vault_url: String,
    staff: String,
    home: TempDir,
}

impl System {
    /// Starts all of it.
    pub(crate) async fn start(brokers: Brokers) -> Outcome<Self> {
        Self::serving(brokers, &["serve", "all"]).await
    }

    /// The same whose server is told to serve that.
    pub(crate) async fn serving(brokers: Brokers, server: &'static [&'static str]) -> Outcome<Self> {
        Self::set_up(brokers, server, Vec::new()).await
    }

    /// The same with these settings besides.
    pub(crate) async fn set_up(
        brokers: Brokers,
        server: &'static [&'static str],
        settings: Vec<(&'static str, String)>,
    ) -> Outcome<Self> {
        let stack_config = StackConfig::from_lookup(paths::home(), Data::Fresh, paths::variable)?;
        let stack_config = StackConfig { brokers, kafka_port: None, postgres_port: None, ..stack_config };
        let home = tempfile::Builder::new().prefix("tillroll-e2e-").tempdir()?;
        let stack = Stack::start(stack_config).await?;
        let vault_url = stack.create_private_database(VAULT_DATABASE).await?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let own = vec![
            ("TILLROLL_STACK", "external".to_owned()),
            ("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrap_servers().to_owned()),
            ("DATABASE_URL", stack.database_url().to_owned()),
            ("TILLROLL_VAULT_URL", vault_url.clone()),
            ("TILLROLL_LISTEN", address.clone()),
            ("TILLROLL_LOG", paths::variable("TILLROLL_LOG").unwrap_or_else(|| "info".to_owned())),
        ];
        let settings = [own, settings].concat();
        let launch = Launch { home: home.path().to_owned(), server, settings };
        let tillroll = Mutex::new(Tillroll::start(launch.clone()).await?);
        let staff = mint(&launch, &["--role", "staff", "--ttl", "2h"]).await?;
        let url = format!("http://{address}");
        Ok(Self(Arc::new(Inner { tillroll, stack, launch, url, vault_url, staff, home })))
    }

    /// One more, beside that of the test.
    pub async fn another() -> Outcome<Self> {
        Self::start(Brokers::One).await
    }

    /// The public door, for staff.
    pub fn http(&self) -> Http {
        Http::new(&self.0.url, Some(&self.0.staff))
    }

    /// The server process.
    pub async fn tillroll(&self) -> MutexGuard<'_, Tillroll> {
        self.0.tillroll.lock().await
    }

    /// The broker's process.
    pub fn kafka(&self) -> Outcome<&Server> {
        Ok(self.0.stack.kafka()?)
    }

    /// The processes of all brokers.
    pub fn brokers(&self) -> Outcome<&[Server]> {
        Ok(self.0.stack.brokers()?)
    }

    /// Every partition with its leader and its replicas.
    pub async fn partitions(&self) -> Outcome<Vec<PartitionState>> {
        Ok(self.0.stack.partitions().await?)
    }

    /// PostgreSQL's process.
    pub fn postgres(&self) -> Outcome<&Server> {
        Ok(self.0.stack.postgres()?)
    }

    /// The topics, as Kafka has them.
    pub fn topics(&self) -> Outcome<Topics> {
        Topics::of(self.0.stack.bootstrap_servers())
    }

    /// Where Kafka is.
    pub fn bootstrap_servers(&self) -> &str {
        self.0.stack.bootstrap_servers()
    }

    /// The public door's root, for everybody.
    pub fn root(&self) -> Http {
        Http::at_root(&self.0.url)
    }

    /// The public door, for whoever this token says.
    pub fn http_of(&self, token: &str) -> Http {
        Http::new(&self.0.url, Some(token))
    }

    /// Every row of every read model.
    pub async fn rows(&self) -> Outcome<Rows> {
        Rows::read(self.0.stack.database_url()).await
    }

    /// Waits until every read model holds everything that is in the log now.
    pub async fn caught_up(&self) -> Outcome {
        let ends = self.topics()?.ends().await?;
        let url = self.0.stack.database_url();
        until("the read models have caught up", CAUGHT_UP_WITHIN, || async {
            Ok(Rows::caught_up(url, &ends).await?.then_some(()))
        })
        .await
    }

    /// Waits until nothing is under way any more, as the numbers of invoices are for which no client waits, and until
    /// the read models hold all of it: then rows and log stay what they are.
    pub async fn is_at_rest(&self, within: Duration) -> Outcome {
        until("nothing is under way", within, || async {
            let open = self.run(&["saga", "list", "--open", "--json"]).await?;
            Ok((open.code == Some(0) && open.out.is_empty()).then_some(()))
        })
        .await?;
        self.caught_up().await
    }

    /// Removes every read model.
    pub async fn delete_read_models(&self) -> Outcome<usize> {
        Rows::delete_all(self.0.stack.database_url()).await
    }

    /// Everything that is in the topics now.
    pub async fn roll(&self) -> Outcome<Roll> {
        Roll::read(self.0.stack.bootstrap_servers()).await
    }

    /// Where the database is.
    pub fn database_url(&self) -> &str {
        self.0.stack.database_url()
    }

    /// Where the vault's own database is.
    pub fn vault_url(&self) -> &str {
        &self.0.vault_url
    }

    /// Removes what owners keep locally; an error if they keep nothing.
    pub fn delete_local_state(&self) -> Outcome {
        Ok(std::fs::remove_dir_all(self.home().join("state"))?)
    }

    /// A directory of this system's own.
    pub fn home(&self) -> &Path {
        self.0.home.path()
    }

    /// Where this system's files are, all of them.
    pub fn directories(&self) -> Vec<PathBuf> {
        let stack = self.0.stack.logs().and_then(|logs| logs.parent().map(Path::to_owned));
        stack.into_iter().chain([self.home().to_owned()]).collect()
    }

    /// Runs a command of the binary, with this system's settings.
    pub async fn run(&self, arguments: &[&str]) -> Outcome<Finished> {
        self.0.launch.run(arguments).await
    }

    /// The same with these settings besides, or instead of its own.
    pub async fn run_with(&self, settings: &[(&'static str, String)], arguments: &[&str]) -> Outcome<Finished> {
        self.with(settings).run(arguments).await
    }

    /// Runs one of Kafka's own console tools, as `scripts/kafka` does.
    pub async fn console(&self, arguments: &[&str]) -> Outcome<Finished> {
        let broker = self.0.stack.bootstrap_servers().as_ref();
        let jars = paths::jars();
        let settings = [("KAFKA_BOOTSTRAP_SERVERS", broker), ("TILLROLL_KAFKA_LIBS", jars.as_os_str())];
        run_script(&paths::workspace().join("scripts/kafka"), arguments, &settings).await
    }

    /// Starts a command of the binary.
    pub fn begin(&self, arguments: &[&str]) -> Outcome<Running> {
        self.0.launch.begin(arguments)
    }

    /// Starts more of it, as `serve inventory`, and waits until that is ready. It logs beside the server.
    pub async fn serve(&self, arguments: &[&str]) -> Outcome<Running> {
        self.serve_with(&[], arguments).await
    }

    /// The same with these settings besides, or instead of its own.
    pub async fn serve_with(&self, settings: &[(&'static str, String)], arguments: &[&str]) -> Outcome<Running> {
        self.with(settings).serve(arguments, self.instance_log()?).await
    }

    /// The same, and does not wait: it may be meant to die before it is ready.
    pub fn begin_serving(&self, settings: &[(&'static str, String)], arguments: &[&str]) -> Outcome<Running> {
        self.with(settings).begin_serving(arguments, self.instance_log()?)
    }

    fn instance_log(&self) -> Outcome<std::fs::File> {
        static INSTANCES: AtomicU32 = AtomicU32::new(1);
        let nth = INSTANCES.fetch_add(1, Ordering::Relaxed);
        Ok(std::fs::File::create(self.home().join(format!("instance-{nth}.log")))?)
    }

    fn with(&self, settings: &[(&'static str, String)]) -> Launch {
        Launch { settings: [&self.0.launch.settings, settings].concat(), ..self.0.launch.clone() }
    }

    /// Imports a file and returns what the importer said; it must succeed.
    pub async fn import(&self, file: &Path) -> Outcome<String> {
        let file = file.to_string_lossy();
        let finished = self.run(&["import", "online-retail", &file]).await?;
        match finished.code {
            Some(0) => Ok(finished.out),
            _ => Err(format!("the import failed: {}{}", finished.out, finished.err).into()),
        }
    }

    /// A token of `tillroll token`.
    pub async fn mint(&self, arguments: &[&str]) -> Outcome<String> {
        mint(&self.0.launch, arguments).await
    }
}

/// A token of `tillroll token`.
pub(crate) async fn mint(launch: &Launch, arguments: &[&str]) -> Outcome<String> {
    let finished = launch.run(&[&["token"], arguments].concat()).await?;
    match finished.code {
        Some(0) => Ok(finished.out.trim().to_owned()),
        _ => Err(format!("no token: {}", finished.err).into()),
    }
}

/// A port that nobody listens on. Different processes begin at different places.
pub fn free_port() -> Outcome<u16> {
    free_port_of(PORTS)
}

/// The same of ports that nobody else takes, for who listens now and then.
pub fn free_port_of(ports: Range<u16>) -> Outcome<u16> {
    let span = u32::from(ports.end - ports.start);
    let begin = std::process::id().wrapping_mul(7919) % span;
    (0..span)
        .filter_map(|step| u16::try_from((begin + step) % span).ok())
        .map(|step| ports.start + step)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| "no free port".into())
}
