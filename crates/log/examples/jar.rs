//! Another system on the same protocol: a jar of sweets that is filled and emptied over a real Kafka.
//! `cargo run -p tillroll-log --example jar -- localhost:9092`; run it twice: the second run repeats the first one's
//! commands, and nothing happens twice.

use serde::{Deserialize, Serialize};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tillroll_log::{
    Aggregate, AggregateTopics, CommandHash, CommandId, Environment, Key, NoReactions, Node, NodeConfig, Rejection,
    Request, Timestamp, bodies,
};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Put {
    n: u32,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Take {
    n: u32,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    n: u32,
}

bodies! { pub enum JarEvent { Put(Put) = "jar.put.v1", Taken(Taken) = "jar.taken.v1" } }
bodies! { pub enum JarCommand { Put(Put) = "jar.put", Take(Take) = "jar.take" } }

#[derive(Debug)]
struct TooFew(u32);

impl Rejection for TooFew {
    fn code(&self) -> &'static str {
        "too_few"
    }
    fn detail(&self) -> String {
        format!("{} are there", self.0)
    }
}

struct Jar;

impl Aggregate for Jar {
    const TOPICS: AggregateTopics = AggregateTopics::new("jar", "jar.events.v1", "jar.commands.v1");
    type State = u32;
    type Command = JarCommand;
    type Event = JarEvent;
    type Rejection = TooFew;
    type Answer = u32;

    fn decide(sweets: &u32, command: &JarCommand, _at: Timestamp) -> Result<Option<JarEvent>, TooFew> {
        match command {
            JarCommand::Put(put) => Ok(Some(put.clone().into())),
            JarCommand::Take(Take { n }) if n > sweets => Err(TooFew(*sweets)),
            JarCommand::Take(Take { n }) => Ok(Some(Taken { n: *n }.into())),
        }
    }
    fn evolve(sweets: u32, event: &JarEvent) -> u32 {
        match event {
            JarEvent::Put(Put { n }) => sweets + n,
            JarEvent::Taken(Taken { n }) => sweets - n,
        }
    }
    fn answer(_key: &Key, _event: Option<&JarEvent>, sweets: &u32) -> u32 {
        *sweets
    }
}

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
    })?;
    node.create_topics(&[Jar::TOPICS], 1).await?;
    let mut role = node.role("jars");
    let jars = role.own::<Jar, NoReactions>();
    let running = role.start().await?;
    while !running.ready() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for (id, command) in [(1, JarCommand::from(Put { n: 3 })), (2, Take { n: 2 }.into()), (3, Take { n: 2 }.into())] {
        match jars.execute(request(id, command), Duration::from_secs(5)).await {
            Ok(done) => println!("{} sweets, version {}, repeat: {}", done.answer, done.version, done.repeat),
            Err(refused) => println!("{refused:?}"),
        }
    }
    running.stop().await;
    Ok(())
}
