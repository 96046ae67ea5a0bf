//! What the tests share: configurations, a Kafka client (the console tools), a PostgreSQL client, a look at /proc.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tillroll_devstack::{Data, Stack, StackConfig};
use tokio_postgres::NoTls;

pub const TOPIC: &str = "order.events.v1";

#[expect(clippy::disallowed_methods, reason = "this test binary is its own main: the jars' place is read here, once")]
pub fn config(root: &Path, keep: Data) -> StackConfig {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tillroll");
    let from_environment = StackConfig::from_lookup(workspace, keep, |name| std::env::var(name).ok()).unwrap();
    // The environment says where the jars are; the ports are always free ones here.
    StackConfig { root: root.to_owned(), kafka_port: None, postgres_port: None, ..from_environment }
}

pub async fn start(root: &Path, keep: Data) -> Stack {
    Stack::start(config(root, keep)).await.unwrap_or_else(|error| panic!("{error}"))
}

pub fn tempdir() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("devstack-test-").tempdir().unwrap()
}

fn tool(class: &str, arguments: &[&str], input: &str) -> String {
    let jars = config(Path::new("."), Data::Fresh).jars;
    let mut child = Command::new("java")
        .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Dlog4j2.level=OFF", "-cp"])
        .arg(jars.join("*"))
        .arg(format!("org.apache.kafka.tools.{class}"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{class} {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

pub fn create_topic(stack: &Stack) {
    let server = stack.bootstrap_servers();
    let arguments = ["--bootstrap-server", server, "--create", "--topic", TOPIC, "--partitions", "1"];
    tool("TopicCommand", &arguments, "");
}

/// Asks the tool for topics, with the stack's address.
pub fn topics(stack: &Stack, arguments: &[&str]) {
    tool("TopicCommand", &[&["--bootstrap-server", stack.bootstrap_servers()], arguments].concat(), "");
}

pub fn append(stack: &Stack, record: &str) {
    let server = stack.bootstrap_servers();
    let arguments = ["--bootstrap-server", server, "--topic", TOPIC, "--sync", "--request-required-acks", "all"];
    // A leader asks for the acknowledgement of one that was killed until the controllers have noticed, which may have to
    // elect one of them first: longer than the tool's three attempts of 1.5 s, on a busy machine.
    let patient = ["--message-send-max-retries", "30"];
    tool("ConsoleProducer", &[&arguments[..], &patient].concat(), &format!("{record}\n"));
}

/// The first `count` records of the topic.
pub fn read(stack: &Stack, count: usize) -> Vec<String> {
    let (server, count) = (stack.bootstrap_servers(), count.to_string());
    let topic = ["--bootstrap-server", server, "--topic", TOPIC, "--from-beginning"];
    let limits = ["--max-messages", count.as_str(), "--timeout-ms", "20000"];
    let output = tool("consumer.ConsoleConsumer", &[topic.as_slice(), limits.as_slice()].concat(), "");
    output.lines().map(str::to_owned).collect()
}

/// Runs a statement and returns the first column of its rows.
pub async fn sql(url: &str, statement: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let asking = async move { client.simple_query(statement).await };
    let (answer, _closed) = tokio::join!(asking, connection);
    let rows = answer?.into_iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(rows.collect())
}

/// The processes that work somewhere below `root`: every server does, and PostgreSQL's children too.
pub fn working_below(root: &Path) -> Vec<(i32, PathBuf)> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| Some((pid, std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?)))
        .filter(|(_, cwd)| cwd.starts_with(&root))
        .collect()
}

pub async fn nothing_is_left_below(root: &Path) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let left = working_below(root);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still running: {left:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
