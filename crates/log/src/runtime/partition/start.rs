//! Bringing an owner up: what it has to know before it reads, and what has to hold before it claims.

use super::{Control, Gauge, Partition};
use crate::owner::{Owner, OwnerConfig};
use crate::record::Inbox;
use crate::runtime::commands::ToOwner;
use crate::runtime::node::{Node, StartError};
use crate::runtime::outbox::Outbox;
use crate::runtime::topics::MAX_RECORD_BYTES;
use crate::{Aggregate, Offset, PartitionId, Reactions, StoredPosition, Topic, TopicId};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tillroll_kafka::{Group, Record};
use tokio::sync::mpsc;

const RETRY: Duration = Duration::from_millis(500);
const MAX_IN_FLIGHT: usize = 2_048;

type ControlPair = (mpsc::UnboundedSender<Control>, mpsc::UnboundedReceiver<Control>);

struct Facts {
    commands_topic: TopicId,
    partitions: i32,
    end: Offset,
    reacted: StoredPosition,
}

/// Brings the owner up; nothing if the partition was revoked before Kafka could say what it takes.
pub(super) async fn start<A: Aggregate, R: Reactions<A>>(
    node: Node,
    group: Group,
    partition: PartitionId,
    (to_control, mut control): ControlPair,
    requests: mpsc::Receiver<ToOwner<A>>,
    gauge: Arc<Gauge>,
) -> Option<Partition<A, R>> {
    let (topic, commands_topic): (Topic, Topic) = (A::TOPICS.events.into(), A::TOPICS.commands.into());
    let mut commands = None;
    let facts = loop {
        let asking = async {
            let asked = facts(&node, &group, &topic, &commands_topic, partition).await;
            if let Err(error) = &asked {
                tracing::warn!(kafka.topic = %topic, kafka.partition = partition.0, %error, "owner waits");
                tokio::time::sleep(RETRY).await;
            }
            asked
        };
        tokio::select! {
            asked = asking => if let Ok(facts) = asked { break facts },
            said = control.recv() => match said {
                Some(Control::Commands(records)) => commands = Some(records),
                Some(Control::Revoke) | None => return None,
                Some(_) => {}
            },
        }
    };
    let owner = Owner::new(OwnerConfig {
        topic: topic.clone(),
        partition,
        partitions: facts.partitions,
        commands_topic: facts.commands_topic,
        instance: node.config().instance.clone(),
        url: node.config().url.clone(),
        build: node.config().build.clone(),
        max_requests: node.config().max_requests,
        max_in_flight: MAX_IN_FLIGHT,
        max_record_bytes: MAX_RECORD_BYTES - 1024,
    });
    let subscription = node.tail().subscribe(topic.clone(), vec![(partition, Offset(0))]);
    Some(Partition {
        node,
        group,
        topic,
        commands_topic,
        partition,
        owner,
        outbox: Outbox::starting_at(facts.reacted),
        unsent: VecDeque::new(),
        subscription,
        end: facts.end,
        requests,
        commands,
        control,
        to_control,
        claims: 0,
        reading_commands: false,
        committing: false,
        serving: false,
        gauge,
        reactions: PhantomData,
    })
}

async fn facts(
    node: &Node,
    group: &Group,
    topic: &Topic,
    commands_topic: &Topic,
    partition: PartitionId,
) -> Result<Facts, StartError> {
    let names = [topic.clone(), commands_topic.clone()];
    let described = node.admin().describe_topics(&names).await.map_err(StartError::Kafka)?;
    let [events, commands] = described.as_slice() else { return Err(StartError::NoTopic(topic.clone())) };
    let events = events.as_ref().ok_or_else(|| StartError::NoTopic(topic.clone()))?;
    let commands = commands.as_ref().ok_or_else(|| StartError::NoTopic(commands_topic.clone()))?;
    // The reactor's position first: it must not lie beyond the end that is read to.
    let committed = group.committed(vec![(topic.clone(), partition)]).await.map_err(StartError::Kafka)?;
    let ends = node.admin().end_offsets(topic, &[partition]).await.map_err(StartError::Kafka)?;
    let reacted = committed.into_iter().next().flatten();
    let reacted = reacted.and_then(|(_, metadata)| serde_json::from_str(&metadata).ok()).unwrap_or_default();
    let end = ends.first().map_or(Offset(0), |(_, _, end)| *end);
    Ok(Facts { commands_topic: TopicId(commands.topic_id), partitions: events.partitions, end, reacted })
}

impl<A: Aggregate, R: Reactions<A>> Partition<A, R> {
    /// The reactor's stored position must meet its record in this log.
    pub(super) fn check_reactor_meets(&mut self, record: &Record) {
        let start = self.outbox.start();
        if start.last.is_some_and(|last| last.offset == record.offset)
            && let Err(mismatch) = start.meet(record)
        {
            self.owner.fault(crate::owner::Alarm::Guard(mismatch.to_string()));
        }
    }

    /// What the owner must know hold before it may claim.
    pub(super) fn guard(&self) -> Guard {
        let fold = self.owner.fold();
        Guard {
            node: self.node.clone(),
            place: format!("{}/{}", self.topic, self.partition),
            commands_topic: self.commands_topic.clone(),
            partition: self.partition,
            reacted: self.outbox.start().next,
            read: fold.position.next,
            partitions: fold.claim.as_ref().map(|claim| claim.partitions),
            inbox: fold.inbox,
        }
    }
}

/// What has to hold before an owner may claim; what does not hold is named with its mending.
pub(super) struct Guard {
    node: Node,
    place: String,
    commands_topic: Topic,
    partition: PartitionId,
    reacted: Offset,
    read: Offset,
    partitions: Option<i32>,
    inbox: Option<Inbox>,
}

/// Why the owner may not claim.
pub(super) enum Unmet {
    /// Something is not as it must be: it stays so until a person mends it.
    Guard(String),
    /// Kafka could not say; it may soon.
    Unknown(tillroll_kafka::KafkaError),
}

impl Guard {
    pub(super) async fn check(self) -> Result<(), Unmet> {
        let Self { place, reacted, read, .. } = &self;
        if reacted > read {
            return Err(Unmet::Guard(format!(
                "{place}: the reactor had read to offset {reacted}, the topic ends at {read}: it was truncated or made \
                 again; restore it from its copy"
            )));
        }
        let partitions = self.node.config().partitions;
        if let Some(claimed) = self.partitions.filter(|claimed| *claimed != partitions) {
            return Err(Unmet::Guard(format!(
                "{place}: the last claim counts {claimed} partitions, {partitions} are configured: keys would move; set \
                 TILLROLL_PARTITIONS={claimed}"
            )));
        }
        match self.inbox {
            Some(inbox) => self.check_inbox(inbox).await,
            None => Ok(()),
        }
    }

    async fn check_inbox(&self, inbox: Inbox) -> Result<(), Unmet> {
        let Self { place, commands_topic: name, .. } = self;
        let admin = self.node.admin();
        let described = admin.describe_topics(std::slice::from_ref(name)).await.map_err(Unmet::Unknown)?;
        let id = described.into_iter().next().flatten().map(|topic| topic.topic_id);
        if id != Some(inbox.topic.0) {
            return Err(Unmet::Guard(format!(
                "{place}: its inbox is of topic {name} {}, but that topic has id {}: it was made again and commands may \
                 be lost; restore it from its copy",
                inbox.topic,
                id.unwrap_or_default()
            )));
        }
        let ends = admin.end_offsets(name, &[self.partition]).await.map_err(Unmet::Unknown)?;
        match ends.first() {
            Some((_, beginning, end)) if inbox.next < *beginning || inbox.next > *end => Err(Unmet::Guard(format!(
                "{place}: its inbox is at offset {} of {name}, which holds {beginning} to {end}: commands were lost",
                inbox.next
            ))),
            _ => Ok(()),
        }
    }
}
