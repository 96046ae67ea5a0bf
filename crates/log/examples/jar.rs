//! Another system on the same protocol: a jar of sweets (`src/jar.rs`) that is filled and emptied over a real Kafka.
//! `cargo run -p tillroll-log --example jar -- localhost:9092`; run it twice: the second run repeats the first one's
//! commands, and nothing happens twice.

#[path = "../src/jar.rs"]
mod jar;

use jar::{Jar, JarCommand, Put, Take};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tillroll_log::{Aggregate, CommandHash, CommandId, Environment, NoReactions, Node, NodeConfig, Request};
use uuid::Uuid;

fn request(id: u128, command: impl Into<JarCommand>) -> Request<JarCommand> {
    let (id, command) = (CommandId(Uuid::from_u128(id)), command.into());
    let hash = CommandHash::keyed(b"a secret", format!("{command:?}").as_bytes());
    let (key, actor, correlation) = ("kitchen".into(), "example".into(), id.0);
    Request { key, command, id, hash, expected: None, actor, correlation, traceparent: None }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the example's output")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let bootstrap = std::env::args().nth(1).ok_or("usage: jar HOST:PORT of a Kafka")?;
    let node = Node::connect(NodeConfig {
        kafka: tillroll_kafka::Config::new(bootstrap),
        hash_key: Arc::from(&b"a secret"[..]),
        instance: "jar-example".into(),
        url: String::new(),
        build: "1".into(),
        partitions: 1,
        environment: Environment::Development,
        max_requests: 100,
        state: None,
    })?;
    node.create_topics(&[Jar::TOPICS], 1).await?;
    let mut role = node.role("jars");
    let jars = role.own::<Jar, NoReactions>();
    let running = role.start().await?;
    while !running.ready() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (put, take) = (Put { sweets: 3, look_by: None }, Take { sweets: 2 });
    for (id, command) in [(1, JarCommand::from(put)), (2, take.clone().into()), (3, take.into())] {
        match jars.execute(request(id, command), Duration::from_secs(5)).await {
            Ok(done) => println!("{} sweets, version {}, repeat: {}", done.answer, done.version, done.repeat),
            Err(refused) => println!("{refused:?}"),
        }
    }
    running.stop().await;
    Ok(())
}
