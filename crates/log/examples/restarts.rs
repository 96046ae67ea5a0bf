//! What a local store costs and gives, on a broker of its own: commands a second of 64 clients, the time until an owner
//! of so many jars serves, and its memory, with and without. Each row is a process of its own.
//! `cargo run --release -p tillroll-log --example restarts -- 200000`

#[path = "../src/jar.rs"]
mod jar;

use jar::{Jar, JarCommand, Put};
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tillroll_devstack::{Data, Stack, StackConfig};
use tillroll_log::{
    Aggregate, CommandHash, CommandId, Commands, Environment, NoReactions, Node, NodeConfig, Request, StateConfig,
};
use uuid::Uuid;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const CLIENTS: u64 = 64;
const CACHE: usize = 10_000;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [count] => measure(count).await,
        [bootstrap, state, from, until] => process(bootstrap, state, from.parse()?, until.parse()?).await,
        _ => Err("usage: restarts EVENTS".into()),
    }
}

#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "the measurement's output, and where the jars are")]
async fn measure(count: &str) -> Outcome {
    let root = tempfile::tempdir()?;
    let lookup = |name: &str| std::env::var(name).ok();
    let stack = Stack::start(StackConfig::from_lookup(root.path(), Data::Fresh, lookup)?).await?;
    let (state, count) = (root.path().join("state"), count.parse::<u64>()?);
    let (kept, twice) = (state.to_string_lossy().into_owned(), count * 2);
    let rows = [
        ("no store, empty topic, new jars", "-", 0, count),
        ("no store, start", "-", 0, 0),
        ("empty store, start", &kept, 0, 0),
        ("store, start", &kept, 0, 0),
        ("store, start, new jars", &kept, count, twice),
        ("store, start", &kept, 0, 0),
        ("store, start, jars that are not in memory", &kept, 0, count / 4),
        ("no store, start, the same jars again", "-", 0, count / 4),
    ];
    for (what, state, from, until) in rows {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([stack.bootstrap_servers(), state, &from.to_string(), &until.to_string()]);
        let said = tokio::task::spawn_blocking(move || command.output()).await??;
        println!("{what}: {}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the measurement's output")]
async fn process(bootstrap: &str, state: &str, from: u64, until: u64) -> Outcome {
    let state = (state != "-").then(|| StateConfig { directory: PathBuf::from(state), cache: CACHE });
    let node = Node::connect(NodeConfig {
        kafka: tillroll_kafka::Config::new(bootstrap),
        hash_key: Arc::from(&b"a secret"[..]),
        instance: "restarts".into(),
        url: String::new(),
        build: "1".into(),
        partitions: 1,
        environment: Environment::Development,
        max_requests: 4_096,
        state,
    })?;
    node.create_topics(&[Jar::TOPICS], 1).await?;
    let begun = Instant::now();
    let mut role = node.role("jars");
    let jars = role.own::<Jar, NoReactions>();
    let running = role.start().await?;
    while !running.ready() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    print!("serves after {} ms, {} records read, {}", begun.elapsed().as_millis(), running.records_read(), memory()?);
    if from < until {
        let begun = Instant::now();
        let clients =
            (0..CLIENTS).map(|client| tillroll_telemetry::spawn("client", put(jars.clone(), client, from, until)));
        for client in clients.collect::<Vec<_>>() {
            client.await?;
        }
        let ms = begun.elapsed().as_millis().max(1) as u64;
        print!("; {} commands/s, {}", (until - from) * 1_000 / ms, memory()?);
        tokio::time::sleep(Duration::from_secs(3)).await;
        print!(", {} 3 s later", memory()?);
    }
    running.stop().await;
    println!();
    Ok(())
}

/// Puts a sweet into every jar of this client between the two numbers.
async fn put(jars: Commands<Jar>, client: u64, from: u64, until: u64) {
    let run = Uuid::from_u128(u128::from(std::process::id()));
    for number in (from..until).filter(|number| number % CLIENTS == client) {
        // Spread over the jars, so that none comes near the one before.
        let key = format!("jar-{:08}", from + (number - from) * 7_919 % (until - from));
        let id = CommandId(Uuid::new_v5(&run, &number.to_be_bytes()));
        loop {
            let command = JarCommand::from(Put { sweets: 1, look_by: None });
            let hash = CommandHash::keyed(b"a secret", b"one");
            let (key, actor, correlation) = (key.as_str().into(), "example".into(), id.0);
            let request = Request { key, command, id, hash, expected: None, actor, correlation, traceparent: None };
            if jars.execute(request, Duration::from_secs(5)).await.is_ok() {
                break;
            }
        }
    }
}

fn memory() -> Outcome<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse()?;
    Ok(format!("{} MiB", kib / 1_024))
}
