//! Kafka: whether it answers, whether its topics are set up as they must be, what lies in the dead letters, and how many
//! commands have not ended.

use super::Finding;
use crate::Failure;
use crate::config::Config;
use crate::tail::ends;
use std::time::Duration;
use tillroll_kafka::{Offset, Topic};
use tillroll_log::{AggregateTopics, Node};
use tillroll_schemas::catalogue;

/// How long a broker may take to answer.
const WITHIN: Duration = Duration::from_secs(5);

/// What was found, and the way to Kafka if it answers.
pub async fn look(config: &Config) -> (Vec<Finding>, Option<Node>) {
    let node = match connect(config).await {
        Ok(node) => node,
        Err(why) => {
            let mend = "start it, or set KAFKA_BOOTSTRAP_SERVERS to where it is";
            return (vec![Finding::wrong("kafka", why.to_string(), mend)], None);
        }
    };
    let mut findings = vec![Finding::ok("kafka", "answers")];
    findings.extend(topics(&node).await);
    for aggregate in &catalogue::AGGREGATES {
        match dead_letters(&node, aggregate).await {
            Ok(finding) => findings.push(finding),
            Err(why) => findings.push(Finding::wrong("dead-letters", why.to_string(), "tillroll topics check")),
        }
    }
    (findings, Some(node))
}

async fn connect(config: &Config) -> Result<Node, Failure> {
    let node = Node::connect(config.node(&config.bootstrap_servers()?, None, ""))?;
    node.admin().ping(WITHIN).await?;
    Ok(node)
}

async fn topics(node: &Node) -> Vec<Finding> {
    match node.check_topics(&catalogue::AGGREGATES).await {
        Ok(findings) if findings.is_empty() => vec![Finding::ok("topics", "all are there, set up as they must be")],
        Ok(findings) => {
            let mend = "as it says; `tillroll topics check` looks again";
            findings.iter().map(|finding| Finding::wrong("topics", finding.to_string(), mend)).collect()
        }
        Err(why) => vec![Finding::wrong("topics", why.to_string(), "tillroll topics check")],
    }
}

async fn dead_letters(node: &Node, aggregate: &AggregateTopics) -> Result<Finding, Failure> {
    let topic = aggregate.dead_letters();
    let ends = ends(node.admin(), &Topic::from(topic.as_str()), None).await?;
    let letters: i64 = ends.iter().map(|(_, Offset(end))| end).sum();
    if letters == 0 {
        return Ok(Finding::ok("dead-letters", format!("none in {topic}")));
    }
    let mend = format!("look at each: scripts/kafka console-consumer --topic {topic} --from-beginning");
    Ok(Finding::warning("dead-letters", format!("{letters} in {topic}"), mend))
}
