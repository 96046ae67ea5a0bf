//! `tillroll tail`: what happened, as every reader of the log sees it: through the arbiter, admitted records only.
//!
//! Up to the end that the topics had at the start the records of all partitions are shown in the order in which they
//! were recorded; what comes later (`--follow`) as it comes.

mod admitted;
mod line;
mod merge;

use crate::Failure;
use crate::config::{Config, answers};
use admitted::{Admitted, Arrived};
use clap::Args;
use line::Form;
pub use line::{cut, moment};
use merge::Merge;
use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;
use tillroll_kafka::{Admin, Offset, PartitionId, Tail, Topic, partition_for};
use tillroll_log::AggregateTopics;
use tillroll_schemas::catalogue;
use tokio::sync::mpsc;

/// Batches that wait to be shown.
const WAITING: usize = 16;

#[derive(Args)]
pub struct TailArgs {
    /// An events topic (order.events.v1) or an aggregate's type (order); all of them if left out.
    topic: Option<String>,
    /// Only what happened to this aggregate.
    #[arg(long, value_name = "ID")]
    aggregate: Option<String>,
    /// From the first record on, which is the default.
    #[arg(long, conflicts_with = "from")]
    from_beginning: bool,
    /// From this offset on, in each partition.
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    from: i64,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// Goes on with what comes, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// Also settled records, marks and claims.
    #[arg(long)]
    all: bool,
}

pub async fn run(args: TailArgs, config: Config) -> Result<ExitCode, Failure> {
    let servers = config.bootstrap_servers()?;
    let kafka = config.kafka(&servers);
    let (admin, tail) = (Admin::new(&kafka)?, Tail::start(&kafka)?);
    answers(&admin, &servers).await?;
    let (send, received) = mpsc::channel(WAITING);
    let mut merge = Merge::default();
    let aggregate = args.aggregate.as_deref().map(key_of);
    for topics in topics(args.topic.as_deref())? {
        let topic = Topic::from(topics.events);
        let ends = ends(&admin, &topic, aggregate.as_deref()).await?;
        merge.expect(&topic, &ends);
        let partitions = ends.into_iter().map(|(partition, _)| partition).collect();
        tillroll_telemetry::spawn("reading", admitted::read(tail.clone(), topic, partitions, send.clone()));
    }
    drop(send);
    match show(&args, aggregate.as_deref(), merge, received).await {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Whoever read this has seen enough: `tillroll tail | head`.
        Err(error) if broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    }
}

/// The topics of this name; all of them without one.
fn topics(name: Option<&str>) -> Result<Vec<AggregateTopics>, Failure> {
    let Some(name) = name else { return Ok(catalogue::AGGREGATES.to_vec()) };
    let found = catalogue::AGGREGATES.into_iter().find(|topics| topics.events == name || topics.name == name);
    found.map(|topics| vec![topics]).ok_or_else(|| {
        let known: Vec<&str> = catalogue::AGGREGATES.iter().map(|topics| topics.events).collect();
        format!("there is no events topic `{name}`; there are {}", known.join(", ")).into()
    })
}

/// The id as it stands in the log: UUIDs are kept in lower case, SKUs in upper case.
pub fn key_of(id: &str) -> String {
    match id.parse::<uuid::Uuid>() {
        Ok(uuid) => uuid.to_string(),
        Err(_) => id.to_ascii_uppercase(),
    }
}

/// The partitions to read, with their ends now: all, or the one that the aggregate is in.
pub async fn ends(
    admin: &Admin,
    topic: &Topic,
    aggregate: Option<&str>,
) -> Result<Vec<(PartitionId, Offset)>, Failure> {
    let described = admin.describe_topics(std::slice::from_ref(topic)).await?;
    let Some(found) = described.into_iter().flatten().next() else {
        return Err(format!("topic {topic} is not there; mend: tillroll topics create").into());
    };
    let partitions: Vec<PartitionId> = match aggregate {
        Some(id) => vec![partition_for(id.as_bytes(), found.partitions)],
        None => (0..found.partitions).map(PartitionId).collect(),
    };
    let ends = admin.end_offsets(topic, &partitions).await?;
    Ok(ends.into_iter().map(|(partition, _, end)| (partition, end)).collect())
}

async fn show(
    args: &TailArgs,
    aggregate: Option<&str>,
    mut merge: Merge,
    mut received: mpsc::Receiver<Arrived>,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout());
    let form = if args.json { Form::Json } else { Form::Line };
    while args.follow || !merge.finished() {
        let Some(arrived) = received.recv().await else { break };
        merge.add(arrived?);
        while let Some(admitted) = merge.next() {
            if is_wanted(args, aggregate, &admitted) {
                form.write(&mut out, &admitted)?;
            }
        }
        if received.is_empty() {
            out.flush()?;
        }
    }
    Ok(out.flush()?)
}

fn is_wanted(args: &TailArgs, aggregate: Option<&str>, admitted: &Admitted) -> bool {
    let of_aggregate = aggregate.is_none_or(|id| admitted.key() == id);
    of_aggregate && (args.all || admitted.is_event()) && admitted.record.offset >= Offset(args.from)
}

fn broken_pipe(error: &Failure) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
