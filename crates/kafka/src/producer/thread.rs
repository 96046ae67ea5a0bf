//! The producer's thread: serves acknowledgements, and replaces the client after a fatal error.

use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use super::delivery::ROLE;
use super::{Client, Shared, new_client};
use crate::KafkaError;
use crate::closing::Open;
use crate::native::Brokers;
use rdkafka::producer::{Producer as _, PurgeConfig};
use rdkafka::types::RDKafkaErrorCode;

/// An acknowledgement ends the wait at once; this is only how soon a fatal error or the end is noticed.
const LOOK_AROUND: Duration = Duration::from_millis(200);
/// What is still queued when the last handle is dropped gets this long.
const FAREWELL: Duration = Duration::from_secs(5);
/// Between attempts to make a client in place of one that failed.
const RETRY: Duration = Duration::from_millis(200);

pub(super) fn spawn(shared: Arc<Shared>, open: Open) -> Result<(), KafkaError> {
    thread::Builder::new()
        .name("kafka-producer".to_owned())
        .spawn(move || {
            run(&shared);
            // The client goes with the last of those who share it: before it is told to be closed.
            drop(shared);
            drop(open);
        })
        .map(drop)
        .map_err(KafkaError::thread("starting the producer"))
}

fn run(shared: &Shared) {
    let mut brokers = Brokers::of(&shared.config, ROLE);
    while !shared.stopping.load(Ordering::Acquire) {
        let fatal = {
            let client = shared.client();
            client.poll(LOOK_AROUND);
            brokers.look_after(client.client());
            client.client().fatal_error()
        };
        if let Some((code, reason)) = fatal {
            replace(shared, code, &reason);
            brokers = Brokers::of(&shared.config, ROLE);
        }
    }
    // No handle is left, so nothing more is sent. What the flush leaves over fails when the client is dropped.
    if shared.client().flush(FAREWELL).is_err() {
        tracing::warn!("records were still in flight when the producer was closed");
    }
}

/// Swaps the client, then fails what the old one still had.
fn replace(shared: &Shared, code: RDKafkaErrorCode, reason: &str) {
    tracing::error!(error = %code, reason, "the idempotent producer failed fatally and is replaced");
    match new_client(&shared.config, &shared.flight) {
        Ok(new) => {
            let old = mem::replace(&mut *shared.client.write().unwrap_or_else(PoisonError::into_inner), new);
            retire(old);
        }
        Err(error) => {
            tracing::error!(error = %error, "no new producer could be made");
            thread::sleep(RETRY);
        }
    }
}

fn retire(old: Client) {
    old.purge(PurgeConfig::default().queue().inflight());
    if old.flush(Duration::from_millis(500)).is_err() {
        tracing::error!("records of the failed producer were not answered");
    }
}
