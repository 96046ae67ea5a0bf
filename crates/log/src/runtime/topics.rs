//! How topics must be set up, making them so, and finding out where they are not.

use super::node::{Environment, Node, StartError};
use super::services;
use crate::{AggregateTopics, PartitionId};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tillroll_kafka::{CreateTopicError, NewTopic};

/// 4 MiB: the greatest record, and what every topic allows.
pub(super) const MAX_RECORD_BYTES: usize = 4 * 1024 * 1024;
/// Commands are kept for 30 days or more: a new owner may have to read them again.
const COMMANDS_RETENTION_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How long a topic that was made may take until the broker answers for it.
const VISIBLE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What is wrong with a topic or the broker, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The topic, or `broker`.
    pub place: String,
    /// What is wrong.
    pub detail: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; mend: {}", self.place, self.detail, self.mend)
    }
}

/// How one topic must be set up.
#[derive(Clone, Debug)]
pub struct TopicPlan {
    /// Its name.
    pub name: String,
    /// How many partitions; none if any number will do.
    pub partitions: Option<i32>,
    /// Its settings.
    pub settings: Vec<(&'static str, String)>,
}

impl TopicPlan {
    /// The three topics of an aggregate: events, commands, dead letters.
    pub fn of(topics: &AggregateTopics, partitions: i32) -> [Self; 3] {
        let common = || {
            vec![
                ("cleanup.policy", "delete".to_owned()),
                ("message.timestamp.type", "LogAppendTime".to_owned()),
                ("max.message.bytes", MAX_RECORD_BYTES.to_string()),
                ("retention.bytes", "-1".to_owned()),
                ("unclean.leader.election.enable", "false".to_owned()),
            ]
        };
        let with_retention = |ms: i64| {
            let mut settings = common();
            settings.push(("retention.ms", ms.to_string()));
            settings
        };
        [
            Self { name: topics.events.into(), partitions: Some(partitions), settings: with_retention(-1) },
            Self {
                name: topics.commands.into(),
                partitions: Some(partitions),
                settings: with_retention(COMMANDS_RETENTION_MS),
            },
            Self { name: topics.dead_letters(), partitions: None, settings: with_retention(-1) },
        ]
    }

    /// The topic in which instances announce themselves: only the last word of each is wanted, and so it stays small.
    pub fn services() -> Self {
        let settings = [
            ("cleanup.policy", "compact"),
            ("message.timestamp.type", "LogAppendTime"),
            ("segment.ms", "600000"),
            ("delete.retention.ms", "600000"),
            ("min.cleanable.dirty.ratio", "0.1"),
        ];
        let settings = settings.map(|(name, value)| (name, value.to_owned())).into();
        Self { name: services::TOPIC.to_owned(), partitions: Some(1), settings }
    }

    fn check(&self, partitions: i32, settings: &BTreeMap<String, String>) -> Vec<Finding> {
        let finding = |detail, mend| Finding { place: self.name.clone(), detail, mend };
        let mut findings = Vec::new();
        if let Some(wanted) = self.partitions.filter(|wanted| *wanted != partitions) {
            findings.push(match self.name == services::TOPIC {
                true => finding(
                    format!("has {partitions} partitions, must have 1"),
                    "delete it, nothing rests on it".to_owned(),
                ),
                false => finding(
                    format!("has {partitions} partitions, {wanted} are configured; the number never changes"),
                    format!("set TILLROLL_PARTITIONS={partitions}"),
                ),
            });
        }
        for (name, wanted) in &self.settings {
            let found = settings.get(*name).map_or("", String::as_str);
            if !holds(name, wanted, found) {
                findings.push(finding(
                    format!("{name} is {found:?}, must be {wanted}"),
                    format!(
                        "scripts/kafka configs --alter --entity-type topics --entity-name {} --add-config {name}={wanted}",
                        self.name
                    ),
                ));
            }
        }
        findings
    }
}

fn holds(name: &str, wanted: &str, found: &str) -> bool {
    let number = |text: &str| text.parse::<i64>().unwrap_or(i64::MIN);
    match name {
        "retention.ms" if wanted == "-1" => number(found) == -1,
        "retention.ms" => number(found) == -1 || number(found) >= number(wanted),
        "max.message.bytes" => number(found) >= number(wanted),
        // A matter of size only.
        "segment.ms" | "delete.retention.ms" | "min.cleanable.dirty.ratio" => true,
        _ => wanted == found,
    }
}

impl Node {
    /// The aggregates' topics, and the one in which instances announce themselves.
    fn plans(&self, aggregates: &[AggregateTopics]) -> Vec<TopicPlan> {
        let of = |topics| TopicPlan::of(topics, self.config().partitions);
        aggregates.iter().flat_map(of).chain([TopicPlan::services()]).collect()
    }

    /// Makes the topics of the aggregates, and the one of the announcements, that are not there, with so many replicas
    /// each. Of three or more two must be in sync. Topics that are there stay as they are.
    pub async fn create_topics(
        &self,
        aggregates: &[AggregateTopics],
        replication: i32,
    ) -> Result<Vec<String>, StartError> {
        let new: Vec<NewTopic> = self
            .plans(aggregates)
            .into_iter()
            .map(|plan| NewTopic {
                name: plan.name.as_str().into(),
                partitions: plan.partitions.unwrap_or(1),
                replication,
                config: settings_of(plan, replication),
            })
            .collect();
        let mut created = Vec::new();
        let results = self.admin().create_topics(&new).await.map_err(StartError::Kafka)?;
        for (topic, result) in results {
            match result {
                Ok(()) => created.push(topic.to_string()),
                Err(CreateTopicError::AlreadyExists) => {}
                Err(CreateTopicError::Other(error)) => return Err(StartError::Kafka(error)),
            }
        }
        self.wait_for_topics(&new).await?;
        Ok(created)
    }

    /// A broker answers for a new topic only once it has heard of it itself (KRaft metadata is eventual).
    async fn wait_for_topics(&self, new: &[NewTopic]) -> Result<(), StartError> {
        let deadline = tokio::time::Instant::now() + VISIBLE_WITHIN;
        let names: Vec<_> = new.iter().map(|topic| topic.name.clone()).collect();
        let described = self.admin().describe_topics(&names).await.map_err(StartError::Kafka)?;
        for (topic, description) in new.iter().zip(described) {
            // One that was there may have another number; whether it may is what `check_topics` says.
            let partitions = description.map_or(topic.partitions, |description| description.partitions);
            let partitions: Vec<_> = (0..partitions).map(PartitionId).collect();
            // Its ends can be had only when each partition has a leader.
            while let Err(error) = self.admin().end_offsets(&topic.name, &partitions).await {
                if tokio::time::Instant::now() >= deadline {
                    return Err(StartError::Kafka(error));
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    /// What is wrong with the topics of the aggregates, with that of the announcements and with the broker; nothing if
    /// all is well.
    pub async fn check_topics(&self, aggregates: &[AggregateTopics]) -> Result<Vec<Finding>, StartError> {
        let plans = self.plans(aggregates);
        let names: Vec<tillroll_kafka::Topic> = plans.iter().map(|plan| plan.name.as_str().into()).collect();
        let described = self.admin().describe_topics(&names).await.map_err(StartError::Kafka)?;
        let present: Vec<_> = plans.iter().zip(&names).zip(described).collect();
        let there: Vec<_> = present.iter().filter(|(_, d)| d.is_some()).map(|((_, name), _)| (*name).clone()).collect();
        let settings = match there.is_empty() {
            true => Vec::new(),
            false => self.admin().topic_configs(&there).await.map_err(StartError::Kafka)?,
        };
        let mut settings = settings.into_iter();
        let mut findings = Vec::new();
        for ((plan, _), description) in present {
            match description {
                None => findings.push(Finding {
                    place: plan.name.clone(),
                    detail: "is not there".into(),
                    mend: "tillroll topics create".into(),
                }),
                Some(description) => {
                    let settings = settings.next().flatten().unwrap_or_default();
                    findings.extend(plan.check(description.partitions, &settings));
                    let (environment, replication) = (self.config().environment, description.replication);
                    findings.extend(check_replication(&plan.name, environment, replication, &settings));
                }
            }
        }
        findings.extend(self.check_broker().await?);
        Ok(findings)
    }

    async fn check_broker(&self) -> Result<Option<Finding>, StartError> {
        let settings = self.admin().broker_configs().await.map_err(StartError::Kafka)?;
        Ok(check_brokers(&settings))
    }
}

/// The settings that a topic of so many replicas is made with. One of three may be away; were one enough to be in sync,
/// a record could be acknowledged that nobody else has.
fn settings_of(plan: TopicPlan, replication: i32) -> Vec<(String, String)> {
    let in_sync = (replication >= 3).then_some(("min.insync.replicas", "2".to_owned()));
    plan.settings.into_iter().chain(in_sync).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// In production one machine must be able to die.
fn check_replication(
    place: &str,
    environment: Environment,
    replication: i32,
    settings: &BTreeMap<String, String>,
) -> Option<Finding> {
    let in_sync = settings.get("min.insync.replicas").and_then(|text| text.parse().ok()).unwrap_or(1);
    let weak = replication < 3 || in_sync < 2;
    (environment == Environment::Production && weak).then(|| Finding {
        place: place.to_owned(),
        detail: format!(
            "has {replication} replicas, {in_sync} of them in sync at least; production needs 3 and 2: one machine \
             must be able to die"
        ),
        mend: "make it anew with three replicas and min.insync.replicas of 2, or set TILLROLL_ENVIRONMENT=development \
               to go without"
            .into(),
    })
}

/// A topic that a reader's typing mistake makes is no topic of the log.
fn check_brokers(brokers: &BTreeMap<i32, BTreeMap<String, String>>) -> Option<Finding> {
    let on = |settings: &BTreeMap<String, String>| {
        settings.get("auto.create.topics.enable").is_some_and(|value| value == "true")
    };
    brokers.values().any(on).then(|| Finding {
        place: "broker".into(),
        detail: "auto.create.topics.enable is on: a topic made by accident has the wrong settings".into(),
        mend: "set auto.create.topics.enable=false in the properties of every broker".into(),
    })
}

#[cfg(test)]
mod tests;
