//! Kafka: whether it answers, whether its topics are set up as they must be, and what lies in the dead letters.

use super::Finding;
use crate::Failure;
use crate::config::Config;
use std::time::Duration;
use tillroll_kafka::{PartitionId, Topic};
use tillroll_log::{AggregateTopics, Node};
use tillroll_schemas::catalogue;

/// A hundred years, in minutes.
const KEPT_FOR_EVER: i64 = 100 * 365 * 24 * 60;
/// How long a broker may take to answer.
const WITHIN: Duration = Duration::from_secs(5);

/// What was found, and the way to Kafka if it answers.
pub async fn look(config: &Config) -> (Vec<Finding>, Option<Node>) {
    let servers = match config.bootstrap_servers() {
        Ok(servers) => servers,
        Err(why) => {
            let mend = "start `tillroll up` (scripts/up), or set KAFKA_BOOTSTRAP_SERVERS to where it is";
            return (vec![Finding::problem("kafka", why.to_string(), mend)], None);
        }
    };
    let (node, mut findings) = match connect(config, &servers).await {
        Ok((node, brokers)) => (node, vec![answers(&servers, brokers)]),
        Err(why) => {
            let detail = format!("no answer at {servers}: {}", crate::said(why.as_ref()));
            let mend = "start it (scripts/up starts its own), or set KAFKA_BOOTSTRAP_SERVERS to where it is";
            return (vec![Finding::problem("kafka", detail, mend)], None);
        }
    };
    findings.extend(topics(&node).await);
    findings.push(match replicas(&node).await {
        Ok(finding) => finding,
        Err(why) => Finding::unasked("replicas", &why, "look at the brokers' logs"),
    });
    findings.push(match commits(&node).await {
        Ok(finding) => finding,
        Err(why) => Finding::unasked("commits", &why, "look at the brokers' logs"),
    });
    for aggregate in &catalogue::AGGREGATES {
        match dead_letters(&node, aggregate).await {
            Ok(finding) => findings.push(finding),
            Err(why) => findings.push(Finding::unasked("dead-letters", &why, "tillroll topics check")),
        }
    }
    (findings, Some(node))
}

async fn connect(config: &Config, servers: &str) -> Result<(Node, usize), Failure> {
    let node = Node::connect(config.node(servers, None, ""))?;
    node.admin().ping(WITHIN).await?;
    let brokers = node.admin().brokers().await?;
    Ok((node, brokers))
}

fn answers(servers: &str, brokers: usize) -> Finding {
    let named = servers.split(',').count();
    let detail = format!("answers at {servers}, {brokers} of {named} named brokers are in the cluster");
    if brokers < named {
        return Finding::warn("kafka", detail, "start the others; until then one more must not fail");
    }
    Finding::ok("kafka", format!("answers at {servers}, {brokers} in the cluster"))
}

async fn topics(node: &Node) -> Vec<Finding> {
    match node.check_topics(&catalogue::AGGREGATES).await {
        Ok(findings) if findings.is_empty() => vec![Finding::ok("topics", "all are there, set up as they must be")],
        Ok(findings) => {
            let finding = |found: tillroll_log::Finding| {
                Finding::problem("topics", format!("{}: {}", found.place, found.detail), found.mend)
            };
            findings.into_iter().map(finding).collect()
        }
        Err(why) => vec![Finding::unasked("topics", &why.into(), "tillroll topics check")],
    }
}

/// Whether every replica has all of its partition.
async fn replicas(node: &Node) -> Result<Finding, Failure> {
    let of = |topics: &AggregateTopics| [topics.events.into(), topics.commands.into(), topics.dead_letters().into()];
    let names: Vec<Topic> = catalogue::AGGREGATES.iter().flat_map(of).collect();
    let described: Vec<_> = node.admin().describe_topics(&names).await?.into_iter().flatten().collect();
    let behind: Vec<&str> =
        described.iter().filter(|topic| topic.in_sync < topic.replication).map(|topic| &*topic.name).collect();
    if behind.is_empty() {
        let least = described.iter().map(|topic| topic.replication).min().unwrap_or(0);
        return Ok(Finding::ok("replicas", format!("{least} of each partition, all in sync")));
    }
    let mend = "start the broker that is away; scripts/kafka topics --describe --under-replicated-partitions";
    Ok(Finding::warn("replicas", format!("not all are in sync of {}", behind.join(", ")), mend))
}

/// Whether the brokers forget how far a reactor is whose partition rests.
async fn commits(node: &Node) -> Result<Finding, Failure> {
    let brokers = node.admin().broker_configs().await?;
    let minutes =
        brokers.values().filter_map(|settings| settings.get("offsets.retention.minutes")?.parse::<i64>().ok());
    Ok(match minutes.min().unwrap_or(i64::MAX) {
        KEPT_FOR_EVER.. => Finding::ok("commits", "are kept for ever".to_owned()),
        minutes => {
            let detail = format!(
                "offsets.retention.minutes is {minutes}: a reactor whose partition rests for so long begins again at its \
                 beginning; nothing happens twice, but it takes its time"
            );
            Finding::warn(
                "commits",
                detail,
                "set offsets.retention.minutes=2147483647 in the properties of every broker",
            )
        }
    })
}

async fn dead_letters(node: &Node, aggregate: &AggregateTopics) -> Result<Finding, Failure> {
    let topic = Topic::from(aggregate.dead_letters());
    let partitions: Vec<_> = (0..node.partitions(&topic).await?).map(PartitionId).collect();
    let ends = node.admin().end_offsets(&topic, &partitions).await?;
    let letters: i64 = ends.iter().map(|(_, begin, end)| end.0 - begin.0).sum();
    if letters == 0 {
        return Ok(Finding::ok("dead-letters", format!("none in {topic}")));
    }
    let mend = format!("look at each: scripts/kafka console-consumer --topic {topic} --from-beginning");
    Ok(Finding::warn("dead-letters", format!("{letters} in {topic}"), mend))
}
