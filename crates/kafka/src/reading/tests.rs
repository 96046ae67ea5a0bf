//! Positions only move forward, and partitions do not get mixed up.

use std::sync::Arc;

use super::Slots;
use crate::{Offset, PartitionId, Topic};

const ZERO: PartitionId = PartitionId(0);

fn touched(slots: &mut Slots<()>) -> Vec<(Topic, i32, i64)> {
    let mut found = Vec::new();
    slots.drain_touched(|slot| found.push((Arc::clone(&slot.topic), slot.partition.0, slot.batch().next.0)));
    found
}

#[test]
fn what_is_before_the_position_or_not_read_is_dropped() {
    let mut slots = Slots::new();
    slots.insert("a".into(), ZERO, Offset(5), ());
    slots.admit("a", ZERO, Offset(5), |_| panic!("before the position"));
    slots.admit("a", PartitionId(1), Offset(9), |_| panic!("not read"));
    slots.admit("b", ZERO, Offset(9), |_| panic!("not read"));
    assert_eq!(touched(&mut slots), []);
    let mut taken = 0;
    slots.admit("a", ZERO, Offset(6), |_| taken += 1);
    slots.admit("a", ZERO, Offset(6), |_| taken += 1);
    slots.admit("a", ZERO, Offset(9), |_| taken += 1);
    assert_eq!(taken, 2);
    assert_eq!(touched(&mut slots), [("a".into(), 0, 9)]);
    assert_eq!(touched(&mut slots), []);
}

#[test]
fn partitions_of_several_topics_come_and_go() {
    let mut slots = Slots::new();
    for topic in ["a", "b"] {
        for partition in 0..3 {
            slots.insert(topic.into(), PartitionId(partition), Offset(0), ());
        }
    }
    slots.admit("a", PartitionId(2), Offset(1), |_| {});
    slots.admit("b", PartitionId(2), Offset(2), |_| {});
    assert!(slots.remove("a", PartitionId(2)).is_some());
    assert!(slots.remove("a", PartitionId(2)).is_none());
    // In the place of the one that is gone, which was also the last one looked up.
    slots.insert("c".into(), PartitionId(7), Offset(0), ());
    slots.admit("a", PartitionId(2), Offset(5), |_| panic!("not read any more"));
    slots.admit("c", PartitionId(7), Offset(3), |_| {});
    assert_eq!(touched(&mut slots), [("b".into(), 2, 2), ("c".into(), 7, 3)]);
    assert_eq!(slots.iter_mut().count(), 6);
}
