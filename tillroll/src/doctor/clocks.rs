//! This machine's clock against the broker's and PostgreSQL's. Owners compare theirs with the broker's before they fire
//! a deadline.

use super::Finding;
use crate::Failure;
use std::time::{Duration, Instant};
use tillroll_kafka::{Offset, PartitionId, Topic};
use tillroll_log::{Node, now};

/// Where instances announce themselves, every two seconds, under the broker's time.
const SERVICES: &str = "services.v1";
const SAID_WITHIN: Duration = Duration::from_millis(2_500);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Beyond this owners fire no deadlines.
const TOO_FAR_MS: i64 = 5_000;
/// So that somebody looks before.
const FAR_MS: i64 = 1_000;
const SET_IT: &str = "set the clocks by NTP (timedatectl set-ntp true), on this machine and on the server";

pub async fn of_kafka(node: &Node) -> Finding {
    match newest(node).await {
        Ok(Some((recorded_at_ms, seen_at_ms, true))) => finding("Kafka", recorded_at_ms - seen_at_ms),
        Ok(Some((recorded_at_ms, seen_at_ms, false))) if recorded_at_ms > seen_at_ms => {
            finding("Kafka", recorded_at_ms - seen_at_ms)
        }
        Ok(_) => {
            Finding::ok("clocks", "nobody announces himself just now: Kafka's clock is not behind its last record")
        }
        Err(why) => Finding::unasked("clocks", &why, "tillroll topics create, if services.v1 is not there"),
    }
}

/// How far a server's clock is ahead of ours.
pub fn finding(server: &str, ahead_ms: i64) -> Finding {
    let detail = format!("{server}'s clock is {ahead_ms} ms ahead of this machine's");
    match ahead_ms.abs() {
        far if far > TOO_FAR_MS => Finding::problem("clocks", detail, SET_IT),
        far if far > FAR_MS => Finding::warn("clocks", detail, SET_IT),
        _ => Finding::ok("clocks", detail),
    }
}

/// The broker's time in the newest announcement, ours when it was seen, and whether it was stored in between. A record
/// that was there before only tells that the broker's clock had come so far.
async fn newest(node: &Node) -> Result<Option<(i64, i64, bool)>, Failure> {
    let before = end(node).await?;
    let began = Instant::now();
    let mut last = before;
    while last == before && began.elapsed() < SAID_WITHIN {
        tokio::time::sleep(LOOK_EVERY).await;
        last = end(node).await?;
    }
    let seen_at_ms = now().timestamp_millis();
    let Some(offset) = last.0.checked_sub(1).filter(|offset| *offset >= 0) else { return Ok(None) };
    let record = node.admin().read_at(&Topic::from(SERVICES), PartitionId(0), Offset(offset)).await?;
    Ok(record.map(|record| (record.recorded_at_ms, seen_at_ms, last > before)))
}

async fn end(node: &Node) -> Result<Offset, Failure> {
    let ends = node.admin().end_offsets(&Topic::from(SERVICES), &[PartitionId(0)]).await?;
    Ok(ends.first().map_or(Offset(0), |(_, _, end)| *end))
}
