//! The topics as they are: where they end, and what kinds of records were added.

use crate::Outcome;
use std::collections::BTreeMap;
use tillroll_kafka::{Admin, Config, Offset, PartitionId, Topic};
use tillroll_schemas::catalogue;

/// Looks at topics.
pub struct Topics(Admin);

/// The end of every partition of every topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnds(BTreeMap<(String, i32), i64>);

impl LogEnds {
    /// How many records a topic has had.
    pub fn of(&self, topic: &str) -> i64 {
        self.0.iter().filter(|((name, _), _)| name == topic).map(|(_, end)| end).sum()
    }

    /// How many records one of its partitions has had.
    pub fn of_partition(&self, topic: &str, partition: i32) -> i64 {
        self.0.get(&(topic.to_owned(), partition)).copied().unwrap_or_default()
    }

    /// Every partition of every topic.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&(String, i32), &i64)> {
        self.0.iter()
    }

    /// Those of events topics only.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&(String, i32), i64)> {
        self.0.iter().filter(|((topic, _), _)| topic.ends_with(".events.v1")).map(|(place, end)| (place, *end))
    }
}

impl Topics {
    /// Topics of that broker.
    pub fn of(bootstrap_servers: &str) -> Outcome<Self> {
        Ok(Self(Admin::new(&Config::new(bootstrap_servers))?))
    }

    /// Where events, commands and dead letters end.
    pub async fn ends(&self) -> Outcome<LogEnds> {
        let of = |each: &tillroll_log::AggregateTopics| {
            [each.events.to_owned(), each.commands.to_owned(), each.dead_letters()]
        };
        let names: Vec<Topic> = catalogue::AGGREGATES.iter().flat_map(of).map(Topic::from).collect();
        let mut ends = BTreeMap::new();
        for topic in self.0.describe_topics(&names).await?.into_iter().flatten() {
            let partitions: Vec<PartitionId> = (0..topic.partitions).map(PartitionId).collect();
            for (partition, _, end) in self.0.end_offsets(&topic.name, &partitions).await? {
                ends.insert((topic.name.to_string(), partition.0), end.0);
            }
        }
        Ok(LogEnds(ends))
    }

    /// The records that were added between two looks, counted by topic and type; commands by their own types.
    pub async fn added(&self, before: &LogEnds, after: &LogEnds) -> Outcome<BTreeMap<(String, String), usize>> {
        let mut added = BTreeMap::new();
        for ((topic, partition), end) in &after.0 {
            let begin = before.0.get(&(topic.clone(), *partition)).copied().unwrap_or(0);
            for offset in begin..*end {
                let place = (Topic::from(topic.as_str()), PartitionId(*partition), Offset(offset));
                let record = self.0.read_at(&place.0, place.1, place.2).await?;
                let kind = record.and_then(|record| record.headers.get_str("ce_type").map(str::to_owned));
                *added.entry((topic.clone(), kind.unwrap_or_default())).or_default() += 1;
            }
        }
        Ok(added)
    }

    /// The bodies of all records that were added between two looks, each with its topic.
    pub async fn bodies(&self, before: &LogEnds, after: &LogEnds) -> Outcome<Vec<(String, String)>> {
        let mut bodies = Vec::new();
        for ((topic, partition), end) in &after.0 {
            let begin = before.0.get(&(topic.clone(), *partition)).copied().unwrap_or(0);
            for offset in begin..*end {
                let place = (Topic::from(topic.as_str()), PartitionId(*partition), Offset(offset));
                let value = self.0.read_at(&place.0, place.1, place.2).await?.and_then(|record| record.value.clone());
                bodies.push((topic.clone(), String::from_utf8_lossy(&value.unwrap_or_default()).into_owned()));
            }
        }
        Ok(bodies)
    }

    /// What was added but for marks and claims, which say nothing about anybody.
    pub async fn said(&self, before: &LogEnds, after: &LogEnds) -> Outcome<BTreeMap<(String, String), usize>> {
        let mut added = self.added(before, after).await?;
        added.retain(|(_, kind), _| !matches!(kind.as_str(), "log.mark.v1" | "log.claim.v1"));
        Ok(added)
    }
}
