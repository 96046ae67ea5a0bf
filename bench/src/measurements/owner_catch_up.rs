//! A starting owner folds a long topic, beside a bare consumer that reads the same records.

use crate::Failure;
use crate::long_log::{Roll, partitions};
use crate::measured::Measured;
use crate::report::{Section, Target};
use crate::shop::watch_stack;
use crate::tillroll::Tillroll;
use crate::usage::{Usage, Watch};
use std::time::Duration;
use tillroll_kafka::{Offset, Tail};
use tillroll_schemas::catalogue::STOCK_ITEM;
use tokio::time::Instant;

/// Percent of the bare consumer's rate.
const AT_LEAST: u64 = 60;
/// The consumer group of the role.
const GROUP: &str = "tillroll.inventory";

/// `records` were appended to the topic; `empty` is how long the role takes to serve when there are none.
pub async fn owner_catch_up(roll: &Roll, records: u64, empty: Duration) -> Result<Section, Failure> {
    let mut section = Section::new("owner-catch-up");
    let before = watch_stack(&roll.stack, Watch::load());
    let used = before.read();
    let (read, took) = consume(roll).await?;
    let limit = Measured::whole(read, took);
    section.row("bare consumer", None, limit, before.read().since(&used));

    let begun = Instant::now();
    let owner = Tillroll::ready(&roll.stack, "inventory").await?;
    let took = begun.elapsed();
    let watch = Watch::default().and("tillroll", owner.pid);
    let costs = watch.read().since(&Usage::nothing(&watch));
    owner.stop().await?;
    let fold = Measured::whole(records, took.saturating_sub(empty));
    section.row("fold by a starting owner", None, fold, costs);
    section.targets.push(Target::rate("owner, of the bare consumer's rate", &fold, &limit, AT_LEAST));
    section.remarks.push(format!(
        "{records} records: serves after {} ms, of which {} ms are what a start without them takes",
        took.as_millis(),
        empty.as_millis()
    ));
    Ok(section)
}

/// How long the role takes from its start until it serves.
pub async fn start_takes(roll: &Roll) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let owner = Tillroll::ready(&roll.stack, "inventory").await?;
    let took = begun.elapsed();
    owner.stop().await?;
    // The next one must not wait for a member that is gone.
    roll.stack.end_memberships(&[GROUP]).await?;
    Ok(took)
}

/// Reads every record of the topic once and looks at none. The clock stops for nothing but the broker.
async fn consume(roll: &Roll) -> Result<(u64, Duration), Failure> {
    let end = roll.length().await?;
    let tail = Tail::start(&roll.node.config().kafka)?;
    let begun = Instant::now();
    let from = partitions().map(|partition| (partition, Offset(0))).collect();
    let mut subscription = tail.subscribe(STOCK_ITEM.events.into(), from);
    let mut read = 0;
    while subscription.positions().map(|(_, next)| next.0).sum::<i64>() < end {
        read += subscription.next().await?.records.len();
    }
    Ok((u64::try_from(read)?, begun.elapsed()))
}
