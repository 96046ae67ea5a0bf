//! A broker for one test, a role that owns the jars on it, and short ways to ask.

use crate::jar::{Jar, JarCommand, Put};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tillroll_devstack::{Data, Stack, StackConfig};
use tillroll_kafka::Config;
use tillroll_log::{
    Aggregate, Answered, CommandHash, CommandId, Commands, Environment, ExecuteError, Node, NodeConfig, Reactions,
    Request, RunningRole, StateConfig,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

/// Nothing here takes nearly as long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One that measures has the processors to itself: beside it another's broker starts, which takes seconds of both.
const ALONE: u32 = 64;
static PLACES: Semaphore = Semaphore::const_new(ALONE as usize);

/// A broker to be mistreated.
pub struct Broker {
    pub stack: Stack,
    jars: PathBuf,
    _root: TempDir,
    _turn: SemaphorePermit<'static>,
}

impl Broker {
    pub async fn start() -> Self {
        Self::in_turn(1).await
    }

    /// For a test that measures.
    pub async fn alone() -> Self {
        Self::in_turn(ALONE).await
    }

    async fn in_turn(places: u32) -> Self {
        let turn = PLACES.acquire_many(places).await.unwrap();
        let root = tempfile::tempdir().unwrap();
        let mut config = StackConfig::from_lookup(root.path(), Data::Fresh, |name| std::env::var(name).ok()).unwrap();
        if std::env::var_os(tillroll_devstack::JARS_VARIABLE).is_none() {
            config.jars = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tillroll/kafka-libs");
        }
        let jars = config.jars.clone();
        Self { stack: Stack::start(config).await.unwrap(), jars, _root: root, _turn: turn }
    }

    pub fn config(&self) -> Config {
        Config::new(self.stack.bootstrap_servers())
    }

    /// A node whose topics are there, each with one partition; it keeps nothing.
    pub async fn node(&self, kafka: Config) -> Node {
        self.connect(kafka, "test", None).await
    }

    /// The same for an instance of this name.
    pub async fn instance(&self, kafka: Config, name: &str) -> Node {
        self.connect(kafka, name, None).await
    }

    /// The same with a local store.
    pub async fn node_keeping(&self, kafka: Config, state: Option<StateConfig>) -> Node {
        self.instance_keeping(kafka, "test", state).await
    }

    /// The same for an instance of this name.
    pub async fn instance_keeping(&self, kafka: Config, name: &str, state: Option<StateConfig>) -> Node {
        self.connect(kafka, name, state).await
    }

    async fn connect(&self, kafka: Config, name: &str, state: Option<StateConfig>) -> Node {
        let node = Node::connect(NodeConfig {
            kafka,
            hash_key: Arc::from(&b"a secret"[..]),
            instance: name.into(),
            url: format!("http://{name}"),
            build: "test".into(),
            partitions: 1,
            environment: Environment::Development,
            max_requests: 100,
            state,
        })
        .unwrap();
        node.create_topics(&[Jar::TOPICS], 1).await.unwrap();
        node
    }

    /// With Kafka's own tool: nothing in Tillroll deletes a topic.
    pub async fn delete_topic(&self, name: &str) {
        let class_path = format!("{}/*", self.jars.display());
        let mut tool = Command::new("java");
        tool.args(["-cp", &class_path, "org.apache.kafka.tools.TopicCommand"]);
        tool.args(["--bootstrap-server", self.stack.bootstrap_servers(), "--delete", "--topic", name]);
        let done = tokio::task::spawn_blocking(move || tool.output()).await.unwrap().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// A role that owns the jars, not yet ready.
pub async fn start<R: Reactions<Jar>>(node: &Node) -> (RunningRole, Commands<Jar>) {
    start_as::<R>(node, "jars").await
}

pub async fn start_as<R: Reactions<Jar>>(node: &Node, name: &'static str) -> (RunningRole, Commands<Jar>) {
    let mut role = node.role(name);
    let jars = role.own::<Jar, R>();
    (role.start().await.unwrap(), jars)
}

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "never: {what}");
}

pub fn put(sweets: u32) -> Put {
    Put { sweets, look_by: None }
}

pub type Outcome = Result<Answered<Jar>, ExecuteError<crate::jar::TooFew>>;

/// Asks for the command `id`; the same id, the same command.
pub async fn ask(jars: &Commands<Jar>, id: u128, command: impl Into<JarCommand>) -> Outcome {
    ask_within(jars, id, command, Duration::from_secs(5)).await
}

pub async fn ask_within(jars: &Commands<Jar>, id: u128, command: impl Into<JarCommand>, within: Duration) -> Outcome {
    let (id, command) = (CommandId(Uuid::from_u128(id)), command.into());
    let hash = CommandHash::keyed(b"a secret", format!("{command:?}").as_bytes());
    let (key, actor, correlation) = ("kitchen".into(), "test".into(), id.0);
    let request = Request { key, command, id, hash, expected: None, actor, correlation, traceparent: None };
    jars.execute(request, within).await
}

/// Repeats the command until it is answered, as a client does.
pub async fn insist(jars: &Commands<Jar>, id: u128, command: impl Into<JarCommand>) -> Answered<Jar> {
    let command = command.into();
    let insisting = async {
        loop {
            match ask(jars, id, command.clone()).await {
                Ok(answered) => return answered,
                Err(ExecuteError::Unavailable | ExecuteError::Elsewhere(_) | ExecuteError::LetGo(_)) => {
                    tokio::time::sleep(Duration::from_millis(20)).await
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, insisting).await.expect("no answer")
}
