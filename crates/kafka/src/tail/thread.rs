//! The tail's thread: one consumer, never paused, never blocked by a subscriber.

use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::Command;
use super::fan_out::FanOut;
use crate::KafkaError;
use crate::closing::Open;
use crate::context::client_error;
use crate::native::{Event, EventQueue};

/// A record or a command ends the wait at once; this is only how often partitions without followers are looked for.
const LOOK_AROUND: Duration = Duration::from_secs(1);

pub(super) fn spawn(queue: EventQueue, commands: Receiver<Command>, open: Open) -> Result<(), KafkaError> {
    std::thread::Builder::new()
        .name("kafka-tail".to_owned())
        .spawn(move || {
            run(&queue, &commands);
            drop(queue);
            drop(open);
        })
        .map(drop)
        .map_err(KafkaError::thread("starting the tail"))
}

fn run(queue: &EventQueue, commands: &Receiver<Command>) {
    let mut fan_out = FanOut::new();
    let mut swept = Instant::now();
    loop {
        queue.waker().awake();
        loop {
            match commands.try_recv() {
                Ok(command) => fan_out.obey(queue, command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        let event = fan_out.fetch(queue, LOOK_AROUND);
        match event {
            Event::PartitionError(place, code) => {
                tracing::warn!(
                    kafka.topic = %place.topic, kafka.partition = place.partition.0, error = %code,
                    "tailing stopped, followers look for themselves"
                );
                fan_out.drop_partition(queue, &place.topic, place.partition);
            }
            Event::ClientError { code, fatal: true, reason } => {
                tracing::error!(error = %code, reason, "the tail's client failed fatally");
                return;
            }
            Event::ClientError { code, fatal: false, reason } => {
                client_error("tail", Some(code), &reason);
            }
            Event::Quiet
            | Event::Record(_)
            | Event::PartitionEnd(..)
            | Event::Assign(_)
            | Event::Revoke(_)
            | Event::Committed { .. } => {}
        }
        if swept.elapsed() >= LOOK_AROUND {
            fan_out.sweep(queue);
            swept = Instant::now();
        }
    }
}
