//! Bringing an owner up: what it has to know before it reads. What has to hold before it claims is in `guard`.

use super::keeping::Keeping;
use super::{CommandsFrom, Control, Gauge, Partition};
use crate::fold::Fold;
use crate::owner::{Owner, OwnerConfig};
use crate::runtime::commands::ToOwner;
use crate::runtime::node::{Node, StartError};
use crate::runtime::outbox::Outbox;
use crate::runtime::services::Place;
use crate::runtime::topics::MAX_RECORD_BYTES;
use crate::{Aggregate, Offset, PartitionId, Reactions, StoredPosition, Topic, TopicId};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tillroll_kafka::{Group, PartitionRecords};
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

/// Brings the owner up; nothing if the partition was let go before Kafka could say what it takes.
pub(super) async fn start<A: Aggregate, R: Reactions<A>>(
    node: Node,
    group: Group,
    partition: PartitionId,
    (to_control, mut control): ControlPair,
    requests: mpsc::Receiver<ToOwner<A>>,
    gauge: Arc<Gauge>,
    suspected: Option<String>,
) -> Option<Partition<A, R>> {
    let (topic, commands_topic): (Topic, Topic) = (A::TOPICS.events.into(), A::TOPICS.commands.into());
    let asking = ask(&node, &group, (&topic, &commands_topic), partition);
    let (facts, commands) = facts_or_let_go(asking, &mut control).await?;
    let config = config_of(&node, &topic, partition, &facts);
    let (keeping, fold, begin) = opened::<A>(&node, partition, &facts).await?;
    let owner = Owner::resuming(config, fold).on_suspicion_of(suspected);
    let subscription = node.tail().subscribe(topic.clone(), vec![(partition, begin)]);
    Some(Partition {
        node,
        group,
        topic,
        commands_topic,
        partition,
        owner,
        outbox: Outbox::starting_at(facts.reacted),
        doing: None,
        unsent: VecDeque::new(),
        subscription,
        keeping,
        end: facts.end,
        requests,
        commands: commands.map_or(CommandsFrom::Nowhere, CommandsFrom::Group),
        control,
        to_control,
        claims: 0,
        next_command: None,
        committing: false,
        serving: super::Counted::new(gauge.clone(), Place { topic: A::TOPICS.events, partition }),
        gauge,
        reactions: PhantomData,
    })
}

/// The local store is read from the disk: on a thread that may wait.
async fn opened<A: Aggregate>(
    node: &Node,
    partition: PartitionId,
    facts: &Facts,
) -> Option<(Keeping, Fold<A>, Offset)> {
    let (node, end, reacted) = (node.clone(), facts.end, facts.reacted.clone());
    let opening = tokio::task::spawn_blocking(move || Keeping::open::<A>(&node, partition, end, &reacted));
    // It ends without a result only with the runtime.
    opening.await.ok()
}

fn config_of(node: &Node, topic: &Topic, partition: PartitionId, facts: &Facts) -> OwnerConfig {
    OwnerConfig {
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
    }
}

/// The facts, and the commands if they were handed over meanwhile; nothing if the partition was let go first.
async fn facts_or_let_go(
    asking: impl Future<Output = Facts>,
    control: &mut mpsc::UnboundedReceiver<Control>,
) -> Option<(Facts, Option<PartitionRecords>)> {
    let mut commands = None;
    let mut asking = std::pin::pin!(asking);
    loop {
        tokio::select! {
            facts = &mut asking => return Some((facts, commands)),
            said = control.recv() => match said {
                Some(Control::Commands(records)) => commands = Some(records),
                Some(Control::Drain | Control::GiveAway) | None => return None,
                Some(_) => {}
            },
        }
    }
}

/// Asks until Kafka can say it.
async fn ask(node: &Node, group: &Group, (topic, commands_topic): (&Topic, &Topic), partition: PartitionId) -> Facts {
    loop {
        match facts(node, group, topic, commands_topic, partition).await {
            Ok(facts) => return facts,
            Err(error) => {
                tracing::warn!(kafka.topic = %topic, kafka.partition = partition.0, %error, "owner waits");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
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
