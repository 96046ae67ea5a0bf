//! Joining and leaving, without a broker: the client is given partitions and never gets a record.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{FanOut, Join, SubscriberId, Unless};
use crate::config::FetchWait;
use crate::native::EventQueue;
use crate::reading::open_consumer;
use crate::tail::{Backlog, Command, Subscriber};
use crate::{Batch, Config, Offset, PartitionId};

const ZERO: PartitionId = PartitionId(0);

fn queue() -> EventQueue {
    open_consumer(&Config::new("127.0.0.1:1").reader(FetchWait::Tailing).unwrap(), "test").unwrap()
}

struct Joined {
    starts: Option<Vec<(PartitionId, Offset)>>,
    batches: UnboundedReceiver<(Batch, usize)>,
}

fn join(fan_out: &mut FanOut, queue: &EventQueue, id: u64, at: &[(i32, i64)], unless: Unless) -> Joined {
    let (send, batches) = unbounded_channel();
    let (answer, answered) = sync_channel(1);
    let subscriber = Subscriber { batches: send, backlog: Arc::new(Backlog::new(1_000)) };
    let at = at.iter().map(|(partition, offset)| (PartitionId(*partition), Offset(*offset))).collect();
    let join = Join { id: SubscriberId(id), subscriber, topic: "t".into(), at, unless, answer };
    fan_out.obey(queue, Command::Join(join));
    Joined { starts: answered.recv().unwrap(), batches }
}

#[test]
fn the_first_follower_sets_the_beginning_and_the_next_ones_are_told() {
    let (queue, mut fan_out) = (queue(), FanOut::new());
    let first = join(&mut fan_out, &queue, 1, &[(0, 5), (1, 7)], Unless::Never);
    assert_eq!(first.starts, Some(vec![(ZERO, Offset(5)), (PartitionId(1), Offset(7))]));
    let behind = join(&mut fan_out, &queue, 2, &[(0, 2)], Unless::Never);
    assert_eq!(behind.starts, Some(vec![(ZERO, Offset(5))]));
    let ahead = join(&mut fan_out, &queue, 3, &[(0, 9)], Unless::Never);
    assert_eq!(ahead.starts, Some(vec![(ZERO, Offset(5))]));
}

#[test]
fn a_join_on_the_condition_that_all_is_at_hand_takes_nothing_on() {
    let (queue, mut fan_out) = (queue(), FanOut::new());
    assert_eq!(join(&mut fan_out, &queue, 1, &[(0, 5)], Unless::Distant).starts, None);
    let _first = join(&mut fan_out, &queue, 2, &[(0, 5)], Unless::Never);
    assert_eq!(join(&mut fan_out, &queue, 3, &[(0, 4)], Unless::Distant).starts, None);
    assert_eq!(join(&mut fan_out, &queue, 4, &[(0, 6)], Unless::Distant).starts, None);
    assert_eq!(join(&mut fan_out, &queue, 5, &[(0, 5), (1, 5)], Unless::Distant).starts, None);
    assert!(join(&mut fan_out, &queue, 6, &[(0, 5)], Unless::Distant).starts.is_some());
}

#[test]
fn a_partition_that_fails_lets_go_of_its_followers_and_of_nobody_else() {
    let (queue, mut fan_out) = (queue(), FanOut::new());
    let mut hit = join(&mut fan_out, &queue, 1, &[(0, 5), (1, 5)], Unless::Never);
    let mut spared = join(&mut fan_out, &queue, 2, &[(1, 5)], Unless::Never);
    fan_out.drop_partition(&queue, "t", ZERO);
    assert!(hit.batches.blocking_recv().is_none());
    assert!(spared.batches.try_recv().is_err_and(|error| error == tokio::sync::mpsc::error::TryRecvError::Empty));
    // It can be taken on again, from elsewhere.
    let again = join(&mut fan_out, &queue, 3, &[(0, 8)], Unless::Never);
    assert_eq!(again.starts, Some(vec![(ZERO, Offset(8))]));
}

#[test]
fn one_that_leaves_is_forgotten_and_its_partition_lingers() {
    let (queue, mut fan_out) = (queue(), FanOut::new());
    let _left = join(&mut fan_out, &queue, 1, &[(0, 5)], Unless::Never);
    fan_out.obey(&queue, Command::Leave(SubscriberId(1)));
    fan_out.obey(&queue, Command::Leave(SubscriberId(1)));
    assert!(fan_out.subscribers.is_empty());
    fan_out.sweep(&queue);
    assert!(join(&mut fan_out, &queue, 2, &[(0, 5)], Unless::Distant).starts.is_some());
}

#[test]
fn a_backlog_is_bounded_but_takes_one_that_is_larger_than_it() {
    let backlog = Backlog::new(100);
    assert!(backlog.take(500));
    assert!(!backlog.take(1));
    backlog.give_back(500);
    assert!(backlog.take(60) && backlog.take(40) && !backlog.take(1));
}
