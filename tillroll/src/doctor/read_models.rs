//! The read models: whether each checkpoint meets its record in the log, how far it is behind, and which orders are
//! stuck.

use super::Finding;
use crate::Failure;
use std::collections::BTreeMap;
use tillroll_kafka::{Offset, PartitionId, Topic};
use tillroll_log::{Node, StoredPosition};
use tillroll_postgres::{Pool, Row};

/// Records that a read model may be behind before somebody should look.
const FAR_BEHIND: i64 = 10_000;
const OTHER_LOG: &str = "the topic is another one than the rows were made of: if it is the right one, make the read \
    models again with `tillroll up --rebuild` or `serve all --rebuild`";

const THERE: &str =
    "SELECT to_regclass('projection.checkpoint') IS NOT NULL AND to_regclass('orders.order') IS NOT NULL";

const CHECKPOINTS: &str = "
    SELECT c.projection, c.topic, c.partition, c.position::text
    FROM projection.checkpoint AS c
    ORDER BY c.projection, c.topic, c.partition";

const STUCK: &str = "
    SELECT o.order_id::text
    FROM orders.order AS o
    WHERE o.status = 'stuck'
    ORDER BY o.placed_at, o.order_id";

/// A projection's place in a partition.
struct Checkpoint {
    projection: String,
    topic: Topic,
    partition: PartitionId,
    position: StoredPosition,
}

pub async fn look(pool: &Pool, node: Option<&Node>) -> Vec<Finding> {
    match findings(pool, node).await {
        Ok(findings) => findings,
        Err(why) => vec![Finding::unasked("checkpoints", &why, "look at PostgreSQL's log")],
    }
}

async fn findings(pool: &Pool, node: Option<&Node>) -> Result<Vec<Finding>, Failure> {
    let there = pool.row(THERE, &[]).await?.map(|row| row.try_get(0)).transpose()?;
    // What is missing was said of the migrations.
    if there != Some(true) {
        return Ok(Vec::new());
    }
    let mut findings = vec![stuck(pool).await?];
    let Some(node) = node else { return Ok(findings) };
    let rows = pool.rows(CHECKPOINTS, &[]).await?;
    let mut behind: BTreeMap<String, i64> = BTreeMap::new();
    for row in &rows {
        let checkpoint = checkpoint(row)?;
        match compared(node, &checkpoint).await {
            Ok(Ok(lag)) => *behind.entry(checkpoint.projection).or_default() += lag,
            Ok(Err(why)) => findings.push(Finding::problem("checkpoints", why, OTHER_LOG)),
            Err(why) => findings.push(Finding::unasked("checkpoints", &why, "tillroll topics check")),
        }
    }
    findings.extend(behind.into_iter().map(|(projection, lag)| lag_of(&projection, lag)));
    Ok(findings)
}

async fn stuck(pool: &Pool) -> Result<Finding, Failure> {
    let rows = pool.rows(STUCK, &[]).await?;
    let Some(oldest) = rows.first() else { return Ok(Finding::ok("sagas", "no order is stuck")) };
    let oldest: String = oldest.try_get(0)?;
    let detail = format!("{} orders are stuck, the oldest is {oldest}", rows.len());
    let mend = format!("tillroll saga list --stuck, then tillroll saga show {oldest} says what may be done");
    Ok(Finding::warn("sagas", detail, mend))
}

fn checkpoint(row: &Row) -> Result<Checkpoint, Failure> {
    Ok(Checkpoint {
        projection: row.try_get(0)?,
        topic: Topic::from(row.try_get::<_, &str>(1)?),
        partition: PartitionId(row.try_get(2)?),
        position: serde_json::from_str(row.try_get(3)?)?,
    })
}

/// How many records it is behind; or why it is not of this topic.
async fn compared(node: &Node, checkpoint: &Checkpoint) -> Result<Result<i64, String>, Failure> {
    let Checkpoint { projection, topic, partition, position } = checkpoint;
    let ends = node.admin().end_offsets(topic, &[*partition]).await?;
    let Offset(end) = ends.first().map(|(_, _, end)| *end).ok_or_else(|| format!("{topic}/{partition} has no end"))?;
    let lag = end - position.next.0;
    if lag < 0 {
        let why = format!("{projection} is at {topic}/{partition}@{}, beyond its end {end}", position.next);
        return Ok(Err(why));
    }
    if position.last.is_some() {
        let Some(record) = node.admin().read_at(topic, *partition, position.begin()).await? else {
            return Ok(Err(format!("{projection}: nothing stands at {topic}/{partition}@{}", position.begin())));
        };
        if let Err(mismatch) = position.meet(&record) {
            return Ok(Err(format!("{projection}, {topic}/{partition}: {mismatch}")));
        }
    }
    Ok(Ok(lag))
}

fn lag_of(projection: &str, lag: i64) -> Finding {
    let detail = format!("{projection} meets its records, {lag} behind");
    if lag > FAR_BEHIND {
        return Finding::warn(
            "checkpoints",
            detail,
            "look again: if it does not shrink, the log of the projectors says why",
        );
    }
    Finding::ok("checkpoints", detail)
}
