//! A long log of stock items, written as an owner writes it: claims, ordinals, commands that are ended, inboxes.

use crate::Failure;
use crate::shop::start_stack;
use bytes::Bytes;
use std::time::Duration;
use tillroll_devstack::Stack;
use tillroll_kafka::{Admin, Config, Producer, partition_for};
use tillroll_log::record::{Claim, Ended, Inbox, Origin, Place, Writer, event_id};
use tillroll_log::{
    Body, ClaimId, CommandHash, CommandId, Environment, Key, LogId, Node, NodeConfig, Offset, Ordinal, PartitionId,
    StoredPosition, Timestamp, TopicId, Version,
};
use tillroll_schemas::Quantity;
use tillroll_schemas::catalogue::{AGGREGATES, STOCK_ITEM};
use tillroll_schemas::stock_item::{Levels, Received, StockItemEvent};
use tokio::time::sleep;
use uuid::Uuid;

/// As many as a stack in development has.
pub const PARTITIONS: i32 = 4;
/// Events of each stock item.
pub const EVENTS_PER_SKU: u64 = 3;
/// Records of the producer under way.
const UNDER_WAY: usize = 20_000;

/// Servers with topics and a node of the bench's own.
pub struct Roll {
    pub stack: Stack,
    pub node: Node,
}

/// One record, before it is written.
pub struct Entry {
    pub sku: Key,
    pub partition: PartitionId,
    pub version: Version,
    pub levels: Levels,
}

impl Roll {
    /// Empty topics.
    pub async fn start() -> Result<Self, Failure> {
        let stack = start_stack().await?;
        let node = Node::connect(NodeConfig {
            kafka: Config::new(stack.bootstrap_servers()),
            hash_key: Bytes::from_static(b"bench").to_vec().into(),
            instance: "bench".to_owned(),
            url: "http://127.0.0.1:1".to_owned(),
            build: "bench".to_owned(),
            partitions: PARTITIONS,
            environment: Environment::Development,
            max_requests: 1,
            state: None,
        })?;
        node.create_topics(&AGGREGATES, 1).await?;
        Ok(Self { stack, node })
    }

    /// How many records of stock items there are, void ones and claims too.
    pub async fn length(&self) -> Result<i64, Failure> {
        length(self.node.admin()).await
    }

    /// Appends that many events, on top of the claims that are there.
    pub async fn append(&self, records: u64) -> Result<(), Failure> {
        let producer = Producer::start(&self.node.config().kafka)?;
        let topic = STOCK_ITEM.commands.into();
        let described = self.node.admin().describe_topics(&[topic]).await?.into_iter().next().flatten();
        let commands = TopicId(described.ok_or("no commands topic")?.topic_id);
        let now = tillroll_log::now();
        let mut pens = Vec::new();
        for (partition, position) in self.positions().await? {
            pens.push(Pen::claiming(partition, &position, commands, now, &producer)?);
        }
        for (number, entry) in entries(records).enumerate() {
            let pen = pens.get_mut(usize::try_from(entry.partition.0)?).ok_or("no such partition")?;
            pen.write(u64::try_from(number)?, &entry, &producer)?;
            while producer.in_flight() >= UNDER_WAY {
                sleep(Duration::from_millis(1)).await;
            }
        }
        match producer.flush(Duration::from_secs(60)).await {
            true => Ok(()),
            false => Err("the log was not written in time".into()),
        }
    }

    pub async fn stop(self) -> Result<(), Failure> {
        let closed = self.node.closed();
        drop(self.node);
        // The broker goes last: nobody must hear that it is gone.
        closed.await;
        Ok(self.stack.stop().await?)
    }

    /// Where each partition is, in the order of their numbers.
    async fn positions(&self) -> Result<Vec<(PartitionId, StoredPosition)>, Failure> {
        let ends = self.length().await?;
        let mut positions = vec![StoredPosition::default(); usize::try_from(PARTITIONS)?];
        let mut reader = self.node.reader(STOCK_ITEM.events, partitions().map(|partition| (partition, None)).collect());
        while positions.iter().map(|position| position.next.0).sum::<i64>() < ends {
            let batch = reader.next().await?;
            positions[usize::try_from(batch.partition.0)?] = batch.position;
        }
        Ok(partitions().zip(positions).collect())
    }
}

/// The partitions of a topic.
pub fn partitions() -> impl Iterator<Item = PartitionId> {
    (0..PARTITIONS).map(PartitionId)
}

/// The sum of the partitions' ends.
async fn length(admin: &Admin) -> Result<i64, Failure> {
    let partitions: Vec<_> = partitions().collect();
    let ends = admin.end_offsets(&STOCK_ITEM.events.into(), &partitions).await?;
    Ok(ends.into_iter().map(|(_, _, end)| end.0).sum())
}

/// The records in the order in which they are written: every stock item once, then every one again.
pub fn entries(records: u64) -> impl Iterator<Item = Entry> {
    let skus = (records / EVENTS_PER_SKU).max(1);
    (0..records).map(move |number| {
        let sku: Key = format!("LONG-{:07}", number % skus).into();
        let version = number / skus + 1;
        let levels = Levels { on_hand: version.cast_signed(), ..Levels::default() };
        Entry { partition: partition_for(sku.as_bytes(), PARTITIONS), sku, version: Version(version), levels }
    })
}

/// Writes one partition under a claim.
struct Pen {
    writer: Writer,
    claim: ClaimId,
    next: Ordinal,
    inbox: Inbox,
    at: Timestamp,
}

impl Pen {
    fn claiming(
        partition: PartitionId,
        position: &StoredPosition,
        commands: TopicId,
        at: Timestamp,
        producer: &Producer,
    ) -> Result<Self, Failure> {
        let writer = Writer::new(STOCK_ITEM.events.into(), partition, STOCK_ITEM.name);
        let previous = position.arbiter.claim;
        let before = previous.map_or_else(Uuid::nil, |claim| claim.0);
        let claim = ClaimId(Uuid::new_v5(&before, &partition.0.to_be_bytes()));
        let claiming = Claim {
            claim,
            previous,
            log: position.log.unwrap_or(LogId(Uuid::new_v5(&commands.0, &partition.0.to_be_bytes()))),
            instance: "bench".to_owned(),
            url: "http://127.0.0.1:1".to_owned(),
            build: "bench".to_owned(),
            partitions: PARTITIONS,
        };
        send(producer, writer.claim(&claiming, at)?)?;
        let inbox = Inbox { topic: commands, next: Offset(0) };
        Ok(Self { writer, claim, next: Ordinal(0), inbox, at })
    }

    fn write(&mut self, number: u64, entry: &Entry, producer: &Producer) -> Result<(), Failure> {
        let quantity = Quantity::try_from(1)?;
        let event = StockItemEvent::from(Received { quantity, note: None, levels: entry.levels });
        let command = CommandId(Uuid::new_v5(&self.claim.0, &number.to_be_bytes()));
        let hash = Some(CommandHash::keyed(b"bench", &number.to_be_bytes()));
        let place = Place {
            id: event_id(self.claim, self.next, self.at),
            occurred_at: self.at,
            claim: self.claim,
            ordinal: self.next,
            inbox: Some(self.inbox),
            ends: &[Ended { id: command, hash, source: None, floor: None }],
        };
        let origin = Origin { actor: Some("bench".into()), ..Origin::default() };
        let (name, body) = (event.type_name(), event.encode()?);
        self.next = self.next.next();
        send(producer, self.writer.event(&place, &origin, (&entry.sku, entry.version), name, body))
    }
}

fn send(producer: &Producer, record: tillroll_kafka::NewRecord) -> Result<(), Failure> {
    producer.send(record, Box::new(|_| ())).map_err(|refused| refused.error.into())
}
