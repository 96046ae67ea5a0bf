//! The read model of stock made from a long topic, beside `COPY` of the same row versions into a stage and one merge.

use crate::Failure;
use crate::long_log::{Roll, entries};
use crate::measured::Measured;
use crate::report::{Section, Target};
use crate::shop::watch_stack;
use crate::tillroll::Tillroll;
use crate::usage::{Usage, Watch};
use bytes::Bytes;
use futures_util::SinkExt;
use std::fmt::Write;
use std::pin::pin;
use std::time::Duration;
use tillroll_postgres::{Connection, Settings, connect};
use tokio::time::{Instant, sleep};

/// Percent of the rate of copy and merge.
const AT_LEAST: u64 = 50;
const WITHIN: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Bytes that go to the server at once.
const CHUNK: usize = 64 * 1024;

const REACHED: &str = "
    SELECT COALESCE(SUM(next_offset), 0)::bigint FROM projection.checkpoint WHERE projection = 'stock'";
const PREPARE: &str = "
    CREATE TABLE bench_stock (LIKE inventory.stock INCLUDING ALL);
    CREATE TEMPORARY TABLE stage (LIKE inventory.stock)";
const COPY: &str = "COPY stage (sku, on_hand, reserved, committed, version, at_partition, at_offset) FROM STDIN";
const MERGE: &str = "
    INSERT INTO bench_stock AS s (sku, on_hand, reserved, committed, version, at_partition, at_offset)
    SELECT DISTINCT ON (sku) sku, on_hand, reserved, committed, version, at_partition, at_offset
    FROM stage ORDER BY sku, version DESC
    ON CONFLICT (sku) DO UPDATE SET
        on_hand = EXCLUDED.on_hand, reserved = EXCLUDED.reserved, committed = EXCLUDED.committed,
        version = EXCLUDED.version, at_partition = EXCLUDED.at_partition, at_offset = EXCLUDED.at_offset";

/// Makes the read models' tables, so that they are not part of what is timed.
pub async fn prepare(roll: &Roll) -> Result<(), Failure> {
    Ok(tillroll_projectors::prepare(&settings(roll)?).await?)
}

/// `records` were appended to the topic, and no projector has run since [`prepare`].
pub async fn projector_catch_up(roll: &Roll, records: u64) -> Result<Section, Failure> {
    let mut section = Section::new("projector-catch-up");
    let connection = connect(&settings(roll)?.statement_timeout(WITHIN)).await?;
    let servers = watch_stack(&roll.stack, Watch::default());
    let used = servers.read();
    let took = copy_and_merge(&connection, records).await?;
    let limit = Measured::whole(records, took);
    section.row("COPY into a stage + merge", None, limit, servers.read().since(&used));

    let (end, used) = (roll.length().await?, servers.read());
    let begun = Instant::now();
    let projectors =
        Tillroll::start(&roll.stack, &["projectors"], &[("TILLROLL_PROJECTORS_LISTEN", "127.0.0.1:0".to_owned())])?;
    until_reached(&connection, end).await?;
    let took = begun.elapsed();
    let watch = Watch::default().and("tillroll", projectors.pid);
    let mut costs = watch.read().since(&Usage::nothing(&watch));
    costs.extend(servers.read().since(&used));
    projectors.stop().await?;
    let projected = Measured::whole(records, took);
    section.row("read model of stock, from the topic", None, projected, costs);
    section.targets.push(Target::rate("projector, of the rate of copy and merge", &projected, &limit, AT_LEAST));
    section.remarks.push(format!("{records} row versions; the projector's {} ms hold its start", took.as_millis()));
    Ok(section)
}

async fn until_reached(connection: &Connection, end: i64) -> Result<(), Failure> {
    let deadline = Instant::now() + WITHIN;
    while connection.query_one(REACHED, &[]).await?.try_get::<_, i64>(0)? < end {
        if Instant::now() > deadline {
            return Err("the read model has not caught up in time".into());
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// The text is made before the clock starts.
async fn copy_and_merge(connection: &Connection, records: u64) -> Result<Duration, Failure> {
    let chunks = chunks(records)?;
    connection.batch_execute(PREPARE).await?;
    let begun = Instant::now();
    let mut stage = pin!(connection.copy_in::<_, Bytes>(COPY).await?);
    for chunk in chunks {
        stage.send(chunk).await?;
    }
    stage.finish().await?;
    connection.execute(MERGE, &[]).await?;
    let took = begun.elapsed();
    connection.batch_execute("DROP TABLE bench_stock, stage").await?;
    Ok(took)
}

/// The rows that the projection would write, one for each record, as lines of `COPY`.
fn chunks(records: u64) -> Result<Vec<Bytes>, Failure> {
    let (mut chunks, mut chunk) = (Vec::new(), String::new());
    for (offset, entry) in entries(records).enumerate() {
        let (on_hand, version, partition) = (entry.levels.on_hand, entry.version, entry.partition.0);
        writeln!(chunk, "{}\t{on_hand}\t0\t0\t{version}\t{partition}\t{offset}", entry.sku)?;
        if chunk.len() >= CHUNK {
            chunks.push(Bytes::from(std::mem::take(&mut chunk)));
        }
    }
    chunks.push(Bytes::from(chunk));
    Ok(chunks)
}

fn settings(roll: &Roll) -> Result<Settings, Failure> {
    Ok(Settings::parse(roll.stack.database_url(), "tillroll-bench")?)
}
