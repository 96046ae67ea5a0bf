//! A dead letter: a command that could not be read or decided, under its coordinates, with the reason.
//! It must be smaller than a record may be, whatever the command is: a letter that is refused holds the inbox for ever.

use crate::record::header;
use crate::runtime::topics::MAX_RECORD_BYTES;
use crate::{Coordinates, PartitionId, Topic};
use bytes::Bytes;
use tillroll_kafka::{NewRecord, Record};

/// Headers of the command that its letter keeps.
const KEPT: [&str; 7] =
    [header::ID, header::TYPE, header::SUBJECT, header::SOURCE, header::FLOOR, header::CORRELATION, header::CAUSATION];
/// What a batch adds to a record.
const BATCH_BYTES: usize = 1024;

/// The letter of a command. One that would be too large says so and leaves out all that the command itself holds.
pub(super) fn letter(topic: Topic, command: &Record, reason: &str) -> NewRecord {
    let whole = whole(topic, command, reason);
    let bytes = whole.size();
    if bytes <= MAX_RECORD_BYTES - BATCH_BYTES {
        return whole;
    }
    let left_out = Bytes::from(format!("{bytes} bytes: read the command at its place"));
    let reason = ("reason", Bytes::copy_from_slice(reason.as_bytes()));
    NewRecord { headers: vec![reason, ("left-out", left_out)], value: None, ..whole }
}

fn whole(topic: Topic, command: &Record, reason: &str) -> NewRecord {
    let mut headers: Vec<(&'static str, Bytes)> =
        KEPT.iter().filter_map(|name| Some((*name, command.headers.get_bytes(name)?))).collect();
    headers.push(("reason", Bytes::copy_from_slice(reason.as_bytes())));
    headers.push(("original-key", command.key.clone().unwrap_or_default()));
    let key = Some(Bytes::from(Coordinates::of(command).to_string()));
    NewRecord { topic, partition: PartitionId(0), key, headers, value: command.value.clone() }
}

#[cfg(test)]
mod tests;
