//! The read models: whether PostgreSQL answers, and whether each checkpoint meets its record in the log.

use super::Finding;
use crate::Failure;
use crate::config::Config;
use std::collections::BTreeMap;
use std::time::Duration;
use tillroll_kafka::{Offset, PartitionId, Topic};
use tillroll_log::{Node, StoredPosition};
use tillroll_postgres::{Pool, Row, Settings};

const WITHIN: Duration = Duration::from_secs(3);
/// Records that a read model may be behind before somebody should look.
const FAR_BEHIND: i64 = 10_000;
const OTHER_LOG: &str = "the topic is another one than the rows were made of: if it is the right one, make the read \
    models again with `tillroll up --rebuild` or `serve all --rebuild`";

const CHECKPOINTS: &str = "
    SELECT c.projection, c.topic, c.partition, c.position::text
    FROM projection.checkpoint AS c
    ORDER BY c.projection, c.topic, c.partition";

/// A projection's place in a partition.
struct Checkpoint {
    projection: String,
    topic: Topic,
    partition: PartitionId,
    position: StoredPosition,
}

pub async fn look(config: &Config, node: Option<&Node>) -> Vec<Finding> {
    let Ok(url) = config.database_url() else {
        let mend = "set DATABASE_URL to look at it";
        return vec![Finding::warning("postgres", "DATABASE_URL is not set: not looked at", mend)];
    };
    let (version, checkpoints) = match read(&url).await {
        Ok(read) => read,
        Err(why) => {
            let mend = "start it, or set DATABASE_URL to where it is; commands are served meanwhile";
            return vec![Finding::wrong("postgres", why.to_string(), mend)];
        }
    };
    let mut findings = vec![Finding::ok("postgres", format!("answers, version {version}"))];
    let Some(node) = node else { return findings };
    let mut behind: BTreeMap<String, i64> = BTreeMap::new();
    for checkpoint in &checkpoints {
        match compared(node, checkpoint).await {
            Ok(Ok(lag)) => *behind.entry(checkpoint.projection.clone()).or_default() += lag,
            Ok(Err(why)) => findings.push(Finding::wrong("checkpoints", why, OTHER_LOG)),
            Err(why) => findings.push(Finding::wrong("checkpoints", why.to_string(), "look at Kafka's log")),
        }
    }
    findings.extend(behind.into_iter().map(|(projection, lag)| lag_of(&projection, lag)));
    findings
}

async fn read(url: &str) -> Result<(String, Vec<Checkpoint>), Failure> {
    let settings = Settings::parse(url, "tillroll-doctor")?.pool_size(1).patience(WITHIN).read_only();
    let pool = Pool::new(&settings)?;
    let version = pool.row("SELECT current_setting('server_version')", &[]).await?;
    let version = version.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    let rows = pool.rows(CHECKPOINTS, &[]).await?;
    Ok((version, rows.iter().map(checkpoint).collect::<Result<_, _>>()?))
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
        return Finding::warning("checkpoints", detail, "look at the log of the projectors; it passes after a rebuild");
    }
    Finding::ok("checkpoints", detail)
}
