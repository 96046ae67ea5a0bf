//! `tillroll aggregate show TYPE ID`: what happened to one aggregate, and what it is now, folded from the log alone.
//!
//! Only the aggregate's own partition is read, through the arbiter, up to the end that it has at the start.

mod kinds;
mod story;

use crate::Failure;
use crate::config::Config;
use crate::tail::{ends, key_of};
use clap::{Args, Subcommand};
use kinds::Kind;
use std::io::Write;
use std::process::ExitCode;
use story::Story;
use tillroll_kafka::{PartitionId, Topic};
use tillroll_log::record::Entry;
use tillroll_log::{Admitted, Node};

#[derive(Subcommand)]
pub enum AggregateCommand {
    /// Print the events of an aggregate and its state.
    Show(ShowArgs),
}

#[derive(Args)]
pub struct ShowArgs {
    /// product, stock-item, order, credit-note, cart, user, identity-claim, session, api-key, notification, preference,
    /// invoice-series or payment.
    #[arg(value_name = "TYPE")]
    kind: String,
    /// Its id: a SKU, a month as 2026-11 (invoice-series), a user's id (cart, preference), or its own.
    id: String,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: AggregateCommand, config: Config) -> Result<ExitCode, Failure> {
    let AggregateCommand::Show(args) = command;
    let kind = Kind::of(&args.kind)?;
    let id = key_of(&args.id);
    let node = config.connect().await?;
    let events = events(&node, kind, &id).await?;
    if events.is_empty() {
        let name = kind.name();
        if kind.is_named_by_uuid() && id.parse::<uuid::Uuid>().is_err() {
            return Err(format!("`{}` is no id: that is a UUID, as `tillroll tail {name}` prints it", args.id).into());
        }
        return Err(format!("there is no {name} {id}").into());
    }
    let story = Story { kind, id: &id, state: kind.fold(&id, &events)?, events: &events };
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", story.json()?)?
    } else {
        story.print(&mut out)?
    }
    Ok(ExitCode::SUCCESS)
}

/// The aggregate's events.
async fn events(node: &Node, kind: Kind, id: &str) -> Result<Vec<Admitted>, Failure> {
    let topic = kind.topics().events;
    let mut events = Vec::new();
    for (partition, end) in ends(node.admin(), &Topic::from(topic), Some(id)).await? {
        let mut reader = node.reader(topic, vec![(PartitionId(partition.0), None)]);
        let mut next = tillroll_kafka::Offset(0);
        while next < end {
            let batch = reader.next().await?;
            next = batch.position.next;
            let own = |admitted: &Admitted| matches!(&admitted.entry, Entry::Event(event) if *event.key == *id);
            events.extend(batch.records.into_iter().filter(own));
        }
    }
    Ok(events)
}
