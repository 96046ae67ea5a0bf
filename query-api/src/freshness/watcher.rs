//! The two tasks behind the freshness.

use super::checkpoints::{Checkpoints, Ends, SELECT};
use super::{Reads, Shared};
use crate::EndOffsets;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tillroll_postgres::Pool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// Between two looks at the checkpoints while somebody waits for a token.
const HURRIED: Duration = Duration::from_millis(5);
/// Between two looks at the ends of the log, and at the checkpoints after them.
const CALM: Duration = Duration::from_millis(500);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tasks with their names.
pub(super) fn tasks(
    shared: Arc<Shared>,
    pool: Pool,
    ends: impl EndOffsets,
    ends_known: watch::Sender<Arc<Ends>>,
    ends_seen: watch::Receiver<Arc<Ends>>,
) -> [(&'static str, Work); 2] {
    [
        ("checkpoints", Box::pin(watch_checkpoints(shared, pool, ends_seen))),
        ("ends of the log", Box::pin(watch_ends(ends, ends_known))),
    ]
}

async fn watch_ends(ends: impl EndOffsets, known: watch::Sender<Arc<Ends>>) {
    let topics: BTreeSet<&str> = Reads::ALL.iter().flat_map(|reads| reads.sources()).map(|(_, topic)| *topic).collect();
    loop {
        let asked_at = Instant::now();
        let told = join_all(topics.iter().map(|topic| ends.end_offsets(topic))).await;
        let topics = topics.iter().zip(told).filter_map(|(topic, ends)| ends.map(|ends| (*topic, ends))).collect();
        known.send_replace(Arc::new(Ends { asked_at: Some(asked_at), topics }));
        sleep(CALM).await;
    }
}

async fn watch_checkpoints(shared: Arc<Shared>, pool: Pool, mut ends: watch::Receiver<Arc<Ends>>) {
    let mut next = Instant::now();
    loop {
        tokio::select! {
            () = sleep_until(next) => {}
            () = shared.hurry.notified() => {}
            // The other task may have ended first, when everything stops.
            Ok(()) = ends.changed() => {}
        }
        let ends = ends.borrow_and_update().clone();
        look(&shared, &pool, &ends).await;
        let pause = if shared.waiting.load(Ordering::SeqCst) > 0 { HURRIED } else { CALM };
        next = Instant::now() + pause;
    }
}

async fn look(shared: &Shared, pool: &Pool, ends: &Ends) {
    let (asked_at, before) = (Instant::now(), shared.known.borrow().clone());
    let outcome = pool.rows(SELECT, &[]).await;
    let now = match &outcome {
        Ok(rows) => Checkpoints::read(&before, asked_at, rows, ends).ok(),
        Err(_) => None,
    };
    match (&now, &outcome) {
        (None, Err(error)) if before.reachable || before.asked_at.is_none() => {
            tracing::warn!(?error, "read models cannot be reached");
        }
        (Some(_), _) if !before.reachable && before.asked_at.is_some() => tracing::info!("read models are back"),
        _ => {}
    }
    shared.known.send_replace(Arc::new(now.unwrap_or_else(|| before.unreachable(asked_at))));
}
