//! Reading the announcements until nobody wants to know them. What Kafka cannot give is asked for again.

use super::directory::{Directory, Heard};
use super::{SILENT_AFTER, TOPIC};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tillroll_kafka::{Offset, PartitionId, ReadError, Tail};
use tokio::sync::watch;

/// How often silence is looked for.
const SWEEP: Duration = Duration::from_millis(SILENT_AFTER.as_millis() as u64 / 12);
/// Between attempts while the topic cannot be read.
const AGAIN: Duration = Duration::from_millis(500);

pub(super) async fn follow(tail: Tail, publish: watch::Sender<Directory>, moves: Arc<watch::Sender<u64>>) {
    let (mut heard, mut from) = (Heard::default(), Offset(0));
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        let mut subscription = tail.subscribe(TOPIC.into(), vec![(PartitionId(0), from)]);
        let failed = loop {
            tokio::select! {
                batch = subscription.next() => match batch {
                    Ok(batch) => {
                        batch.records.iter().for_each(|record| heard.record(record, Instant::now()));
                        heard.sweep(Instant::now());
                        from = batch.next;
                    }
                    Err(error) => break error,
                },
                _ = sweep.tick() => heard.sweep(Instant::now()),
                () = publish.closed() => return,
            }
            tell(&heard, &publish, &moves);
        };
        tracing::warn!(kafka.topic = TOPIC, error = %failed, "announcements cannot be read");
        from = match failed {
            // Made again, or cut short.
            ReadError::OffsetOutOfRange { beginning, .. } => beginning,
            ReadError::UnknownPartition { .. } => Offset(0),
            _ => from,
        };
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = publish.closed() => return,
        }
    }
}

fn tell(heard: &Heard, publish: &watch::Sender<Directory>, moves: &watch::Sender<u64>) {
    let Some(news) = heard.news(&publish.borrow()) else { return };
    publish.send_replace(news);
    moves.send_modify(|moves| *moves += 1);
}
