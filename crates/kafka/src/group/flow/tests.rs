//! A full channel loses nothing, keeps the order, and is noticed when it drains.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::{BATCHES, Flow, PartitionRecords};
use crate::group::{Command, Line};
use crate::native::Waker;
use crate::record::tests::batch;
use crate::{KafkaError, Offset, PartitionId, ReadError};

fn flow() -> (Flow, PartitionRecords, Receiver<Command>) {
    let (commands, received) = channel();
    let line = Line { commands, waker: Waker::of_nobody() };
    let (flow, records) = Flow::open(&line, &"t".into(), PartitionId(0));
    (flow, records, received)
}

fn drained(commands: &Receiver<Command>) -> bool {
    commands.try_iter().any(|command| matches!(command, Command::Drained(..)))
}

#[tokio::test]
async fn what_does_not_fit_waits_and_comes_in_order() {
    let (mut flow, mut records, commands) = flow();
    let all = BATCHES as i64 + 3;
    for offset in 0..all {
        flow.offer(Ok(batch(offset..offset + 1, offset + 1)));
    }
    assert!(!flow.wants_records());
    let mut wanted = 0;
    while wanted < all {
        let batch = records.next().await.unwrap().unwrap();
        for record in &batch.records {
            assert_eq!(record.offset, Offset(wanted));
            wanted += 1;
        }
        assert_eq!(batch.next, Offset(wanted));
        if drained(&commands) {
            flow.drain();
        }
    }
    assert!(flow.wants_records());
}

#[tokio::test]
async fn the_owner_says_once_that_there_is_room_again() {
    let (mut flow, mut records, commands) = flow();
    for offset in 0..BATCHES as i64 + 1 {
        flow.offer(Ok(batch(offset..offset + 1, offset + 1)));
    }
    records.next().await;
    assert!(drained(&commands));
    records.next().await;
    assert!(!drained(&commands), "once is enough");
    flow.drain();
    assert!(flow.wants_records());
}

#[tokio::test]
async fn an_error_comes_after_what_was_read_before_it() {
    let (mut flow, mut records, commands) = flow();
    for offset in 0..BATCHES as i64 + 1 {
        flow.offer(Ok(batch(offset..offset + 1, offset + 1)));
    }
    let source = KafkaError::Closed { doing: "testing" };
    flow.offer(Err(ReadError::Fatal { topic: "t".into(), source }));
    for _ in 0..=BATCHES {
        assert!(records.next().await.unwrap().is_ok());
        if drained(&commands) {
            flow.drain();
        }
    }
    assert!(records.next().await.unwrap().is_err());
}

#[tokio::test]
async fn a_new_position_drops_what_waited() {
    let (mut flow, mut records, _commands) = flow();
    for offset in 0..BATCHES as i64 + 5 {
        flow.offer(Ok(batch(offset..offset + 1, offset + 1)));
    }
    flow.restart(Offset(40));
    assert_eq!((flow.seek, flow.reading, flow.wants_records()), (Some(Offset(40)), true, true));
    for _ in 0..BATCHES {
        records.next().await.unwrap().unwrap();
    }
    let waits = Arc::new(records);
    assert!(waits.items.is_empty());
}
